/** Whether two results may be compared: what differs is named with both values. */

import {
  BenchError,
  type BenchResult,
  contentText,
  type GivenSample,
  type SideName,
} from "../result/mod.ts";
import { sha256 } from "../../fixtures/mod.ts";

/** A fact that both results must agree in, as it is shown. */
type Facts = ReadonlyMap<string, string>;

/**
 * Refuses results that replayed different things, or measured on different machines.
 *
 * @throws {BenchError} With every fact that differs and both values.
 */
export function refuseDifferent(baseline: BenchResult, candidate: BenchResult): void {
  const differing = differencesOf(factsOf, baseline, candidate);
  const [first] = differing;
  if (first !== undefined) {
    const listed = differing.map(([name, left, right]) =>
      `${name} is '${left}' in one and '${right}' in the other`
    );
    throw new BenchError(
      "gate/not-comparable",
      `Cannot compare the results: ${listed.join("; ")}; replay both with the same`,
    );
  }
}

/**
 * Whether two results are one, as when one file is given twice. Runs of a deterministic clock are
 * equal by right.
 */
export function isSameRun(baseline: BenchResult, candidate: BenchResult): boolean {
  return !baseline.clock.deterministic &&
    contentText(baseline.sides) === contentText(candidate.sides);
}

/**
 * The runs of a side as samples, which may be given once: a result that was resumed holds the runs
 * of the one that was stopped.
 *
 * @param o What messages call the result, and the side; every side where left out.
 * @returns The runs that have a timing; none with a deterministic clock, whose runs are equal by
 * right.
 */
export function samplesOf(
  { clock, sides }: BenchResult,
  o: { readonly name: string; readonly side?: SideName },
): GivenSample[] {
  if (clock.deterministic) return [];
  return sides.filter(({ name }) => o.side === undefined || name === o.side).flatMap(({ runs }) =>
    runs.filter(({ performance }) => performance !== null)
      .map(({ performance, samples }) => ({ name: o.name, contents: [{ performance, samples }] }))
  );
}

/**
 * Names what may differ between the results of two builds, and is not hidden: versions, commits,
 * drivers, the runtime, an adapter's kernels and files of times.
 *
 * @returns A line for each, with both values.
 */
export function namedDifferences(baseline: BenchResult, candidate: BenchResult): string[] {
  return differencesOf(buildOf, baseline, candidate)
    .map(([name, left, right]) => `${name}: '${left}' against '${right}'`);
}

function differencesOf(
  read: (result: BenchResult, o: Recorded) => Facts,
  baseline: BenchResult,
  candidate: BenchResult,
): (readonly [name: string, left: string, right: string])[] {
  const both = [baseline, candidate];
  const recorded = {
    isResolved: both.every(({ workload }) => workload.settings !== undefined),
    areListed: both.every(({ requestList }) => requestList !== null),
  };
  const [left, right] = [read(baseline, recorded), read(candidate, recorded)];
  const names = [...new Set([...left.keys(), ...right.keys()])];
  return names.flatMap((name) => {
    const [one, other] = [left.get(name) ?? "not there", right.get(name) ?? "not there"];
    return one === other ? [] : [[name, one, other] as const];
  });
}

/** What both results have recorded beside their figures. */
interface Recorded {
  /** Settings of the workload; where one lacks them, hashes of the texts stand for them. */
  readonly isResolved: boolean;
  /** Every request. */
  readonly areListed: boolean;
}

function factsOf(result: BenchResult, o: Recorded): Facts {
  const { workload, requests, requestList, options, clock, environment } = result;
  const { calibration, table } = clock;
  const facts = new Map<string, string>();
  const add = (name: string, value: unknown): void => void facts.set(name, String(value));
  add("workload", workload.name);
  add("model", workload.model);
  if (o.isResolved) {
    for (const [path, value] of Object.entries(workload.settings ?? {})) {
      add(path === "headMap" ? "head map" : path, value);
    }
  } else {
    add("head map", workload.headMapName);
    add("pages of a head", workload.pagesPerHead);
    add("text of the workload", shorten(workload.sha256));
  }
  add("text of the model", shorten(workload.modelSha256));
  add("ranks", workload.tensorParallel);
  add("trace", requests.trace ?? "none");
  add("bytes of the trace", requests.sha256 === null ? "none" : shorten(requests.sha256));
  add("number of requests", requests.count);
  const { replicas, router } = options.fleet ?? { replicas: 1, router: "none" };
  add("replicas", replicas);
  add("router", router);
  add("page order", options.pageOrder);
  add("prefix cache", options.prefixCache ? "on" : "off");
  add("reading of availability", options.availability);
  add("seed", options.seed);
  add("clock", clock.kind);
  add("card", environment.adapter ?? "none");
  add("card of the file of times", table?.card ?? "none");
  add("profile of the card", calibration?.profileOf ?? "none");
  add("card that the profile stands for", calibration?.card ?? "none");
  add("date of the profile", calibration?.measuredAt ?? "none");
  add("fitted factors", calibration === undefined ? "none" : contentText(calibration.factors));
  add("source of the ceilings", clock.ceilings.source);
  // Measured ceilings differ a little each time; the card that they are of is compared.
  if (clock.ceilings.source !== "measured") {
    add("memory ceiling", clock.ceilings.memoryBytesPerSecond);
    add("operations ceiling", clock.ceilings.flopsPerSecond);
  }
  if (o.areListed) add("list of requests", shorten(sha256(contentText(requestList))));
  return facts;
}

function buildOf({ environment, clock: { adapter, table } }: BenchResult): Facts {
  const { headwise, commit, clean, driver, deno } = environment;
  const facts = new Map<string, string>([["deno", deno]]);
  const add = (name: string, value: unknown): void => {
    if (value !== undefined && value !== null) facts.set(name, String(value));
  };
  add("version", headwise);
  add("commit", commit);
  if (clean === false) facts.set("checkout", "changed since its commit");
  add("driver", driver);
  add("kernels", adapter && contentText(adapter.kernels));
  add("arithmetic of the kernels", adapter && contentText(adapter.arithmetic));
  add("versions of the adapter", adapter && contentText(adapter.versions));
  add("file of times", table && `${table.name} (${shorten(table.sha256)})`);
  return facts;
}

function shorten(sha256: string): string {
  return `SHA-256 ${sha256.slice(0, 12)}…`;
}
