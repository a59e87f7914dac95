/** Replays a recorded decode step over whatever the allocator's tables hold at the moment. */
import {
  type AttentionProblem,
  type AttentionShape,
  randomProblem,
  STORAGE_FORMATS,
} from "../../kernel/mod.ts";
import { requireSameElements } from "../acceptance.ts";
import type { AllocatorSnapshot, KernelSubject } from "../subject.ts";
import { slotOf } from "../suites/cache_model.ts";
import { type Driver, requireOk } from "../suites/driver.ts";
import { attend, judgeReply, recordStep } from "../suites/kernel_case.ts";

const HEAD_SIZE = 64;

/** A recorded step. */
export interface TableReplay {
  /** Replays it over the tables and lengths of now, and compares it with a fresh run and the oracle. */
  readonly run: () => Promise<void>;
  /** Forgets it. */
  readonly release: () => Promise<void>;
}

/** Prepares a step of one token per slot; it is recorded when it is first run. */
export function createTableReplay(
  kernel: KernelSubject,
  driver: Driver,
  seed: number,
): TableReplay {
  const shape = shapeOf(driver);
  const { keys, values, query } = randomProblem({
    seed,
    shape,
    queryLengths: Array.from({ length: shape.batch }, () => 1),
    cachedLengths: Array.from({ length: shape.batch }, () => 0),
  });
  const cache = { keys, values };
  let recorded: number | null = null;
  return {
    run: async () => {
      const problem = problemNow(driver, await driver.checkState(), { shape, query, cache });
      recorded ??= await recordStep(kernel, problem);
      const replayed = requireOk("replay", await kernel.replay(recorded, problem));
      const fresh = await attend(kernel, problem);
      requireSameElements("replayed output", replayed.output, fresh.output);
      judgeReply(problem, fresh);
    },
    release: async () => {
      if (recorded !== null) await kernel.releaseCapture(recorded);
    },
  };
}

function shapeOf(driver: Driver): AttentionShape {
  const { spec, kinds } = driver.model;
  return {
    batch: spec.slots,
    queryHeads: spec.queryHeads,
    kvHeads: spec.kvHeads,
    headSize: HEAD_SIZE,
    pageSizeTokens: spec.pageSizeTokens,
    pages: spec.pagesPerHead,
    poolPages: spec.pagesPerHead * spec.kvHeads * kinds.length,
    columns: driver.columns,
    layout: spec.layout,
    storage: "bf16",
  };
}

/** The next token of every request that has a page for it; NaN wherever no row points. */
function problemNow(
  driver: Driver,
  snapshot: AllocatorSnapshot,
  o: {
    readonly shape: AttentionShape;
    readonly query: Uint16Array;
    readonly cache: Pick<AttentionProblem, "keys" | "values">;
  },
): AttentionProblem {
  const { shape } = o;
  const { spec, kinds } = driver.model;
  const { batch } = shape;
  const table = snapshot.table.slice(0, snapshot.table.length / snapshot.layerGroups);
  // A recorded step has a token in every slot; one without room for its next token asks at 0.
  const cachedLengths = Int32Array.from({ length: batch }, (_, slot) => {
    const { lengthTokens, pages } = slotOf(driver.model, slot);
    return lengthTokens < pages * shape.pageSizeTokens ? lengthTokens : 0;
  });
  return {
    shape,
    query: o.query,
    keys: poisonUnnamed(o.cache.keys, { table, shape }),
    values: poisonUnnamed(o.cache.values, { table, shape }),
    table,
    queryStarts: Int32Array.from({ length: batch + 1 }, (_, slot) => slot),
    cachedLengths,
    headWindows: Int32Array.from(
      kinds[0] ?? [],
      (kind) => kind === "window" ? spec.windowTokens : 0,
    ),
    sinkTokens: spec.sinkTokens,
  };
}

function poisonUnnamed(
  bits: Uint16Array,
  o: { readonly table: Int32Array; readonly shape: AttentionShape },
): Uint16Array {
  const { layout, kvHeads, columns, pageSizeTokens, storage } = o.shape;
  const heads = layout === "uniform" ? kvHeads : 1;
  const pageElements = heads * pageSizeTokens * HEAD_SIZE;
  const poisoned = new Uint16Array(bits.length).fill(STORAGE_FORMATS[storage].quietNan);
  for (const [index, id] of o.table.entries()) {
    if (id < 0) continue;
    const head = Math.floor(index / columns) % kvHeads;
    const page = layout === "headwise" ? id * kvHeads + head : id;
    poisoned.set(
      bits.subarray(page * pageElements, (page + 1) * pageElements),
      page * pageElements,
    );
  }
  return poisoned;
}
