// deno-lint-ignore-file no-console -- a script whose output is what it prints
/**
 * Fits the constants of engines (`ENGINE_OVERHEADS`) to the published rows that a seeded rule picked:
 * `deno run --ignore-env --allow-read=. tools/fit_overheads.ts vllm [names of constants]`.
 *
 * Coordinate descent on the mean absolute logarithm of predicted over measured. Held-out rows are never
 * predicted. Prints each constant that helped, and the loss; nothing is written.
 *
 * @module
 */

import {
  ENGINE_OVERHEADS,
  type EngineName,
  type EngineOverhead,
  SHIPPED_PROFILES,
} from "../bench/card/mod.ts";
import { findEngine } from "../bench/validation/engines.ts";
import { errorsOf } from "../bench/validation/errors.ts";
import { predictRow } from "../bench/validation/predict_row.ts";
import { readPublished } from "../bench/validation/read.ts";
import { requestsOfRow } from "../bench/validation/row_requests.ts";
import { splitOf } from "../bench/validation/validate.ts";

type Fitted = Partial<Record<Exclude<keyof EngineOverhead, "overlapped">, number>>;

const FOLDER = "bench/validation/published";
const NAMES = [
  ...["readSlowdown", "arithmeticSlowdown", "stepMs", "rowUs", "rowDeviceUs"],
  ...["requestMs", "admitMs", "layerLaunchUs"],
] as const;
/** Where a constant is 0, what is tried first. */
const FIRST_TRY = 5;
const STEPS = [1.3, 1.1] as const;
const ROUNDS = 3;
/** Longer runs are left out: a fit would take an hour, and shorter ones of the same server tell as much. */
const MAX_OUTPUT_TOKENS = 1_500_000;

const engine = Deno.args[0] as EngineName;
const names = (Deno.args.length > 1 ? Deno.args.slice(1) : NAMES) as (keyof Fitted)[];
const texts = new Map<string, string>();
for await (const { name } of Deno.readDir(FOLDER)) {
  if (name.endsWith(".yaml")) texts.set(name, await Deno.readTextFile(`${FOLDER}/${name}`));
}
const { rows, geometries } = readPublished(texts);
const fitted = rows.filter((row) =>
  findEngine(row.engine) === engine && splitOf(row.id) === "fitted" &&
  requestsOfRow(row).reduce((sum, each) => sum + each.outputTokens, 0) <= MAX_OUTPUT_TOKENS
);

function lossOf(overhead: Fitted): number {
  let [sum, figures] = [0, 0];
  for (const row of fitted) {
    const outcome = predictRow(row, {
      geometries,
      profiles: SHIPPED_PROFILES(),
      overhead: () => overhead,
    });
    if (outcome.kind !== "predicted") continue;
    for (const { error } of errorsOf(row, outcome.prediction)) {
      sum += Math.abs(Math.log1p(error));
      figures++;
    }
  }
  return sum / figures;
}

const known = ENGINE_OVERHEADS[engine];
const best: Fitted = {};
let loss = lossOf(best);
console.log(`${fitted.length} rows of ${engine}, loss ${loss.toFixed(4)}`);
for (const step of STEPS) {
  for (let round = 0; round < ROUNDS; round++) {
    const before = loss;
    for (const name of names) {
      for (const factor of [step, 1 / step]) {
        let moved = true;
        while (moved) {
          const value = best[name] ?? known[name];
          const tried = value === 0 ? (factor > 1 ? FIRST_TRY : 0) : value * factor;
          const found = tried === value ? Infinity : lossOf({ ...best, [name]: tried });
          moved = found < loss - 1e-5;
          if (!moved) continue;
          [best[name], loss] = [tried, found];
          console.log(`${name} ${tried.toPrecision(3)}: loss ${loss.toFixed(4)}`);
        }
      }
    }
    if (before - loss < 5e-4) break;
  }
}
console.log(JSON.stringify(best));
