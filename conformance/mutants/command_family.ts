/** Allocators that carry out what they have to refuse, command by command. */
import type { AllocatorSubject, PageReply, Reply } from "../subject.ts";
import { allocatorFamily, type FamilyMember } from "./family.ts";
import type { Mutant } from "./mutant.ts";

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

interface CommandMember extends FamilyMember {
  readonly clause: string;
  readonly method: Method;
  /** Whether this is the faulty command; the other ones are refused as they should be. */
  readonly when: (o: never) => boolean;
}

const slotOf = (o: { slot: number }): number => o.slot;
const lengthOf = (o: { lengthTokens: number }): number => o.lengthTokens;
const order = ({ permutation }: { permutation: Int32Array }): number[] => [...permutation];

function bad<O>(
  command: string,
  clause: string,
  method: Method,
  when: (o: O) => boolean,
): CommandMember {
  return {
    label: command,
    clause,
    method,
    when: when as (o: never) => boolean,
    fault: `The command "${command.replaceAll("_", " ")}" is accepted without a word`,
    killedBy: [`allocator:command:${clause.replace(/[/-]/g, "_")}:command=${command};*`],
  };
}

/** Slots of the allocator that the cases make. */
const SLOTS = 6;

const COMMANDS: readonly CommandMember[] = [
  bad("admit_into_live_slot", "abort/exact", "admit", (o: { slot: number }) => slotOf(o) === 1),
  bad(
    "admit_into_last_live_slot",
    "abort/exact",
    "admit",
    (o: { slot: number }) => slotOf(o) === 4,
  ),
  bad("admit_slot_negative", "pool/conservation", "admit", (o: { slot: number }) => slotOf(o) < 0),
  bad(
    "admit_slot_past_end",
    "pool/conservation",
    "admit",
    (o: { slot: number }) => slotOf(o) >= SLOTS,
  ),
  bad(
    "admit_slot_fraction",
    "pool/conservation",
    "admit",
    (o: { slot: number }) => !Number.isInteger(slotOf(o)),
  ),
  bad("admit_nothing", "pool/extend", "admit", (o: { lengthTokens: number }) => lengthOf(o) === 0),
  bad(
    "admit_length_negative",
    "pool/extend",
    "admit",
    (o: { lengthTokens: number }) => lengthOf(o) < 0,
  ),
  bad(
    "admit_length_fraction",
    "pool/extend",
    "admit",
    (o: { lengthTokens: number }) => !Number.isInteger(lengthOf(o)),
  ),
  bad("extend_empty_slot", "abort/exact", "extend", (o: { slot: number }) => slotOf(o) === 3),
  bad(
    "extend_slot_past_end",
    "pool/conservation",
    "extend",
    (o: { slot: number }) => slotOf(o) > SLOTS,
  ),
  bad(
    "extend_length_negative",
    "pool/extend",
    "extend",
    (o: { lengthTokens: number }) => lengthOf(o) < 0,
  ),
  bad(
    "release_slot_negative",
    "pool/conservation",
    "release",
    (o: { slot: number }) => slotOf(o) < 0,
  ),
  bad(
    "release_slot_past_end",
    "pool/conservation",
    "release",
    (o: { slot: number }) => slotOf(o) >= SLOTS,
  ),
  bad(
    "recycle_slot_past_end",
    "recycle/window-only",
    "recycle",
    (o: { slot: number }) => slotOf(o) >= SLOTS,
  ),
  bad(
    "recycle_past_length",
    "recycle/window-only",
    "recycle",
    (o: { nextPositionTokens: number; lengthTokens: number }) =>
      o.nextPositionTokens > o.lengthTokens,
  ),
  bad(
    "recycle_position_negative",
    "recycle/window-only",
    "recycle",
    (o: { nextPositionTokens: number }) => o.nextPositionTokens < 0,
  ),
  bad("swap_slot_past_end", "slot/swap-rows", "swap", (o: { second: number }) => o.second >= SLOTS),
  bad("swap_slot_negative", "slot/swap-rows", "swap", (o: { first: number }) => o.first < 0),
  bad(
    "reorder_twice_the_same",
    "slot/reorder-stale",
    "reorder",
    (o: { permutation: Int32Array }) => new Set(order(o)).size < order(o).length,
  ),
  bad(
    "reorder_too_short",
    "slot/reorder-stale",
    "reorder",
    (o: { permutation: Int32Array }) => order(o).length < SLOTS,
  ),
  bad(
    "reorder_too_long",
    "slot/reorder-stale",
    "reorder",
    (o: { permutation: Int32Array }) => order(o).length > SLOTS,
  ),
  bad(
    "reorder_past_end",
    "slot/reorder-stale",
    "reorder",
    (o: { permutation: Int32Array }) => order(o).length === SLOTS && order(o).includes(SLOTS),
  ),
  bad(
    "reorder_negative",
    "slot/reorder-stale",
    "reorder",
    (o: { permutation: Int32Array }) => order(o).includes(-1),
  ),
  bad(
    "condense_live_slot_dropped",
    "slot/condense",
    "condense",
    (o: { active: boolean[] }) => o.active.length === SLOTS && !o.active[4],
  ),
  bad(
    "condense_empty_slot_kept",
    "slot/condense",
    "condense",
    (o: { active: boolean[] }) => o.active[2] === true,
  ),
  bad(
    "condense_too_few_flags",
    "slot/condense",
    "condense",
    (o: { active: boolean[] }) => o.active.length < SLOTS,
  ),
  bad("complete_unknown_step", "recycle/in-flight", "completeStep", () => true),
  bad("return_to_unknown_pool", "pool/conservation", "returnPages", () => true),
];

/** Every allocator that accepts a command that cannot be. */
export const commandMutants: readonly Mutant[] = COMMANDS.flatMap((member) =>
  allocatorFamily(
    { name: "accepts", origin: "own", violates: [member.clause] },
    [member],
    ({ method, when }) => (good) => ({
      [method]: async (o: never) => {
        const reply: PageReply | Reply<unknown> = await good[method](o);
        return reply.kind === "refused" && when(o) ? accepted(method) : reply;
      },
    } as Partial<AllocatorSubject>),
  )
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
