/** Every published row predicted, with and without a fit, and what the errors come to. */

import { type CardProfile, findDataSheet } from "../card/mod.ts";
import { findEngine } from "./engines.ts";
import {
  classesOf,
  errorsOf,
  type ErrorSummary,
  type MetricError,
  type RowClasses,
  summarise,
  type ValidatedMetric,
} from "./errors.ts";
import { type Prediction, predictRow } from "./predict_row.ts";
import type { PublishedRow } from "./published.ts";
import type { PublishedData } from "./read.ts";
import { seedOf } from "./row_requests.ts";

/** One row's outcome. */
export type ValidatedRow =
  & { readonly row: PublishedRow }
  & (
    | {
      readonly kind: "predicted";
      readonly prediction: Prediction;
      readonly classes: RowClasses;
      readonly errors: readonly MetricError[];
      /** Whether engines' constants were fitted on rows like this one, or it was held out. */
      readonly split: "fitted" | "held out";
    }
    | {
      readonly kind: "unexpressed";
      readonly reason: string;
      /** Where what it says of stands, as `file:line:column`. */
      readonly place: string;
    }
  );

/** One factor, fitted on one row of a (model, card, engine) and tried on the others. */
export interface GroupFit {
  /** Model, types, card and engine. */
  readonly group: string;
  /** Row that it was fitted on: the seeded first one of the group. */
  readonly anchor: string;
  /** Factor on every duration. */
  readonly factor: number;
  /** Errors of the other rows. */
  readonly errors: readonly MetricError[];
}

/** A pair of rows that differ in one thing. */
export interface PairOutcome {
  /** What they differ in. */
  readonly name: string;
  /** Row that the change is counted from. */
  readonly base: string;
  /** Row with the change. */
  readonly row: string;
  /** Change of throughput, measured and predicted, as a share. */
  readonly measured: number;
  /** See `measured`. */
  readonly predicted: number;
}

/** Everything that validation says. */
export interface Validation {
  /** All rows. */
  readonly rows: readonly ValidatedRow[];
  /** Fits of one factor. */
  readonly fits: readonly GroupFit[];
  /** Pairs. */
  readonly pairs: readonly PairOutcome[];
}

/** Whether a row's engine constants were fitted on it: a rule by its id alone. */
export function splitOf(id: string): "fitted" | "held out" {
  return seedOf(`split:${id}`) % 2 === 0 ? "fitted" : "held out";
}

/** Predicts all rows, and fits and compares what can be. */
export function validate(data: PublishedData, profiles: readonly CardProfile[]): Validation {
  const rows = predictAll(data, profiles);
  return { rows, fits: fitGroups(data, profiles), pairs: pairsOf(rows) };
}

/** Predicts all rows, without a fit. */
export function predictAll(
  data: PublishedData,
  profiles: readonly CardProfile[],
): ValidatedRow[] {
  const options = { geometries: data.geometries, profiles };
  return data.rows.map((row): ValidatedRow => {
    const outcome = predictRow(row, options);
    if (outcome.kind === "unexpressed") {
      const { reason, at } = outcome;
      return { row, kind: "unexpressed", reason, place: data.placeOf(row.id, at) };
    }
    const { prediction } = outcome;
    return {
      row,
      kind: "predicted",
      prediction,
      classes: classesOf(row, data.geometries.get(row.geometry!)!, {
        basis: prediction.basis,
        card: findDataSheet(row.gpu)!.name,
        engine: findEngine(row.engine)!,
      }),
      errors: errorsOf(row, prediction),
      split: splitOf(row.id),
    };
  });
}

function fitGroups(data: PublishedData, profiles: readonly CardProfile[]): GroupFit[] {
  const groups = new Map<string, PublishedRow[]>();
  for (const row of data.rows) {
    if (!isNamed(row, data)) continue;
    const key = [
      row.geometry,
      row.weights_dtype ?? "",
      findDataSheet(row.gpu)!.name,
      findEngine(row.engine)!,
    ].join(", ");
    groups.set(key, [...groups.get(key) ?? [], row]);
  }
  const fits: GroupFit[] = [];
  for (const [group, rows] of groups) {
    if (rows.length < 2) continue;
    const ordered = [...rows].sort((a, b) => seedOf(`anchor:${a.id}`) - seedOf(`anchor:${b.id}`));
    const [anchor, ...others] = ordered;
    const predict = (row: PublishedRow, factor: number): MetricError[] => {
      const { geometries } = data;
      const outcome = predictRow(row, { geometries, profiles, timeFactor: factor });
      return outcome.kind === "predicted" ? errorsOf(row, outcome.prediction) : [];
    };
    if (predict(anchor, 1).length === 0) continue;
    const factor = fitFactor((tried) => predict(anchor, tried));
    fits.push({
      group,
      anchor: anchor.id,
      factor,
      errors: others.flatMap((row) => predict(row, factor)),
    });
  }
  return fits;
}

/** Whether a row's card, engine and geometry are known. */
function isNamed(row: PublishedRow, { geometries }: PublishedData): boolean {
  return findDataSheet(row.gpu) !== undefined && findEngine(row.engine) !== undefined &&
    geometries.has(row.geometry ?? "");
}

/** The factor in 1/4…4 with the least sum of squared logarithms of errors, by golden section. */
function fitFactor(errorsAt: (factor: number) => readonly MetricError[]): number {
  // Waiting and transport make a first token's time a weak witness of the kernels.
  const weight = { ttft: 0.2, tpot: 1, throughput: 1 };
  const loss = (logarithm: number): number =>
    errorsAt(Math.exp(logarithm)).reduce(
      (sum, { error, metric }) => sum + weight[metric] * Math.log1p(error) ** 2,
      0,
    );
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [-Math.log(4), Math.log(4)];
  let [left, right] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [lossLeft, lossRight] = [loss(left), loss(right)];
  for (let round = 0; round < 9; round++) {
    if (lossLeft < lossRight) {
      [high, right, lossRight] = [right, left, lossLeft];
      left = high - ratio * (high - low);
      lossLeft = loss(left);
    } else {
      [low, left, lossLeft] = [left, right, lossRight];
      right = low + ratio * (high - low);
      lossRight = loss(right);
    }
  }
  return Math.exp((low + high) / 2);
}

/** Pairs with a base of their own, and the later rows of a name that several rows have. */
function pairsOf(rows: readonly ValidatedRow[]): PairOutcome[] {
  const pairs: PairOutcome[] = [];
  const first = new Map<string, ValidatedRow>();
  for (const one of rows) {
    const { ab_pair: name, ab_base: baseId } = one.row;
    if (name === undefined || name.startsWith("baseline:")) continue;
    const base = baseId === undefined ? first.get(name) : rows.find(({ row }) => row.id === baseId);
    if (!first.has(name)) first.set(name, one);
    if (base === undefined || base === one) continue;
    if (base.kind !== "predicted" || one.kind !== "predicted") continue;
    const measured = [base, one].map(({ row }) => row.output_tokens_per_s);
    if (measured[0] === undefined || measured[1] === undefined) continue;
    pairs.push({
      name,
      base: base.row.id,
      row: one.row.id,
      measured: measured[1] / measured[0] - 1,
      predicted: one.prediction.outputTokensPerSecond /
          base.prediction.outputTokensPerSecond - 1,
    });
  }
  return pairs;
}

/** Errors of rows by class and metric, every dimension of classes apart, `all` first. */
export function classErrors(
  rows: readonly ValidatedRow[],
): Map<string, Partial<Record<ValidatedMetric, ErrorSummary>>> {
  const found = new Map<string, Record<ValidatedMetric, number[]>>();
  const add = (name: string, { metric, error }: MetricError): void => {
    const known = found.get(name) ?? { ttft: [], tpot: [], throughput: [] };
    known[metric].push(error);
    found.set(name, known);
  };
  for (const one of rows) {
    if (one.kind !== "predicted") continue;
    const { classes, errors } = one;
    for (const error of errors) {
      add("all", error);
      add(classes.card.endsWith("(profile)") ? "cards with a profile" : "cards without one", error);
      add(`rows ${one.split}`, error);
      add(`model: ${classes.model}`, error);
      add(`card: ${classes.card}`, error);
      add(`engine: ${classes.engine}`, error);
      add(`load: ${classes.load}`, error);
    }
  }
  const order = [...found.keys()].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return new Map(order.map((name) => {
    const { ttft, tpot, throughput } = found.get(name)!;
    const summaries: Partial<Record<ValidatedMetric, ErrorSummary>> = {};
    for (const [metric, errors] of Object.entries({ ttft, tpot, throughput })) {
      const summary = summarise(errors);
      if (summary !== null) summaries[metric as ValidatedMetric] = summary;
    }
    return [name, summaries];
  }));
}

function rank(name: string): number {
  const kinds = ["all", "cards", "rows", "model", "card:", "engine", "load"];
  return kinds.findIndex((kind) => name.startsWith(kind));
}
