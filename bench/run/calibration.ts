/** A card's profile and a fit's factors behind a run: read, used, stated, and refused beside others. */

import type { Workload } from "../../fixtures/mod.ts";
import {
  type CostModel,
  findDataSheet,
  linksOf,
  NO_FACTORS,
  openCard,
  parseCardProfile,
  SHIPPED_PROFILES,
} from "../card/mod.ts";
import {
  isAdapterClock,
  placementOfWorkload,
  servedWorkload,
  type StepClock,
} from "../clock/mod.ts";
import { BenchError, type ClockCalibration, type ResultCeilings } from "../result/mod.ts";
import { type Fit, parseFit, validatedError } from "../validation/mod.ts";
import type { Calibration, ClockChoice } from "./options.ts";

/**
 * The calibration that a run asks for by card and fit.
 *
 * @param o `card`: a name, or the text of a profile with its file; `fit`: text and file of a fit.
 * @throws {BenchError} When a file is neither, or the fit is of another card.
 */
export function readCalibration(o: {
  readonly card: string | { readonly text: string; readonly file: string } | null;
  readonly fit: { readonly text: string; readonly file: string } | null;
}): Calibration {
  const fit = o.fit === null ? null : parseFit(o.fit.text, { file: o.fit.file });
  const shipped = SHIPPED_PROFILES();
  const own = o.card === null || typeof o.card === "string"
    ? null
    : parseCardProfile(o.card.text, { file: o.card.file });
  const named = own !== null ? own.card.name : o.card as string | null;
  const card = named ?? fit?.card;
  if (card === undefined || card === null) {
    throw new BenchError(
      "bench/calibration",
      "Cannot calibrate without a card: name it with --card",
    );
  }
  const profiles = own === null ? shipped : [own, ...shipped];
  if (fit !== null && findDataSheet(fit.card) !== findDataSheet(card)) {
    throw new BenchError(
      "bench/calibration",
      `Cannot use the fit "${o.fit!.file}" on ${card}: it was made on ${fit.card}`,
    );
  }
  const fittedTo = fit === null ? null : fit.fittedTo.join("; ");
  const error = fit === null ? null : errorOfFit(fit);
  return {
    card,
    profiles,
    factors: fit?.factors ?? NO_FACTORS,
    fittedTo,
    ...(error === null ? {} : { error }),
  };
}

/**
 * The error that a fit carries: the worst one of leaving each of its results out, for every metric; of
 * a few results that stands for the 90th percentile. Without one the card's class holds.
 */
function errorOfFit({ fittedTo, leaveOneOutError }: Fit): ClockCalibration["error"] | null {
  if (leaveOneOutError === null) return null;
  const { worst } = leaveOneOutError;
  const left = `its ${fittedTo.length} results, each left out once`;
  return { class: `the fit (${left})`, ttft: worst, tpot: worst, throughput: worst };
}

/** Fused attention of the profile that stands for engines' kernels, best first. */
const KERNELS = ["cudnn", "triton-paged", "flash"];

/** Costs of a workload on the card of a calibration. */
export function costOfCalibration(workload: Workload, calibration: Calibration): CostModel {
  const card = openCard(calibration.card, calibration.profiles);
  const kernel = (grids: readonly { readonly kernel: string }[]): string =>
    KERNELS.find((name) => grids.some((grid) => grid.kernel === name)) ?? grids[0].kernel;
  return {
    card,
    links: linksOf(card, calibration.profiles),
    model: servedWorkload(workload),
    placement: placementOfWorkload(workload),
    promptKernel: kernel(card.profile.prompts),
    decodeKernel: kernel(card.profile.decode),
    factors: calibration.factors,
  };
}

/** States a calibration for a result. */
export function describeCalibration(
  { factors, fittedTo, error }: Calibration,
  { card }: CostModel,
): ClockCalibration {
  return {
    card: card.name,
    basis: card.basis,
    profileOf: card.profile.card.name,
    measuredAt: card.profile.measuredAt,
    software: { ...card.profile.software },
    factors: { ...factors },
    fittedTo,
    error: error ?? validatedError({ card: card.name, basis: card.basis }),
  };
}

/** Costs of what stands beside attention: a card's, or by ceilings. */
interface CostsBeside {
  readonly cost: CostModel | null;
  readonly ceilings: ResultCeilings;
}

/**
 * Refuses attention that is timed on one card beside another's profile or ceilings.
 *
 * @param timed The card of the clock, null where no data sheet knows it.
 */
function refuseForeignCosts(timed: string | null, { cost, ceilings }: CostsBeside): void {
  if (timed === null) return;
  if (cost !== null) {
    if (timed === cost.card.name) return;
    throw new BenchError(
      "bench/ceilings",
      `Cannot put times of ${cost.card.name} beside attention that is timed on ${timed}: give the ` +
        `profile of ${timed}`,
    );
  }
  const stated = findDataSheet(ceilings.note)?.name ?? null;
  if (ceilings.source === "measured" || stated === null || timed === stated) return;
  throw new BenchError(
    "bench/ceilings",
    `Cannot put ceilings of ${stated} beside attention that is timed on ${timed}: give the card's ` +
      `profile with --card ${timed}, or the workload ceilings of ${timed}`,
  );
}

/** @throws {BenchError} When attention is timed on one card and the costs beside it are another's. */
export function refuseOtherCard(clock: ClockChoice, costs: CostsBeside): void {
  refuseForeignCosts(cardOfClock(clock), costs);
}

/**
 * The same for cards that are known only once their clocks are open, as an adapter's is.
 *
 * @throws {BenchError} Also when two sides are timed on different cards.
 */
export function refuseOtherCards(costs: CostsBeside, clocks: readonly StepClock[]): void {
  const adapters = clocks.filter(isAdapterClock);
  const [first] = adapters;
  for (const { opened } of adapters) {
    if (opened.card === first.opened.card && opened.driver === first.opened.driver) continue;
    throw new BenchError(
      "bench/clock-refused",
      `Cannot compare times of '${first.opened.card}' (driver ${first.opened.driver}) with times of ` +
        `'${opened.card}' (driver ${opened.driver}): the adapter has to time all sides on one card`,
    );
  }
  for (const clock of adapters) {
    const sheet = clock.opened.isSoftware ? undefined : findDataSheet(clock.opened.card);
    refuseForeignCosts(sheet?.name ?? null, costs);
  }
}

/** Card that a clock times on, where it is one that data sheets know. */
function cardOfClock(clock: ClockChoice): string | null {
  if (clock.kind === "gpu" && !clock.isSoftware) return findDataSheet(clock.adapter)?.name ?? null;
  if (clock.kind === "table") return findDataSheet(clock.table.card ?? "")?.name ?? null;
  return null;
}
