/** Tests of commands that cannot be: each is refused, and leaves everything as it was. */
import type { Layout } from "../../allocator/mod.ts";
import { requireSameElements } from "../acceptance.ts";
import { Mismatch, PASS } from "../outcome.ts";
import type { JudgedAllocator } from "../guard.ts";
import type { Capability } from "../subject.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { layoutCapability, LAYOUTS } from "./cache_spec.ts";
import { checkState, createDriver, grow, requireRefused } from "./driver.ts";

/** Slots of the allocator; 0, 1 and 4 hold requests. */
const SLOTS = 6;

/** A command that cannot be. */
interface BadCommand {
  readonly send: (allocator: JudgedAllocator) => Promise<{ readonly kind: string }>;
  /** Clause that it would break. */
  readonly clause: string;
  readonly needs?: Capability;
}

const flags = (text: string): boolean[] => [...text].map((flag) => flag === "1");
const order = (...slots: number[]): Int32Array => Int32Array.from(slots);

/** Commands by name, each with what is wrong. */
const BAD_COMMANDS: Readonly<Record<string, BadCommand>> = {
  "admit_into_live_slot": slotCommand("abort/exact", (a) => a.admit({ slot: 1, lengthTokens: 16 })),
  "admit_into_last_live_slot": slotCommand(
    "abort/exact",
    (a) => a.admit({ slot: 4, lengthTokens: 16 }),
  ),
  "admit_slot_negative": slotCommand(
    "pool/conservation",
    (a) => a.admit({ slot: -1, lengthTokens: 16 }),
  ),
  "admit_slot_past_end": slotCommand(
    "pool/conservation",
    (a) => a.admit({ slot: SLOTS, lengthTokens: 16 }),
  ),
  "admit_slot_fraction": slotCommand(
    "pool/conservation",
    (a) => a.admit({ slot: 2.5, lengthTokens: 16 }),
  ),
  "admit_nothing": slotCommand("pool/extend", (a) => a.admit({ slot: 2, lengthTokens: 0 })),
  "admit_length_negative": slotCommand(
    "pool/extend",
    (a) => a.admit({ slot: 2, lengthTokens: -16 }),
  ),
  "admit_length_fraction": slotCommand(
    "pool/extend",
    (a) => a.admit({ slot: 2, lengthTokens: 7.5 }),
  ),
  "extend_empty_slot": slotCommand("abort/exact", (a) => a.extend({ slot: 3, lengthTokens: 16 })),
  "extend_slot_past_end": slotCommand(
    "pool/conservation",
    (a) => a.extend({ slot: SLOTS + 1, lengthTokens: 64 }),
  ),
  "extend_length_negative": slotCommand(
    "pool/extend",
    (a) => a.extend({ slot: 1, lengthTokens: -1 }),
  ),
  "release_slot_negative": slotCommand("pool/conservation", (a) => a.release({ slot: -2 })),
  "release_slot_past_end": slotCommand("pool/conservation", (a) => a.release({ slot: SLOTS })),
  "recycle_slot_past_end": {
    clause: "recycle/window-only",
    needs: "allocator.recycle",
    send: (a) => a.recycle({ slot: SLOTS, nextPositionTokens: 64, lengthTokens: 64 }),
  },
  "recycle_past_length": {
    clause: "recycle/window-only",
    needs: "allocator.recycle",
    send: (a) => a.recycle({ slot: 4, nextPositionTokens: 512, lengthTokens: 160 }),
  },
  "recycle_position_negative": {
    clause: "recycle/window-only",
    needs: "allocator.recycle",
    send: (a) => a.recycle({ slot: 4, nextPositionTokens: -16, lengthTokens: 160 }),
  },
  "swap_slot_past_end": moveCommand("slot/swap-rows", (a) => a.swap({ first: 0, second: SLOTS })),
  "swap_slot_negative": moveCommand("slot/swap-rows", (a) => a.swap({ first: -1, second: 1 })),
  "reorder_twice_the_same": moveCommand(
    "slot/reorder-stale",
    (a) => a.reorder({ permutation: order(0, 1, 1, 3, 4, 5) }),
  ),
  "reorder_too_short": moveCommand(
    "slot/reorder-stale",
    (a) => a.reorder({ permutation: order(1, 0) }),
  ),
  "reorder_too_long": moveCommand(
    "slot/reorder-stale",
    (a) => a.reorder({ permutation: order(5, 4, 3, 2, 1, 0, 6) }),
  ),
  "reorder_past_end": moveCommand(
    "slot/reorder-stale",
    (a) => a.reorder({ permutation: order(1, 2, 3, 4, 5, 6) }),
  ),
  "reorder_negative": moveCommand(
    "slot/reorder-stale",
    (a) => a.reorder({ permutation: order(0, 1, 2, 3, 4, -1) }),
  ),
  "condense_live_slot_dropped": moveCommand(
    "slot/condense",
    (a) => a.condense({ active: flags("110000") }),
  ),
  "condense_empty_slot_kept": moveCommand(
    "slot/condense",
    (a) => a.condense({ active: flags("111010") }),
  ),
  "condense_too_few_flags": moveCommand(
    "slot/condense",
    (a) => a.condense({ active: flags("110") }),
  ),
  "complete_unknown_step": {
    clause: "recycle/in-flight",
    needs: "allocator.fence",
    send: (a) => a.completeStep({ step: 1_000_000 }),
  },
  "return_to_unknown_pool": {
    clause: "pool/conservation",
    needs: "allocator.return_pages",
    send: (a) => a.returnPages({ pool: 10_000, ids: order(0) }),
  },
};

function slotCommand(clause: string, send: BadCommand["send"]): BadCommand {
  return { clause, send };
}

function moveCommand(clause: string, send: BadCommand["send"]): BadCommand {
  return { clause, send, needs: "allocator.moves" };
}

/** One test per clause, so that a case judges the clause that its command would break. */
const tests = [...new Set(Object.values(BAD_COMMANDS).map(({ clause }) => clause))].map((clause) =>
  defineTest({
    id: `allocator:command:${clause.replace(/[/-]/g, "_")}`,
    clauses: [clause],
    description: "A command that cannot be is refused, and changes nothing",
    needs: ({ layout, command }) => {
      const { needs } = BAD_COMMANDS[command]!;
      return [layoutCapability(layout), ...(needs === undefined ? [] : [needs])];
    },
    cases: grid({
      layout: LAYOUTS,
      command: Object.keys(BAD_COMMANDS).filter((name) => BAD_COMMANDS[name]!.clause === clause),
    }),
    run: ({ allocator, params: { layout, command } }) => judge(allocator, layout, command),
  })
);

async function judge(
  allocator: JudgedAllocator,
  layout: Layout,
  name: string,
): Promise<typeof PASS> {
  const { send, needs } = BAD_COMMANDS[name]!;
  if (needs === "allocator.recycle" && allocator.policies.recycleMoment === "in-extend") {
    return PASS;
  }
  const driver = await createDriver(allocator, {
    layout,
    slots: SLOTS,
    recycle: allocator.claims.has("allocator.recycle"),
  });
  for (const [slot, length] of [[0, 40], [1, 32], [4, 160]] as const) {
    await grow(driver, slot, length);
  }
  const before = await checkState(driver);
  const reply = await send(allocator);
  if (reply.kind === "shortage") throw new Mismatch(`Expected a refusal, found a shortage`);
  requireRefused(name, reply);
  const after = await checkState(driver);
  requireSameElements("table", after.table, before.table);
  // What was there continues as if nothing had been asked.
  await grow(driver, 1, 100);
  await grow(driver, 2, 20);
  return PASS;
}

/** Tests of commands that cannot be. */
export const commandTests: readonly TestDefinition[] = tests;
