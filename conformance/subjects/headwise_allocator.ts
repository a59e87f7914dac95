/** This project's allocator behind the command interface. */
import {
  AllocatorError,
  availability,
  beginStep,
  type CacheAllocator,
  canAdmit,
  checkActiveSlot,
  checkHeldStretch,
  completeStep,
  condenseSlots,
  type HeadMap,
  HeadMapError,
  IdSpaceError,
  listActiveSlots,
  PageError,
  type PageOutcome,
  putPage,
  QUARANTINED_PAGE,
  recycle,
  reorderSlots,
  shardHeads,
  type Slot,
  StepError,
  type StepId,
  swapSlots,
  TableError,
  TensorParallelError,
  toPageKey,
  toSlot,
  validateTable,
} from "../../allocator/mod.ts";
import {
  type AllocatorSnapshot,
  type AllocatorSubject,
  type Capability,
  NAMED_CAPABILITIES,
  type PageReply,
  type Reply,
  type SharedReply,
  type TableDump,
  type TableFault,
} from "../subject.ts";
import {
  admitRequest,
  admitShared,
  cachePrefix,
  createFromSpec,
  extendRequest,
  type Held,
  releaseRequest,
} from "./held_allocator.ts";

/** What {@linkcode createHeadwiseAllocator} can do: all that allocators are asked for. */
export const HEADWISE_ALLOCATOR_CAPABILITIES: readonly Capability[] =
  (Object.keys(NAMED_CAPABILITIES) as Capability[])
    .filter((name) => name === "validator" || name.startsWith("allocator."));

const REFUSALS = [
  AllocatorError,
  HeadMapError,
  IdSpaceError,
  PageError,
  StepError,
  TableError,
  TensorParallelError,
];

/**
 * Puts this project's allocator behind the command interface.
 *
 * @returns A subject; it has no allocator before `create`.
 */
export function createHeadwiseAllocator(): AllocatorSubject {
  let current: Held | null = null;
  const held = (): Held => {
    if (current === null) {
      throw new Error("Cannot run a command: there is no allocator; send create first");
    }
    return current;
  };
  const allocator = (): CacheAllocator => held().allocator;
  const slotOf = (slot: number): Slot => toSlot(slot, { limit: allocator().options.slots });
  return {
    create: (spec) => carryOut(() => current = createFromSpec(spec)),
    admit: (o) => attemptPages(() => admitRequest(held(), { ...o, slot: slotOf(o.slot) })),
    extend: (o) => attemptPages(() => extendRequest(held(), slotOf(o.slot), o)),
    recycle: (o) => attempt(() => recycle(allocator(), slotOf(o.slot), o)),
    release: (o) => attempt(() => releaseRequest(held(), { ...o, slot: slotOf(o.slot) })),
    swap: (o) => carryOut(() => swapSlots(allocator(), slotOf(o.first), slotOf(o.second))),
    condense: (o) => attempt(() => condense(allocator(), o.active)),
    reorder: (o) => carryOut(() => reorderSlots(allocator(), o.permutation)),
    beginStep: () =>
      attempt(() => {
        held().workerTable.set(allocator().table.ids);
        return beginStep(allocator());
      }),
    // A transfer keeps what is freed beside it as a step does, until it has ended.
    beginTransfer: (o) =>
      attempt(() => {
        checkActiveSlot(allocator(), slotOf(o.slot));
        return beginStep(allocator());
      }),
    endTransfer: (o) => carryOut(() => completeStep(allocator(), o.transfer as StepId)),
    cachePrefix: (o) => attempt(() => cachePrefix(held(), slotOf(o.slot), o)),
    admitShared: (o) => attemptShared(() => admitShared(held(), slotOf(o.slot), o)),
    completeStep: (o) => carryOut(() => completeStep(allocator(), o.step as StepId)),
    returnPages: (o) => carryOut(() => returnPages(allocator(), o)),
    canAdmit: (o) => attempt(() => canAdmit(allocator(), o)),
    snapshot: () => Promise.resolve(takeSnapshot(held())),
    shard: (o) =>
      attempt(() => {
        const { kvHeads, queryHeads } = shardHeads({ ...o, tensorParallel: o.ranks });
        return { kvHeads, queryHeads };
      }),
    validate: (o) => Promise.resolve(validate(o)),
  };
}

function condense(allocator: CacheAllocator, active: readonly boolean[]): Int32Array {
  const { slots } = allocator.options;
  const listed = new Int32Array(slots);
  listActiveSlots(allocator, listed);
  const expected = active.flatMap((flag, slot) => flag ? [slot] : []).join();
  const known = listed.filter((slot) => slot >= 0).join();
  if (expected !== known) {
    throw new AllocatorError(
      "slot/order",
      { expected, known },
      `Cannot condense the slots "${expected}": the active ones are "${known}"`,
    );
  }
  const moves = new Int32Array(2 * slots);
  const count = condenseSlots(allocator, { moves });
  const order = Int32Array.from({ length: slots }, (_, slot) => slot);
  for (let move = 0; move < count; move++) {
    const from = moves[2 * move] ?? 0;
    const to = moves[2 * move + 1] ?? 0;
    [order[from], order[to]] = [order[to] ?? 0, order[from] ?? 0];
  }
  return order;
}

function returnPages(allocator: CacheAllocator, o: { pool: number; ids: Int32Array }): void {
  const { pools } = allocator.state;
  const base = o.pool * pools.pagesPerPool;
  const owner = pools.owners[base + (o.ids[0] ?? 0)] ?? QUARANTINED_PAGE;
  checkHeldStretch(pools, o.ids, o.pool, owner, 0, o.ids.length);
  for (const id of o.ids) {
    putPage(pools, toPageKey(pools.pagesPerPool, o.pool, id));
  }
}

function takeSnapshot({ allocator, workerTable }: Held): AllocatorSnapshot {
  const { table, draftTable, state } = allocator;
  const { pools, pagesPerPool, owners, freeCounts } = state.pools;
  const waitingPages = new Int32Array(pools);
  for (let key = 0; key < owners.length; key++) {
    if (owners[key] === QUARANTINED_PAGE) waitingPages[Math.floor(key / pagesPerPool)]!++;
  }
  return {
    layout: table.layout,
    layerGroups: table.layerGroups,
    slots: table.slots,
    kvHeads: table.kvHeads,
    columns: table.columns,
    table: table.ids.slice(),
    draftTable: draftTable?.ids.slice() ?? null,
    workerTable: workerTable.slice(),
    freePages: freeCounts.slice(),
    waitingPages,
    lengthsTokens: state.lengthsTokens.slice(),
    availability: availability(allocator),
  };
}

function validate(o: TableDump): TableFault[] {
  if (!(o.headWindows instanceof Int32Array)) return [{ clause: "dtype/int32" }];
  const windowTokens = Math.max(0, ...o.headWindows);
  const kinds = Array.from(o.headWindows, (window) => window > 0 ? "window" : "full");
  const violations = validateTable({
    table: {
      layout: o.layout,
      layerGroups: 1,
      slots: o.slots,
      kvHeads: o.headWindows.length,
      columns: o.columns,
      ids: o.table,
    },
    pagesPerHead: o.pagesPerHead,
    pageSizeTokens: o.pageSizeTokens,
    heads: {
      kvHeads: o.headWindows.length,
      windowTokens,
      sinkTokens: o.sinkTokens,
      groups: [{ layers: [0], kinds }],
    } as HeadMap,
    headWindows: [o.headWindows],
    lengthsTokens: o.lengthsTokens,
    uniformColumns: o.uniformColumns,
  });
  return violations.map(({ message: _, ...fault }) => fault);
}

/** A command without an answer of its own. */
function carryOut(command: () => void): Promise<Reply<null>> {
  return attempt(() => {
    command();
    return null;
  });
}

function attempt<T>(command: () => T): Promise<Reply<T>> {
  return Promise.resolve().then((): Reply<T> => ({ kind: "ok", value: command() })).catch(refuse);
}

async function attemptPages(command: () => PageOutcome): Promise<PageReply> {
  const reply = await attempt(command);
  return reply.kind === "refused" ? reply : toPageReply(reply.value);
}

async function attemptShared(
  command: () => { readonly outcome: PageOutcome; readonly hitTokens: number },
): Promise<SharedReply> {
  const reply = await attempt(command);
  if (reply.kind === "refused") return reply;
  const { outcome, hitTokens } = reply.value;
  const pages = toPageReply(outcome);
  return pages.kind === "allocated" ? { ...pages, hitTokens } : pages;
}

function toPageReply(outcome: PageOutcome): PageReply {
  switch (outcome.kind) {
    case "allocated":
      return { kind: "allocated" };
    case "shortage": {
      const { need, free, capacity } = outcome.shortage;
      return { kind: "shortage", need, free, capacity };
    }
    case "refused": {
      const message = `Cannot hold ${outcome.lengthTokens} of ${outcome.limitTokens} tokens`;
      return { kind: "refused", code: outcome.reason, message };
    }
    default:
      return outcome satisfies never;
  }
}

function refuse(error: unknown): { kind: "refused"; code: string; message: string } {
  if (error instanceof Error && REFUSALS.some((kind) => error instanceof kind)) {
    const code = "code" in error ? String(error.code) : error.name;
    return { kind: "refused", code, message: error.message };
  }
  throw error;
}
