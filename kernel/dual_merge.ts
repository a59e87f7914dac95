/** Full heads and window heads in two passes, merged by columns of the output. */

import { attendDirect } from "./oracle_direct.ts";
import { ShapeError } from "./problem_error.ts";
import type { AttentionProblem, AttentionResult } from "./problem.ts";
import { quantisedSides, sideFormat, sideTensor } from "./quantised/quantised_tensor.ts";
import { selectQuantisedHeads, takeHeads } from "./quantised/select_heads.ts";
import { pageIdLimit } from "./shape.ts";

/**
 * The part of a problem that concerns some of its KV heads, as a problem of its own.
 *
 * @param p A problem that `checkProblem` accepts.
 * @throws {ShapeError} When no head is asked for, or one that the problem does not have.
 */
export function selectHeads(p: AttentionProblem, heads: readonly number[]): AttentionProblem {
  const { shape } = p;
  const { kvHeads, queryHeads, headSize, pageSizeTokens, columns, layout } = shape;
  const stray = heads.find((head) => !(Number.isInteger(head) && head >= 0 && head < kvHeads));
  if (heads.length === 0 || stray !== undefined) {
    throw new ShapeError(
      `Cannot select KV heads [${heads.join(", ")}] of ${kvHeads}: name at least one, each in ` +
        `[0, ${kvHeads})`,
      "dual/merge",
      { name: "heads", kvHeads },
    );
  }
  const group = queryHeads / kvHeads;
  const cache = { heads, headCount: kvHeads, inner: pageSizeTokens * headSize };
  const perHead = { heads, headCount: kvHeads };
  return {
    ...p,
    shape: {
      ...shape,
      kvHeads: heads.length,
      queryHeads: heads.length * group,
      ...(layout === "pooled" ? { poolPages: pageIdLimit(shape) } : {}),
    },
    query: takeHeads(p.query, { ...perHead, inner: group * headSize }),
    keys: layout === "pooled" ? p.keys : takeHeads(p.keys, cache),
    values: layout === "pooled" ? p.values : takeHeads(p.values, cache),
    ...quantisedSides((side) => {
      const [format, tensor] = [sideFormat(shape, side), sideTensor(p, side)];
      return format && tensor && selectQuantisedHeads(tensor, { shape, format, heads });
    }),
    table: layout === "uniform" ? p.table : takeHeads(p.table, { ...perHead, inner: columns }),
    headWindows: takeHeads(p.headWindows, { ...perHead, inner: 1 }),
    ...(p.sinkLogits === undefined
      ? {}
      : { sinkLogits: takeHeads(p.sinkLogits, { ...perHead, inner: group }) }),
  };
}

/** The result of one pass, and the KV heads it served. */
export interface HeadPass<T> {
  /** KV heads of the pass, in the order of its columns. */
  readonly heads: readonly number[];
  /** [rows, heads, columnsPerHead]. */
  readonly result: T;
}

/**
 * Puts the results of passes over disjoint heads side by side.
 *
 * @param passes Passes that together serve every KV head once.
 * @param o KV heads in all, and columns a KV head has in a row: G·D for outputs, G for log-sum-exps.
 * @returns [rows, H, columnsPerHead].
 * @throws {ShapeError} When a head is served twice or not at all.
 */
export function mergeByColumns(
  passes: readonly HeadPass<Float64Array>[],
  o: { kvHeads: number; columnsPerHead: number },
): Float64Array<ArrayBuffer> {
  const served = passes.flatMap((pass) => pass.heads);
  if (served.length !== o.kvHeads || new Set(served).size !== o.kvHeads) {
    throw new ShapeError(
      `Cannot merge passes over KV heads [${
        served.join(", ")
      }] of ${o.kvHeads}: serve every head ` +
        "exactly once",
      "dual/merge",
      { name: "passes", kvHeads: o.kvHeads },
    );
  }
  const elements = passes.reduce((sum, pass) => sum + pass.result.length, 0);
  const out = new Float64Array(elements);
  const rows = elements / (o.kvHeads * o.columnsPerHead);
  for (const { heads, result } of passes) {
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < heads.length; i++) {
        const from = (row * heads.length + i) * o.columnsPerHead;
        const to = (row * o.kvHeads + heads[i]) * o.columnsPerHead;
        out.set(result.subarray(from, from + o.columnsPerHead), to);
      }
    }
  }
  return out;
}

/**
 * Attention in two passes, one over the full heads and one over the window heads, merged by columns.
 *
 * @param p A problem that `checkProblem` accepts.
 * @param attend What solves a pass; the direct oracle by default.
 */
export function attendDual(
  p: AttentionProblem,
  attend: (pass: AttentionProblem) => AttentionResult = attendDirect,
): AttentionResult {
  const { kvHeads, queryHeads, headSize } = p.shape;
  const heads = Array.from({ length: kvHeads }, (_, head) => head);
  const passes = [
    heads.filter((head) => p.headWindows[head] === 0),
    heads.filter((head) => p.headWindows[head] > 0),
  ].filter((kind) => kind.length > 0)
    .map((kind) => ({ heads: kind, result: attend(selectHeads(p, kind)) }));
  const group = queryHeads / kvHeads;
  return {
    output: mergeByColumns(
      passes.map(({ heads, result }) => ({ heads, result: result.output })),
      { kvHeads, columnsPerHead: group * headSize },
    ),
    logSumExp: mergeByColumns(
      passes.map(({ heads, result }) => ({ heads, result: result.logSumExp })),
      { kvHeads, columnsPerHead: group },
    ),
  };
}
