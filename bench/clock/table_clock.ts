/** The `table` clock: attention of every step from measured calls, interpolated. */

import { BenchError, type ClockTable } from "../result/mod.ts";
import { type ComputedClockOptions, createComputedClock } from "./computed_clock.ts";
import {
  type InterpolatedTime,
  interpolateTime,
  leaveOutErrors,
  MAX_EXTRAPOLATION,
} from "./interpolate_time.ts";
import { classifyLayers, type LayerClass } from "./layer_classes.ts";
import { restMs, type RestOfLayer } from "./rest_of_layer.ts";
import type { StepBatch, StepClock } from "./step_clock.ts";
import type { CallSize, TimedCalls, TimeTable } from "./time_table.ts";

/** What the clock needs. */
export interface TableClockOptions extends ComputedClockOptions {
  /** Measured calls. */
  readonly table: TimeTable;
  /** Modelled cost of everything but attention. */
  readonly rest: RestOfLayer;
}

/** A clock that knows how well its table interpolates. */
export interface TableClock extends StepClock {
  /** The table, its interpolation error, and how far steps have lain outside of it. */
  readonly describeTable: () => ClockTable;
}

/** Tells a clock of a table from others. */
export function isTableClock(clock: StepClock): clock is TableClock {
  return clock.kind === "table";
}

/**
 * Creates a clock that adds up the calls of a step: one over all requests with as many new tokens, at
 * their mean context. That is how kernels for decode and for prefill are launched; where one launch has
 * both, the sum is an upper bound.
 *
 * @throws {BenchError} `bench/clock-refused` when the table has no calls of a class of layers.
 */
export function createTableClock(o: TableClockOptions): TableClock {
  const classes = classifyLayers(o.heads).map((layer) => ({
    layers: layer.layers,
    calls: findCalls(o, layer),
  }));
  const known = classes.map(() => new Map<string, InterpolatedTime>());
  let furthestFactor = 1;

  const timeOf = (index: number, size: CallSize): number => {
    const key = `${size.sequences},${size.queryTokens},${size.contextTokens}`;
    let time = known[index].get(key);
    if (time === undefined) {
      time = interpolateTime(classes[index].calls.calls, size);
      known[index].set(key, time);
    }
    furthestFactor = Math.max(furthestFactor, time.outsideFactor);
    if (time.outsideFactor > MAX_EXTRAPOLATION) throw tooFar(o.table, size, time.outsideFactor);
    return time.milliseconds;
  };

  const clock = createComputedClock(o, "table", {
    attentionMs(batch) {
      const sizes = callsOfStep(batch);
      let milliseconds = 0;
      for (const [index, { layers }] of classes.entries()) {
        for (const size of sizes) milliseconds += layers * timeOf(index, size);
      }
      return milliseconds;
    },
    restMs: (batch) => restMs(o.rest, batch),
  });
  const kinds = classes.map(({ calls }) => calls);
  return { ...clock, describeTable: () => describe(o.table, kinds, furthestFactor) };
}

/** Calls that a step consists of: requests with as many new tokens go together, at their mean context. */
export function callsOfStep(
  { queryLengths, cachedLengths }: Pick<StepBatch, "queryLengths" | "cachedLengths">,
): readonly CallSize[] {
  const sums = new Map<number, { sequences: number; contextTokens: number }>();
  for (let slot = 0; slot < queryLengths.length; slot++) {
    const queryTokens = queryLengths[slot];
    if (queryTokens === 0) continue;
    const sum = sums.get(queryTokens) ?? { sequences: 0, contextTokens: 0 };
    sum.sequences++;
    sum.contextTokens += cachedLengths[slot] + queryTokens;
    sums.set(queryTokens, sum);
  }
  return [...sums].map(([queryTokens, { sequences, contextTokens }]) => ({
    queryTokens,
    sequences,
    contextTokens: Math.round(contextTokens / sequences),
  }));
}

function findCalls({ table, side, heads }: TableClockOptions, layer: LayerClass): TimedCalls {
  const windowTokens = layer.windowHeads > 0 ? heads.windowTokens : 0;
  const found = table.kinds.find((kind) =>
    kind.form === side.form && kind.windowTokens === windowTokens &&
    (kind.windowHeads ?? layer.windowHeads) === layer.windowHeads
  );
  if (found !== undefined) return found;
  const there = table.kinds.map(({ form, windowTokens, windowHeads }) =>
    `${form} with W ${windowTokens}${windowHeads === null ? "" : ` on ${windowHeads} heads`}`
  );
  throw new BenchError(
    "bench/clock-refused",
    `Cannot time side '${side.name}' from '${table.name}': it has no calls of form '${side.form}' ` +
      `with W ${windowTokens} on ${layer.windowHeads} heads, only of ${there.join(", ")}`,
  );
}

function tooFar(table: TimeTable, size: CallSize, factor: number): BenchError {
  return new BenchError(
    "bench/clock-refused",
    `Cannot time ${size.sequences} requests of ${size.queryTokens} new tokens at ` +
      `${size.contextTokens} keys from '${table.name}': that is ${
        factor.toFixed(2)
      } times outside of ` +
      `its sizes, and ${MAX_EXTRAPOLATION} is the most; add calls of such a size`,
  );
}

/** The table, with the largest error of the kinds of calls that are used. */
function describe(
  table: TimeTable,
  used: readonly TimedCalls[],
  furthestFactor: number,
): ClockTable {
  const errors = used.map(({ calls }) => leaveOutErrors(calls).sort((a, b) => a - b));
  // A kind of which no line can be left out has an error that is not known.
  const known = errors.every(({ length }) => length > 0);
  const largest = (share: number): number =>
    100 * Math.max(
      ...errors.map((each) => each[Math.min(each.length - 1, Math.floor(share * each.length))]),
    );
  return {
    name: table.name,
    sha256: table.sha256,
    rows: table.kinds.reduce((sum, { calls }) => sum + calls.length, 0),
    card: table.card,
    leaveOutErrorPercent: known ? { median: largest(0.5), p90: largest(0.9) } : null,
    rowsLeftOut: errors.reduce((sum, { length }) => sum + length, 0),
    furthestFactor,
  };
}
