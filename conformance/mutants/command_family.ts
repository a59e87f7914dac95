/** Allocators that carry out what they have to refuse, command by command. */
import type { PageReply, Reply } from "../subject.ts";
import { type Mutant, mutateAllocator } from "./mutant.ts";

type Method =
  | "admit"
  | "extend"
  | "release"
  | "recycle"
  | "swap"
  | "reorder"
  | "condense"
  | "completeStep"
  | "returnPages";

/** Slots of the allocator that the cases make. */
const SLOTS = 6;

/** Fields of the commands. */
interface Fields {
  readonly slot: number;
  readonly lengthTokens: number;
  readonly nextPositionTokens: number;
  readonly first: number;
  readonly second: number;
  readonly permutation: Int32Array;
  readonly active: readonly boolean[];
}

/** Commands that cannot be, by clause and method, and how each is told from good ones. */
const COMMANDS: Readonly<Record<string, readonly [string, Method, (o: Fields) => boolean]>> = {
  "admit_into_live_slot": ["abort/exact", "admit", ({ slot }) => slot === 1],
  "admit_into_last_live_slot": ["abort/exact", "admit", ({ slot }) => slot === 4],
  "admit_slot_negative": ["pool/conservation", "admit", ({ slot }) => slot < 0],
  "admit_slot_past_end": ["pool/conservation", "admit", ({ slot }) => slot >= SLOTS],
  "admit_slot_fraction": ["pool/conservation", "admit", ({ slot }) => !Number.isInteger(slot)],
  "admit_nothing": ["pool/extend", "admit", (o) => o.lengthTokens === 0],
  "admit_length_negative": ["pool/extend", "admit", (o) => o.lengthTokens < 0],
  "admit_length_fraction": ["pool/extend", "admit", (o) => !Number.isInteger(o.lengthTokens)],
  "extend_empty_slot": ["abort/exact", "extend", ({ slot }) => slot === 3],
  "extend_slot_past_end": ["pool/conservation", "extend", ({ slot }) => slot > SLOTS],
  "extend_length_negative": ["pool/extend", "extend", (o) => o.lengthTokens < 0],
  "release_slot_negative": ["pool/conservation", "release", ({ slot }) => slot < 0],
  "release_slot_past_end": ["pool/conservation", "release", ({ slot }) => slot >= SLOTS],
  "recycle_slot_past_end": ["recycle/window-only", "recycle", ({ slot }) => slot >= SLOTS],
  "recycle_past_length": [
    "recycle/window-only",
    "recycle",
    (o) => o.nextPositionTokens > o.lengthTokens,
  ],
  "recycle_position_negative": [
    "recycle/window-only",
    "recycle",
    (o) => o.nextPositionTokens < 0,
  ],
  "swap_slot_past_end": ["slot/swap-rows", "swap", ({ second }) => second >= SLOTS],
  "swap_slot_negative": ["slot/swap-rows", "swap", ({ first }) => first < 0],
  "reorder_twice_the_same": [
    "slot/reorder-stale",
    "reorder",
    ({ permutation }) => new Set(permutation).size < permutation.length,
  ],
  "reorder_too_short": ["slot/reorder-stale", "reorder", (o) => o.permutation.length < SLOTS],
  "reorder_too_long": ["slot/reorder-stale", "reorder", (o) => o.permutation.length > SLOTS],
  "reorder_past_end": [
    "slot/reorder-stale",
    "reorder",
    ({ permutation }) => permutation.length === SLOTS && permutation.includes(SLOTS),
  ],
  "reorder_negative": ["slot/reorder-stale", "reorder", (o) => o.permutation.includes(-1)],
  "condense_live_slot_dropped": [
    "slot/condense",
    "condense",
    ({ active }) => active.length === SLOTS && !active[4],
  ],
  "condense_empty_slot_kept": ["slot/condense", "condense", (o) => o.active[2] === true],
  "condense_too_few_flags": ["slot/condense", "condense", (o) => o.active.length < SLOTS],
  "complete_unknown_step": ["recycle/in-flight", "completeStep", () => true],
  "return_to_unknown_pool": ["pool/conservation", "returnPages", () => true],
};

export const commandMutants: readonly Mutant[] = Object.entries(COMMANDS).map(
  ([command, [clause, method, isFaulty]]) =>
    mutateAllocator({
      name: `accepts_${command}`,
      fault: `The command "${command.replaceAll("_", " ")}" is accepted without a word`,
      violates: [clause],
      killedBy: [`allocator:command:${clause.replace(/[/-]/g, "_")}:command=${command};*`],
    }, (good) => ({
      [method]: async (o: never) => {
        const reply: PageReply | Reply<unknown> = await good[method](o);
        return reply.kind === "refused" && isFaulty(o) ? accepted(method) : reply;
      },
    })),
);

function accepted(method: Method): PageReply | Reply<unknown> {
  if (method === "admit" || method === "extend") return { kind: "allocated" };
  const count = method === "release" || method === "recycle";
  const value = method === "condense"
    ? Int32Array.from({ length: SLOTS }, (_, slot) => slot)
    : count
    ? 0
    : null;
  return { kind: "ok", value };
}
