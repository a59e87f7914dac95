/** Tables of `docs/calibration.md`: what the gates say on the model clock, and beside a measured one. */

import {
  type CardProfile,
  findDataSheet,
  NO_FACTORS,
  SHIPPED_PROFILES,
} from "../bench/card/mod.ts";
import { markdownTable } from "../bench/report/markdown.ts";
import { type BenchResult, readResult, type SideName } from "../bench/result/mod.ts";
import { type Calibration, runBench } from "../bench/run/mod.ts";
import { loadWorkload, type Override, requireLoaded } from "../fixtures/mod.ts";

/** Fixtures of the table of gates. */
export const GATE_FIXTURES = ["eb45-21b-a3b-32k-bf16-kv50-512s", "capacity-eb45-ratio-75"] as const;
/** Cards of the table of gates; null: the ceilings of the fixture alone. */
export const GATE_CARDS = [null, "H100", "H200"] as const;
/** Measured verdicts, and how their load is called. */
export const MEASURED = [
  { load: "saturated", path: "docs/results/verdict-triton-saturated.json" },
  { load: "half load", path: "docs/results/verdict-triton-half-load.json" },
] as const;

/** A row of the table of gates: one fixture on one card. */
export async function gateRow(fixture: string, card: string | null): Promise<string[]> {
  const result = await runBench({
    workload: requireLoaded(await loadWorkload(fixture)),
    gates: ["gate/read", "gate/capacity"],
    clock: { kind: "model", reason: null },
    maxChecks: 1,
    ...(card === null ? {} : { calibration: calibrationOf(card, SHIPPED_PROFILES()) }),
  });
  const perSecond = (name: SideName): number => rateOf(result, name);
  return [
    `\`${fixture}\``,
    card === null ? "model, no card" : `model, ${card}`,
    changesOf(result),
    result.readGate!.verdict,
    signed(perSecond("pooled-recycle") / perSecond("pooled") - 1),
    result.capacityGate!.verdict,
  ];
}

/** Lays out the table of gates. */
export function gateTable(rows: readonly (readonly string[])[]): string[] {
  const titles = ["fixture", "clock", "reads: TTFT, TBT", "`gate/read`"];
  return markdownTable(
    [...titles, "one pool, recycling: throughput", "`gate/capacity`"].map((title) => ({ title })),
    rows,
  );
}

/** Rows of one measured verdict beside the model clock on the same card, load and requests. */
export async function besideRows(o: (typeof MEASURED)[number]): Promise<string[][]> {
  const measured = await readResult(o.path);
  const card = findDataSheet(measured.clock.adapter!.card!)!.name;
  const overrides: Override[] = Object.entries(measured.workload.settings ?? {})
    .filter(([path]) => path.startsWith("requests."))
    .map(([path, value]) => ({ path, value, origin: o.path }));
  const workload = requireLoaded(await loadWorkload(measured.workload.name, { overrides }));
  const profiles = SHIPPED_PROFILES();
  const play = (kept: readonly CardProfile[]): Promise<BenchResult> =>
    runBench({
      workload,
      gates: ["gate/read"],
      moreSides: ["uniform-clipped"],
      clock: { kind: "model", reason: null },
      maxChecks: 1,
      calibration: calibrationOf(card, kept),
    });
  const paged = await play(profiles.map((profile) => onlyKernel(profile, "triton-paged")));
  const fused = await play(profiles);
  const [from, shipped] = [measured, fused].map(({ clock }) => clock.calibration?.measuredAt);
  const load = `${o.load}, ${measured.requests.count} requests`;
  return [
    besideRow(
      load,
      "Triton, measured",
      measured,
      from === shipped ? `${card}'s profile` : `${card}'s profile of ${from}`,
    ),
    besideRow(load, "model: the profile's Triton kernel", paged, `${card}'s profile`),
    besideRow(load, "model: the profile's cuDNN (the default)", fused, `${card}'s profile`),
  ];
}

/** Lays out the table of a measured clock beside the model's. */
export function besideTable(rows: readonly (readonly string[])[]): string[] {
  const titles = ["load", "attention by", "`row`", "`clipped`", "`headwise`", "rest"];
  return markdownTable(
    [...titles, "`headwise` against `row`", "`gate/read`"].map((title) => ({ title })),
    rows,
  );
}

/**
 * Puts lines between the two marks of a section.
 *
 * @throws {RangeError} When a mark is missing.
 */
export function fillSection(page: string, name: string, lines: readonly string[]): string {
  const [begin, end] = [
    `<!-- ${name}: written by deno task docs:figures -->`,
    `<!-- end: ${name} -->`,
  ];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new RangeError(`Cannot fill "${name}": its marks are missing`);
  return `${page.slice(0, from + begin.length)}\n\n${lines.join("\n")}\n\n${page.slice(to)}`;
}

/** Fills both tables of the page. */
export async function renderCalibrationDocument(page: string): Promise<string> {
  const gates: string[][] = [];
  for (const fixture of GATE_FIXTURES) {
    for (const card of GATE_CARDS) gates.push(await gateRow(fixture, card));
  }
  const beside: string[][] = [];
  for (const each of MEASURED) beside.push(...await besideRows(each));
  return fillSection(fillSection(page, "gates", gateTable(gates)), "beside", besideTable(beside));
}

function calibrationOf(card: string, profiles: readonly CardProfile[]): Calibration {
  return { card, profiles, factors: NO_FACTORS, fittedTo: null };
}

/** A profile whose attention is by one kernel. */
function onlyKernel(profile: CardProfile, kernel: string): CardProfile {
  return {
    ...profile,
    prompts: profile.prompts.filter((grid) => grid.kernel === kernel),
    decode: profile.decode.filter((grid) => grid.kernel === kernel),
  };
}

function besideRow(load: string, name: string, result: BenchResult, rest: string): string[] {
  return [
    load,
    name,
    ...attentionCells(result),
    `${secondsOf(result, "uniform").rest.toFixed(1)}, ${rest}`,
    changesOf(result),
    result.readGate!.verdict,
  ];
}

function attentionCells(result: BenchResult): string[] {
  return (["uniform", "uniform-clipped", "headwise"] as const)
    .map((name) => secondsOf(result, name).attention.toFixed(1));
}

/** Seconds of attention and of the rest over a whole run, on the mean over the runs of a side. */
function secondsOf(result: BenchResult, name: SideName): { attention: number; rest: number } {
  const runs = runsOf(result, name);
  const mean = (key: "attentionMs" | "restMs"): number =>
    runs.reduce((sum, run) => sum + run[key], 0) / runs.length / 1000;
  return { attention: mean("attentionMs"), rest: mean("restMs") };
}

function runsOf(result: BenchResult, name: SideName) {
  return result.sides.find((side) => side.name === name)!.runs.map((run) => run.performance!);
}

function rateOf(result: BenchResult, name: SideName): number {
  const runs = runsOf(result, name);
  return runs.reduce((sum, run) => sum + run.outputTokensPerSecond!, 0) / runs.length;
}

/** Changes of mean TTFT and mean TBT from `row` to `headwise`. */
function changesOf(result: BenchResult): string {
  return (["ttftMs", "tbtMs"] as const).map((key) => {
    const mean = (name: SideName): number =>
      runsOf(result, name).reduce((sum, { whole }) => sum + whole[key]!.mean, 0);
    return signed(mean("headwise") / mean("uniform") - 1);
  }).join(", ");
}

function signed(share: number): string {
  return `${share < 0 ? "−" : "+"}${Math.abs(share * 100).toFixed(1)} %`;
}
