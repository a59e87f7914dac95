/** Searches for the tuning that is fastest on this adapter. */

import {
  type AttendTuning,
  defaultTuning,
  type Gpu,
  itemRowsOf,
  type MatrixTuning,
  matrixTuningName,
  matrixTuningsOf,
  neighbouringTunings,
  type ProgramTarget,
  TILE_ROWS,
  TUNING_PARTS,
} from "../../kernel/mod.ts";
import type { KernelCase } from "./case.ts";
import { medianOf } from "./figures.ts";
import { formatsOf } from "./step.ts";
import { type KernelMeasureOptions, measureKernelCase, tallestMultiplier } from "./measure.ts";

/** Rows that are many are so whatever programs a few rows have. */
const ANY_SIZES = { leastMatrixRows: Infinity } as const;

/** A gain below this is noise. */
const LEAST_GAIN = 1.02;

/** Options of {@linkcode tuneKernel}. */
export interface TuneOptions extends Omit<KernelMeasureOptions, "tuning"> {
  /** Cases to measure; those of one kind of shape get one tuning. */
  readonly cases: readonly KernelCase[];
  /** Called after each variant, with its place among the kinds of shape. */
  readonly onVariant?: (key: string, variant: TunedVariant) => void;
  /** Stops the search between two variants. */
  readonly signal?: AbortSignal;
}

/** One variant, as soon as it was measured. */
export interface TunedVariant {
  /** The tuning. */
  readonly tuning: AttendTuning;
  /** Geometric mean of the cases' medians, in milliseconds; null where it was refused. */
  readonly meanMs: number | null;
  /** Why it was refused, or null. */
  readonly refusal: string | null;
}

/** The outcome for one kind of shape. */
export interface TunedShape {
  /** {@link tuningKey} of its cases. */
  readonly key: string;
  /** The fastest tuning that was measured. */
  readonly tuning: AttendTuning;
  /** Time with the default over time with it, geometric mean of the cases; 1 keeps the default. */
  readonly gain: number;
  /** Variants measured, the default among them. */
  readonly variants: number;
  /** Why variants were not timed: the oracle or the adapter refused them. */
  readonly refused: readonly string[];
  /** Why nothing could be measured, or null. */
  readonly failure: string | null;
}

/** Names what decides a case's programs: cases of one name share a tuning. */
export function tuningKey({ shape, requests }: KernelCase): string {
  const packed = requests.map(({ queryTokens }) => queryTokens * shape.group);
  const tall = packed.every((rows) => itemRowsOf(rows, ANY_SIZES) === TILE_ROWS);
  const formats = [shape.keyFormat, shape.valueFormat].map((name) => name ?? "c16");
  const cache = formats.every((name) => name === "c16") ? "" : `;cache=${formats.join("+")}`;
  return `group=${shape.group};head_size=${shape.headSize};storage=${shape.storage}${cache}` +
    (tall ? ";rows=tall" : "");
}

/** The tuning that a case has where none was measured on this adapter. */
export function defaultCaseTuning(target: ProgramTarget, { shape }: KernelCase): AttendTuning {
  const { kvHeads, group, headSize } = shape;
  return defaultTuning(target, {
    kvHeads,
    queryHeads: kvHeads * group,
    headSize,
    ...formatsOf(shape),
  });
}

/**
 * Measures variants, one part of the tuning at a time, from the default on until a round brings
 * nothing. Every variant is checked against the oracle before it is timed, and none is needed for
 * correctness.
 */
export async function tuneKernel(gpu: Gpu, o: TuneOptions): Promise<TunedShape[]> {
  const tuned: TunedShape[] = [];
  for (const [key, cases] of Map.groupBy(o.cases, tuningKey)) {
    const measure = async (tuning: AttendTuning): Promise<number | string> => {
      const logMs = await measureTuning(gpu, tuning, { ...o, cases });
      const refusal = typeof logMs === "string" ? logMs : null;
      const meanMs = typeof logMs === "string" ? null : Math.exp(logMs);
      o.onVariant?.(key, { tuning, meanMs, refusal });
      return logMs;
    };
    const isMatrix = cases.every((each) => tallestMultiplier(gpu, each) === "matrix");
    const { target } = gpu;
    const start = defaultCaseTuning(target, cases[0]);
    const found = isMatrix
      ? await searchMatrixTuning({
        start,
        tunings: matrixTuningsOf(target, cases[0].shape),
        measure,
      })
      : await searchTuning({ target, start, measure });
    tuned.push({ key, ...found });
  }
  return tuned;
}

/**
 * Searches by descent along one part after the other.
 *
 * @param o What programs are generated for; and what gives the logarithm of a tuning's time, or why
 * it has none.
 */
export async function searchTuning(o: {
  readonly target: ProgramTarget;
  /** Where the search begins. */
  readonly start: AttendTuning;
  readonly measure: (tuning: AttendTuning) => Promise<number | string>;
}): Promise<Omit<TunedShape, "key">> {
  const { start } = o;
  const nothing = { tuning: start, gain: 1, variants: 0, refused: [] };
  if (o.target.subgroupSize === 0) {
    return { ...nothing, failure: "the adapter has no fixed subgroup size, so none applies" };
  }
  const base = await o.measure(start);
  if (typeof base === "string") return { ...nothing, failure: base };
  const refused: string[] = [];
  const tried = new Set([nameOf(start)]);
  let best = { tuning: start, logMs: base };
  for (let improved = true; improved;) {
    improved = false;
    for (const part of TUNING_PARTS) {
      const { subgroupSize } = o.target;
      for (const tuning of neighbouringTunings(best.tuning, { part, subgroupSize })) {
        if (tried.has(nameOf(tuning))) continue;
        tried.add(nameOf(tuning));
        const logMs = await o.measure(tuning);
        if (typeof logMs === "string") {
          refused.push(`${nameOf(tuning)}: ${logMs}`);
          continue;
        }
        if (logMs > best.logMs - Math.log(LEAST_GAIN)) continue;
        best = { tuning, logMs };
        improved = true;
      }
    }
  }
  const gain = Math.exp(base - best.logMs);
  return { tuning: best.tuning, gain, variants: tried.size, refused, failure: null };
}

/**
 * Tries every tuning of the matrix kernel: there are few, and one that an adapter refuses says nothing
 * of the others.
 *
 * @param o Where to start, what to try, and as for `searchTuning`.
 */
export async function searchMatrixTuning(o: {
  readonly start: AttendTuning;
  readonly tunings: readonly MatrixTuning[];
  readonly measure: (tuning: AttendTuning) => Promise<number | string>;
}): Promise<Omit<TunedShape, "key">> {
  const { start } = o;
  const base = await o.measure(start);
  const refused: string[] = typeof base === "string" ? [`the default: ${base}`] : [];
  let best = { tuning: start, logMs: typeof base === "string" ? Infinity : base };
  for (const matrix of o.tunings) {
    const tuning = { ...start, matrix };
    const logMs = await o.measure(tuning);
    if (typeof logMs === "string") {
      refused.push(`${nameOf(tuning)}: ${logMs}`);
      continue;
    }
    if (logMs < best.logMs - Math.log(LEAST_GAIN)) best = { tuning, logMs };
  }
  const variants = 1 + o.tunings.length;
  if (best.logMs === Infinity) {
    return { tuning: start, gain: 1, variants, refused, failure: "no variant could be timed" };
  }
  const gain = typeof base === "string" ? 2 : Math.exp(base - best.logMs);
  return { tuning: best.tuning, gain, variants, refused, failure: null };
}

function nameOf(tuning: AttendTuning): string {
  const { matrix } = tuning;
  if (matrix !== undefined) return matrixTuningName(matrix);
  return TUNING_PARTS.map((part) => `${part}=${tuning[part]}`).join(" ");
}

/** Mean of the logarithms of the cases' median milliseconds, or why there is none. */
async function measureTuning(
  gpu: Gpu,
  tuning: AttendTuning,
  o: TuneOptions,
): Promise<number | string> {
  let sum = 0;
  for (const kernelCase of o.cases) {
    o.signal?.throwIfAborted();
    const { outcome } = await measureKernelCase(gpu, kernelCase, { ...o, tuning });
    if (outcome.kind !== "timed") return `${kernelCase.name}: ${outcome.reason}`;
    sum += Math.log(medianOf(outcome.samplesMs));
  }
  return sum / o.cases.length;
}
