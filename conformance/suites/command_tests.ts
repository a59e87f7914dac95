/** Tests of commands that cannot be: each is refused, and leaves everything as it was. */
import { requireSameElements } from "../acceptance.ts";
import type { JudgedAllocator } from "../guard.ts";
import { Mismatch } from "../outcome.ts";
import type { Capability } from "../subject.ts";
import { grid, type TestDefinition } from "../test_definition.ts";
import { defineAllocatorTest } from "./allocator_case.ts";
import { LAYOUTS } from "./cache_spec.ts";
import { requireRefused } from "./driver.ts";

/** Slots of the allocator; 0, 1 and 4 hold requests. */
const SLOTS = 6;

/** A command that cannot be. */
interface BadCommand {
  readonly send: (allocator: JudgedAllocator) => Promise<{ readonly kind: string }>;
  readonly clause: string;
  readonly needs?: Capability;
}

const flags = (text: string): boolean[] => [...text].map((flag) => flag === "1");
const order = (...slots: number[]): Int32Array => Int32Array.from(slots);

/** Commands that cannot be, by name, for each clause that they would break. */
const BAD_COMMANDS: Readonly<Record<string, BadCommand>> = {
  ...breaking("abort/exact", {
    "admit_into_live_slot": (a) => a.admit({ slot: 1, lengthTokens: 16 }),
    "admit_into_last_live_slot": (a) => a.admit({ slot: 4, lengthTokens: 16 }),
    "extend_empty_slot": (a) => a.extend({ slot: 3, lengthTokens: 16 }),
  }),
  ...breaking("pool/conservation", {
    "admit_slot_negative": (a) => a.admit({ slot: -1, lengthTokens: 16 }),
    "admit_slot_past_end": (a) => a.admit({ slot: SLOTS, lengthTokens: 16 }),
    "admit_slot_fraction": (a) => a.admit({ slot: 2.5, lengthTokens: 16 }),
    "extend_slot_past_end": (a) => a.extend({ slot: SLOTS + 1, lengthTokens: 64 }),
    "release_slot_negative": (a) => a.release({ slot: -2 }),
    "release_slot_past_end": (a) => a.release({ slot: SLOTS }),
  }),
  ...breaking("pool/extend", {
    "admit_nothing": (a) => a.admit({ slot: 2, lengthTokens: 0 }),
    "admit_length_negative": (a) => a.admit({ slot: 2, lengthTokens: -16 }),
    "admit_length_fraction": (a) => a.admit({ slot: 2, lengthTokens: 7.5 }),
    "extend_length_negative": (a) => a.extend({ slot: 1, lengthTokens: -1 }),
  }),
  ...breaking("recycle/window-only", {
    "recycle_slot_past_end": (a) =>
      a.recycle({ slot: SLOTS, nextPositionTokens: 64, lengthTokens: 64 }),
    "recycle_past_length": (a) =>
      a.recycle({ slot: 4, nextPositionTokens: 512, lengthTokens: 160 }),
    "recycle_position_negative": (a) =>
      a.recycle({ slot: 4, nextPositionTokens: -16, lengthTokens: 160 }),
  }, "allocator.recycle"),
  ...breaking("slot/swap-rows", {
    "swap_slot_past_end": (a) => a.swap({ first: 0, second: SLOTS }),
    "swap_slot_negative": (a) => a.swap({ first: -1, second: 1 }),
  }, "allocator.moves"),
  ...breaking("slot/reorder-stale", {
    "reorder_twice_the_same": (a) => a.reorder({ permutation: order(0, 1, 1, 3, 4, 5) }),
    "reorder_too_short": (a) => a.reorder({ permutation: order(1, 0) }),
    "reorder_too_long": (a) => a.reorder({ permutation: order(5, 4, 3, 2, 1, 0, 6) }),
    "reorder_past_end": (a) => a.reorder({ permutation: order(1, 2, 3, 4, 5, 6) }),
    "reorder_negative": (a) => a.reorder({ permutation: order(0, 1, 2, 3, 4, -1) }),
  }, "allocator.moves"),
  ...breaking("slot/condense", {
    "condense_live_slot_dropped": (a) => a.condense({ active: flags("110000") }),
    "condense_empty_slot_kept": (a) => a.condense({ active: flags("111010") }),
    "condense_too_few_flags": (a) => a.condense({ active: flags("110") }),
  }, "allocator.moves"),
  ...breaking("recycle/in-flight", {
    "complete_unknown_step": (a) => a.completeStep({ step: 1_000_000 }),
  }, "allocator.fence"),
  ...breaking("pool/conservation", {
    "return_to_unknown_pool": (a) => a.returnPages({ pool: 10_000, ids: order(0) }),
  }, "allocator.return_pages"),
};

function breaking(
  clause: string,
  commands: Readonly<Record<string, BadCommand["send"]>>,
  needs?: Capability,
): Record<string, BadCommand> {
  const facts = { clause, ...(needs !== undefined && { needs }) };
  return Object.fromEntries(
    Object.entries(commands).map(([name, send]) => [name, { ...facts, send }]),
  );
}

/** Tests of commands that cannot be, one per clause: a case judges what its command would break. */
export const commandTests: readonly TestDefinition[] = [
  ...new Set(Object.values(BAD_COMMANDS).map(({ clause }) => clause)),
].map((clause) =>
  defineAllocatorTest({
    id: `allocator:command:${clause.replace(/[/-]/g, "_")}`,
    clauses: [clause],
    description: "A command that cannot be is refused, and changes nothing",
    needs: ({ command }) => [BAD_COMMANDS[command]!.needs ?? false],
    cases: grid({
      layout: LAYOUTS,
      command: Object.keys(BAD_COMMANDS).filter((name) => BAD_COMMANDS[name]!.clause === clause),
    }),
    spec: (_, { allocator }) => ({
      slots: SLOTS,
      recycle: allocator.claims.has("allocator.recycle"),
    }),
    run: async (driver, { command }) => {
      const { send, needs } = BAD_COMMANDS[command]!;
      const { recycleMoment } = driver.allocator.policies;
      if (needs === "allocator.recycle" && recycleMoment === "in-extend") return;
      for (const [slot, length] of [[0, 40], [1, 32], [4, 160]] as const) {
        await driver.grow(slot, length);
      }
      const before = await driver.checkState();
      const reply = await send(driver.allocator);
      if (reply.kind === "shortage") throw new Mismatch("Expected a refusal, found a shortage");
      requireRefused(command, reply);
      const after = await driver.checkState();
      requireSameElements("table", after.table, before.table);
      // What was there continues as if nothing had been asked.
      await driver.grow(1, 100);
      await driver.grow(2, 20);
    },
  })
);
