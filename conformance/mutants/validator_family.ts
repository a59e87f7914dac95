/** Validators that look at a part of the table, or take lengths for what they are not. */
import type { TableDump, TableFault } from "../subject.ts";
import { allocatorFamily, type FamilyMember } from "./family.ts";
import type { Mutant } from "./mutant.ts";

type Ask = (o: TableDump) => TableDump;

interface ValidatorMember extends FamilyMember {
  /** The question as the validator takes it. */
  readonly ask?: Ask;
  /** What it reports of a fault. */
  readonly retell?: (fault: TableFault) => TableFault;
  /** The faults that it reports those that there are. */
  readonly tell?: (fault: TableFault, o: TableDump) => boolean;
}

const FAULTS = [
  "sentinel/only-minus-one",
  "sentinel/only-when-dead",
  "sentinel/tail",
  "pool/conservation",
];
const SIZE = ["validator:size:fault"];

const int32 = (values: ArrayLike<unknown>): Int32Array => Int32Array.from(values, Number);

/** The question with other lengths; those of a wrong type stay what they are. */
function withLengths(change: (length: number, o: TableDump) => number): Ask {
  return (o) =>
    o.lengthsTokens instanceof Int32Array
      ? { ...o, lengthsTokens: o.lengthsTokens.map((length) => change(length, o)) }
      : o;
}

/** The question with other windows; those of a wrong type stay what they are. */
function withWindows(change: (window: number, all: Int32Array) => number): Ask {
  return (o) =>
    o.headWindows instanceof Int32Array
      ? { ...o, headWindows: o.headWindows.map((window) => change(window, o.headWindows)) }
      : o;
}

const widest = withWindows((_, all) => Math.max(...all));
const narrowest = withWindows((_, all) => Math.min(...all));

const MEMBERS: readonly ValidatorMember[] = [
  ...[1, 4, 6].map((heads) => ({
    label: `first_${heads}_heads`,
    fault: `The first ${heads} heads of a slot are looked at`,
    violates: FAULTS,
    killedBy: SIZE,
    tell: ({ head = 0 }: TableFault) => head < heads,
  })),
  ...[1, 4, 16, 32].map((slots) => ({
    label: `first_${slots}_slots`,
    fault: `The first ${slots} slots are looked at`,
    violates: FAULTS,
    killedBy: SIZE,
    tell: ({ slot = 0 }: TableFault) => slot < slots,
  })),
  {
    label: "whole_pages_down",
    fault: "Lengths are taken for whole pages, and a last part of one is not looked at",
    violates: ["sentinel/only-when-dead", "sentinel/tail"],
    killedBy: SIZE,
    ask: withLengths((length) => length - length % 16),
  },
  {
    label: "whole_pages_up",
    fault: "A page more than the length needs is taken for allocated",
    violates: ["sentinel/tail"],
    killedBy: SIZE,
    tell: ({ clause }) => clause !== "sentinel/tail",
  },
  ...(["int64", "uint32", "float32"] as const).map((type) => ({
    label: `lengths_${type}`,
    fault: `Lengths of ${type} are taken as they come`,
    violates: ["dtype/int32"],
    killedBy: [`validator:size:lengths:fault=${type};*`],
    ask: (o: TableDump) => ({ ...o, lengthsTokens: int32(o.lengthsTokens) }),
  })),
  {
    label: "windows_int64",
    fault: "Windows of int64 are taken as they come",
    violates: ["dtype/int32"],
    killedBy: ["validator:size:lengths:fault=windows_int64;*"],
    ask: (o) => ({ ...o, headWindows: int32(o.headWindows) }),
  },
  {
    label: "pool_end",
    fault: "The id after the last of a pool is taken for one of it",
    violates: ["sentinel/only-minus-one"],
    killedBy: ["validator:table:bad_entry:value=pool_end;*"],
    tell: ({ clause, value }, { layout, pagesPerHead, headWindows }) => {
      const end = layout === "pooled" ? pagesPerHead * headWindows.length : pagesPerHead;
      return clause !== "sentinel/only-minus-one" || value !== end;
    },
  },
  {
    label: "tail_of_one_column",
    fault: "One column after the allocated ones is looked at",
    violates: ["sentinel/tail"],
    killedBy: ["validator:table:stale_tail:at=last;*"],
    tell: ({ clause, slot = 0, column }, { lengthsTokens, pageSizeTokens }) =>
      clause !== "sentinel/tail" ||
      column === Math.ceil((lengthsTokens[slot] ?? 0) / pageSizeTokens),
  },
  {
    label: "columns_of_8",
    fault: "A fault past the eighth column is reported for the ninth",
    violates: ["sentinel/tail"],
    killedBy: ["validator:size:fault:fault=stale_tail;slot=24;*"],
    retell: (fault) =>
      fault.column === undefined ? fault : { ...fault, column: Math.min(fault.column, 8) },
  },
  {
    label: "uniform_by_its_window_heads",
    fault: "A page of every head is judged by the window heads alone",
    violates: ["sentinel/only-when-dead"],
    killedBy: ["validator:table:uniform_hole"],
    ask: (o) => o.layout === "uniform" ? widest(o) : o,
  },
  {
    label: "uniform_by_the_narrowest_window",
    fault: "A page of every head is judged by the narrowest window",
    violates: ["sentinel/only-when-dead", "mask/several-windows"],
    killedBy: ["validator:table:uniform_hole"],
    ask: (o) => o.layout === "uniform" ? narrowest(o) : o,
  },
  ...[1, -1].map((early) => ({
    label: early === 1 ? "dead_a_token_early" : "dead_a_token_late",
    fault: `Pages are taken for dead a token too ${early === 1 ? "early" : "late"}`,
    violates: ["sentinel/only-when-dead"],
    killedBy: [`validator:size:windows:dead=${early !== 1};*`],
    ask: withWindows((window) => window > 1 ? window - early : window),
  })),
  {
    label: "lengths_clamped",
    fault: "Lengths that cannot be are clamped to what can",
    violates: ["shape/columns-cover"],
    killedBy: [
      "validator:size:lengths:fault=negative;*",
      "validator:size:lengths:fault=past_row;*",
    ],
    ask: withLengths((length, { columns, pageSizeTokens }) =>
      Math.min(Math.max(length, 0), Math.max(1, columns) * pageSizeTokens)
    ),
  },
  {
    label: "largest_window",
    fault: "Every window head is judged by the largest window",
    violates: ["sentinel/only-when-dead", "mask/several-windows"],
    killedBy: ["validator:size:windows:dead=true;*"],
    ask: withWindows((window, all) => window > 0 ? Math.max(...all) : window),
  },
  {
    label: "smallest_window",
    fault: "Every window head is judged by the smallest window",
    violates: ["sentinel/only-when-dead", "mask/several-windows"],
    killedBy: ["validator:size:windows:dead=false;head=6;*"],
    ask: withWindows((window, all) => window > 0 ? Math.min(...all.filter((each) => each > 0)) : 0),
  },
];

export const validatorMutants: readonly Mutant[] = allocatorFamily(
  { name: "validator", origin: "field" },
  MEMBERS,
  ({ ask, tell, retell = (fault: TableFault) => fault }) => (good) => ({
    validate: async (o) => {
      const faults = await good.validate(ask?.(o) ?? o);
      return faults.filter((fault) => tell?.(fault, o) !== false).map(retell);
    },
  }),
);
