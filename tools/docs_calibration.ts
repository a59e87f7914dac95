/** Tables of `docs/calibration.md`: what the gates say on the model clock, and beside a measured one. */

import {
  type CardProfile,
  findDataSheet,
  NO_FACTORS,
  SHIPPED_PROFILES,
} from "../bench/card/mod.ts";
import { markdownTable } from "../bench/report/markdown.ts";
import { type BenchResult, readResult, type SideName } from "../bench/result/mod.ts";
import type { Calibration } from "../bench/run/mod.ts";
import { labels } from "../cli/terminal/mod.ts";
import {
  loadFixture,
  type PageSections,
  performancesOf,
  replayByModel,
  signedPercent,
} from "./docs_page.ts";

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
  const result = await replayByModel(await loadFixture(fixture), {
    gates: ["gate/read", "gate/capacity"],
    ...(card === null ? {} : { calibration: calibrationOf(card, SHIPPED_PROFILES()) }),
  });
  const perSecond = (name: SideName): number => rateOf(result, name);
  return [
    `\`${fixture}\``,
    card === null ? "model, no card" : `model, ${card}`,
    changesOf(result),
    result.readGate!.verdict,
    signedPercent(perSecond("pooled-recycle") / perSecond("pooled") - 1),
    result.capacityGate!.verdict,
  ];
}

/** Lays out the table of gates. */
export function gateTable(rows: readonly (readonly string[])[]): string[] {
  const titles = ["fixture", "clock", "reads: TTFT, TBT", "`gate/read`"];
  return markdownTable(
    labels(...titles, "one pool, recycling: throughput", "`gate/capacity`"),
    rows,
  );
}

/** Rows of one measured verdict beside the model clock on the same card, load and requests. */
export async function besideRows(o: (typeof MEASURED)[number]): Promise<string[][]> {
  const measured = await readResult(o.path);
  const card = findDataSheet(measured.clock.adapter!.card!)!.name;
  const values = Object.entries(measured.workload.settings ?? {})
    .filter(([path]) => path.startsWith("requests."));
  const workload = await loadFixture(measured.workload.name, Object.fromEntries(values));
  const profiles = SHIPPED_PROFILES();
  const play = (kept: readonly CardProfile[]): Promise<BenchResult> =>
    replayByModel(workload, {
      gates: ["gate/read"],
      moreSides: ["uniform-clipped"],
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
  return markdownTable(labels(...titles, "`headwise` against `row`", "`gate/read`"), rows);
}

/** Replays everything and lays out both tables. */
export async function calibrationSections(): Promise<PageSections> {
  const gates: string[][] = [];
  for (const fixture of GATE_FIXTURES) {
    for (const card of GATE_CARDS) gates.push(await gateRow(fixture, card));
  }
  const beside: string[][] = [];
  for (const each of MEASURED) beside.push(...await besideRows(each));
  return { gates: gateTable(gates), beside: besideTable(beside) };
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
  const runs = performancesOf(result, name);
  const mean = (key: "attentionMs" | "restMs"): number =>
    runs.reduce((sum, run) => sum + run[key], 0) / runs.length / 1000;
  return { attention: mean("attentionMs"), rest: mean("restMs") };
}

function rateOf(result: BenchResult, name: SideName): number {
  const runs = performancesOf(result, name);
  return runs.reduce((sum, run) => sum + run.outputTokensPerSecond!, 0) / runs.length;
}

/** Changes of mean TTFT and mean TBT from `row` to `headwise`. */
function changesOf(result: BenchResult): string {
  return (["ttftMs", "tbtMs"] as const).map((key) => {
    const mean = (name: SideName): number =>
      performancesOf(result, name).reduce((sum, { whole }) => sum + whole[key]!.mean, 0);
    return signedPercent(mean("headwise") / mean("uniform") - 1);
  }).join(", ");
}
