/** What the smallest fault of each kind moves, over what is accepted, in the suite's own cases. */
import {
  alteredMargin,
  type Arithmetic,
  type AttentionProblem,
  type BoundedRow,
  boundRows,
  extraKeyMargin,
  FIELD_ARITHMETICS,
  lostKeyMargin,
} from "../../kernel/mod.ts";
import { seedOfQuery } from "../run.ts";
import { STORAGES } from "../suites/kernel_case.ts";
import { POWER_RULES, powerProblem, type PowerRule } from "./power_tests.ts";

/** A kind of fault, measured on the cases of one rule. */
interface PowerFault {
  readonly clause: string;
  readonly fault: string;
  readonly rule: PowerRule;
  readonly margin: (problem: AttentionProblem, bounded: readonly BoundedRow[]) => number;
}

const isFullHead = (p: AttentionProblem) => ({ queryHead }: { queryHead: number }) =>
  p.headWindows[Math.floor(queryHead / (p.shape.queryHeads / p.shape.kvHeads))] === 0;

const windowsBy = (change: number) => (p: AttentionProblem): AttentionProblem[] => [
  { ...p, headWindows: p.headWindows.map((window) => window > 0 ? window + change : 0) },
];

const altering =
  (alter: (p: AttentionProblem) => Iterable<AttentionProblem>) =>
  (problem: AttentionProblem, bounded: readonly BoundedRow[]): number =>
    alteredMargin(bounded, alter(problem));

const POWER_FAULTS: readonly PowerFault[] = [
  {
    clause: "mask/full",
    fault: "one key of a full head lost",
    rule: "masks",
    margin: (p, bounded) => lostKeyMargin(p, bounded, { rows: isFullHead(p) }),
  },
  {
    clause: "mask/full",
    fault: "a later key seen",
    rule: "masks",
    margin: (p, bounded) => extraKeyMargin(p, bounded, { rows: isFullHead(p) }),
  },
  {
    clause: "mask/window",
    fault: "one key or sink of a window head lost",
    rule: "masks",
    margin: (p, bounded) => lostKeyMargin(p, bounded, { rows: (row) => !isFullHead(p)(row) }),
  },
  {
    clause: "mask/window",
    fault: "one key before the window, or after the query, seen",
    rule: "masks",
    margin: (p, bounded) => extraKeyMargin(p, bounded, { rows: (row) => !isFullHead(p)(row) }),
  },
  {
    clause: "mask/window",
    fault: "the window a key too narrow",
    rule: "masks",
    margin: altering(windowsBy(-1)),
  },
  {
    clause: "mask/window",
    fault: "the window a key too wide",
    rule: "masks",
    margin: altering(windowsBy(1)),
  },
  {
    clause: "mask/sink-threaded",
    fault: "one sink forgotten",
    rule: "masks",
    margin: altering((p) => [{ ...p, sinkTokens: p.sinkTokens - 1 }]),
  },
  {
    clause: "layout/row-major-heads",
    fault: "one page of another row in place of its own",
    rule: "masks",
    margin: altering(swappedPages),
  },
  { clause: "mask/offset", fault: "one key lost", rule: "offset", margin: lostKeyMargin },
  { clause: "mask/offset", fault: "one key too many", rule: "offset", margin: extraKeyMargin },
  { clause: "mask/tree", fault: "one key lost", rule: "tree", margin: lostKeyMargin },
  { clause: "mask/tree", fault: "one key too many", rule: "tree", margin: extraKeyMargin },
  {
    clause: "softmax/learned-sink",
    fault: "one key lost",
    rule: "learned",
    margin: lostKeyMargin,
  },
  {
    clause: "softmax/learned-sink",
    fault: "the learned sink forgotten",
    rule: "learned",
    margin: altering(({ sinkLogits: _, ...p }) => [p]),
  },
  {
    clause: "softmax/learned-sink",
    fault: "the learned sink counted twice",
    rule: "learned",
    margin: altering((p) => [{ ...p, sinkLogits: p.sinkLogits!.map((x) => x + Math.LN2) }]),
  },
  {
    clause: "softmax/scale",
    fault: "the scale off by a quarter",
    rule: "masks",
    margin: altering((p) => [{ ...p, scale: (p.scale ?? 1 / Math.sqrt(p.shape.headSize)) * 1.25 }]),
  },
];

/** Each table entry that names a page, replaced by the next row's page of the same column. */
export function* swappedPages(p: AttentionProblem): Generator<AttentionProblem> {
  const { columns, kvHeads } = p.shape;
  for (let index = 0; index < p.table.length; index++) {
    const other = p.table[(index + columns * kvHeads) % p.table.length]!;
    if (p.table[index]! < 0 || other < 0) continue;
    const table = p.table.slice();
    table[index] = other;
    yield { ...p, table };
  }
}

/** The margin of one kind of fault under every arithmetic. */
export interface PowerRow {
  /** Clause that the fault breaks. */
  readonly clause: string;
  /** What is wrong. */
  readonly fault: string;
  /** By arithmetic, in the order asked for: least over the cases of both storage types. */
  readonly margins: readonly number[];
}

/** The least margin that `declare/power` accepts. */
export const LEAST_MARGIN = 4;

/** Measures the suite's cases of one-hot values. */
export function measurePower(
  arithmetics: readonly Arithmetic[] = FIELD_ARITHMETICS.map(({ arithmetic }) => arithmetic),
): PowerRow[] {
  const problems = new Map(
    (Object.keys(POWER_RULES) as PowerRule[]).map((rule) => [
      rule,
      STORAGES.map((storage) =>
        powerProblem(
          { rule, storage, layout: "headwise" },
          seedOfQuery(`kernel:power:${rule}:layout=headwise;storage=${storage}`),
        )
      ),
    ]),
  );
  const bounds = new Map(
    [...problems].map(([rule, all]) => [
      rule,
      arithmetics.map((arithmetic) =>
        all.map((problem) => ({ problem, bounded: boundRows(problem, arithmetic) }))
      ),
    ]),
  );
  return POWER_FAULTS.map(({ clause, fault, rule, margin }) => ({
    clause,
    fault,
    margins: bounds.get(rule)!.map((cases) =>
      Math.min(...cases.map(({ problem, bounded }) => margin(problem, bounded)))
    ),
  }));
}
