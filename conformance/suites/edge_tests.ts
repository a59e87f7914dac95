/** Tests at the ends of the ranges: NaN where no query looks and where one does, and the largest values. */
import {
  type AttentionProblem,
  cacheOffset,
  encodeValues,
  poisonUnread,
  STORAGE_FORMATS,
  type StorageType,
  tableIndex,
} from "../../kernel/mod.ts";
import { grid, type TestDefinition } from "../test_definition.ts";
import { attendRefused, defineAttendTest } from "./attend_case.ts";
import { attendJudged, SHORT_ROWS, STORAGES, worstOf } from "./kernel_case.ts";

/** Decode rows, whose every query sees its own keys alone. */
const DECODE = "1+47_1+64_1+15";

/** The same, and one that sees a single key: its answer is that value, whatever sums are kept in. */
const DECODE_AND_ONE_KEY = `${DECODE}_1+0`;

/** Numbers that are none of a scale's, or of a logit's. */
const VALUE_FAULTS: Readonly<Record<string, (p: AttentionProblem) => AttentionProblem>> = {
  "scale_1e300": (p) => ({ ...p, scale: 1e300 }),
  "scale_nan": (p) => ({ ...p, scale: NaN }),
  "scale_zero": (p) => ({ ...p, scale: 0 }),
  "sink_nan": (p) => ({ ...p, sinkLogits: p.sinkLogits!.map((x, i) => i === 1 ? NaN : x) }),
};

/**
 * Positive queries and negative keys, poison left as it is: every score is about −`score`. A running
 * maximum that begins at 0, or at a number that masks, loses all weights.
 */
function withLowScores(problem: AttentionProblem, score: number): AttentionProblem {
  const { storage, headSize } = problem.shape;
  const { quietNan } = STORAGE_FORMATS[storage];
  const SIGN = 0x8000;
  // A normal number is 0.8 from zero on the mean, so that a dot product is about 0.64 · D.
  const scale = score / (0.64 * headSize);
  return {
    ...problem,
    scale,
    query: problem.query.map((bits) => bits & ~SIGN),
    keys: problem.keys.map((bits) => bits === quietNan ? bits : bits | SIGN),
  };
}

/** One NaN in the value of token 2 of slot 0's last head. */
function withNanValue(problem: AttentionProblem): AttentionProblem {
  const { shape } = problem;
  const key = { slot: 0, head: shape.kvHeads - 1, positionTokens: 2 };
  const page = problem.table[tableIndex(shape, key)]!;
  const values = problem.values.slice();
  values[cacheOffset(shape, { ...key, page }) + 5] = STORAGE_FORMATS[shape.storage].quietNan;
  return { ...problem, values };
}

/** Every value that is a number near the largest one, with its own sign or with none. */
function withLargeValues(problem: AttentionProblem, signs: "signed" | "same"): AttentionProblem {
  const storage: StorageType = problem.shape.storage;
  const { maxFinite, quietNan } = STORAGE_FORMATS[storage];
  const [large] = encodeValues(storage, Float64Array.of(0.97 * maxFinite));
  const magnitude = 0x7fff;
  const values = problem.values.map((bits) =>
    (bits & magnitude) >= (quietNan & magnitude)
      ? bits
      : large! | (signs === "signed" ? bits & ~magnitude : 0)
  );
  return { ...problem, values };
}

/** Tests at the ends of the ranges. */
export const edgeTests: readonly TestDefinition[] = [
  defineAttendTest({
    id: "kernel:edge:unseen_nan",
    clauses: ["mask/window", "sentinel/no-read"],
    description: "NaN of keys that no query of the step sees changes nothing, in live pages too",
    cases: grid({ storage: STORAGES, walk: ["row", "visible"] }),
    spec: { sinks: 4, rows: SHORT_ROWS, window: 21 },
    run: (kernel, problem, { walk }) =>
      attendJudged(kernel, poisonUnread(problem, { reach: "unseen" }), { walk }),
  }),
  defineAttendTest({
    id: "kernel:edge:visible_nan",
    clauses: ["mask/full"],
    description: "A NaN in a visible value is the answer of its element, and of no other",
    cases: grid({ storage: STORAGES }),
    spec: { rows: DECODE, window: 0 },
    run: (kernel, problem) => attendJudged(kernel, withNanValue(problem)),
  }),
  defineAttendTest({
    id: "kernel:edge:large_values",
    clauses: ["numerics/c16"],
    description: "Values near the largest of their type stay finite where sums can hold them",
    cases: grid({ storage: STORAGES, split: [0, 16] }),
    spec: { rows: DECODE_AND_ONE_KEY },
    run: async (kernel, problem, { split }) =>
      worstOf([
        await attendJudged(kernel, withLargeValues(problem, "signed"), { splitTokens: split }),
        await attendJudged(kernel, withLargeValues(problem, "same"), { splitTokens: split }),
      ]),
  }),
  defineAttendTest({
    id: "kernel:edge:low_scores",
    clauses: ["numerics/c16"],
    description: "Rows whose scores are all far below zero keep their weights",
    cases: grid({ storage: STORAGES, split: [0, 16], score: [100, 30_000] }),
    spec: { rows: DECODE_AND_ONE_KEY },
    run: (kernel, problem, { split, score }) =>
      attendJudged(kernel, withLowScores(problem, score), { splitTokens: split }),
  }),
  defineAttendTest({
    id: "kernel:refusal:value",
    clauses: ["softmax/scale", "softmax/learned-sink"],
    description: "Scales and sink logits that are no numbers of float32 are refused",
    cases: grid({ fault: Object.keys(VALUE_FAULTS) }),
    spec: { learned: true },
    run: (kernel, problem, { fault }) =>
      attendRefused(kernel, VALUE_FAULTS[fault]!(problem), problem),
  }),
];
