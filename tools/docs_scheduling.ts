/** Figures of `docs/scheduling.md`: what misreading the share of free pages costs, and profiles. */

import { markdownList, markdownTable } from "../bench/report/markdown.ts";
import {
  AVAILABILITY_READINGS,
  type AvailabilityReading,
  type RunPerformance,
} from "../bench/result/mod.ts";
import { figures, labels } from "../cli/terminal/mod.ts";
import { SCHEDULER_PROFILES, type SchedulerProfile } from "../fixtures/mod.ts";
import {
  loadFixture,
  type PageSections,
  performancesOf,
  replayByModel,
  signedPercent,
} from "./docs_page.ts";

/** Pages per head with which the fixture of faults is short of memory, as the page says. */
const SCARCE_PAGES = 512;
/** Fixtures that profiles are compared on. */
const FIXTURES = ["eb45-21b-a3b-32k-bf16-kv50-512s", "narrow-window"] as const;
const PROFILES = Object.keys(SCHEDULER_PROFILES) as SchedulerProfile[];

const MEANINGS: Readonly<Record<AvailabilityReading, string>> = {
  "pools": "free pages of all pools over all pages, a real number (right)",
  "emptied-list": "the legacy free list, empty once heads have pools of their own: always 0",
  "integer-division": "free over total in whole numbers: 0 as soon as one page is held",
  "mixed-units":
    "pages held by single heads, taken from the number of pages of all heads: below 0 from 1/H on",
};

/** Replays the fixture of faults once for each reading; `pages` replaces the fixture's. */
export async function replayReadings(
  pages: number | null,
): Promise<ReadonlyMap<AvailabilityReading, RunPerformance>> {
  const workload = await loadFixture(
    "scheduler-faults",
    pages === null ? {} : { "cache.pages": pages },
  );
  const runs = new Map<AvailabilityReading, RunPerformance>();
  for (const availability of AVAILABILITY_READINGS) {
    const result = await replayByModel(workload, { availability });
    runs.set(availability, performancesOf(result, "headwise")[0]);
  }
  return runs;
}

/** Replays everything and lays it out. */
export async function schedulingSections(): Promise<PageSections> {
  const faults: string[][] = [];
  for (const pages of [null, SCARCE_PAGES]) {
    const runs = await replayReadings(pages);
    const healthy = runs.get("pools")!;
    for (const [reading, run] of runs) {
      faults.push([
        pages === null ? "plenty" : "short",
        `\`${reading}\``,
        change(run.whole.ttftMs!.mean, healthy.whole.ttftMs!.mean),
        change(run.whole.ttftMs!.p95, healthy.whole.ttftMs!.p95),
        change(run.queueMs!.mean, healthy.queueMs!.mean),
        change(run.whole.tbtMs!.mean, healthy.whole.tbtMs!.mean),
        change(run.outputTokensPerSecond!, healthy.outputTokensPerSecond!),
      ]);
    }
  }
  const schedulers: string[][] = [];
  for (const fixture of FIXTURES) {
    for (const profile of PROFILES) schedulers.push(await replayProfile(fixture, profile));
  }
  return {
    readings: markdownList(
      AVAILABILITY_READINGS.map((reading) => `\`${reading}\`: ${MEANINGS[reading]}`),
    ),
    faults: markdownTable([
      ...labels("memory", "reading"),
      ...figures("mean TTFT", "p95 TTFT", "queueing", "mean TBT", "throughput"),
    ], faults),
    profiles: markdownList(PROFILES.map((profile) => {
      const { brief, source } = SCHEDULER_PROFILES[profile];
      return `\`${profile}\`: ${brief} (${source})`;
    })),
    schedulers: markdownTable([
      ...labels("fixture", "scheduler"),
      ...figures("mean TTFT [s]", "mean TBT [ms]", "p99 TBT [ms]"),
      ...figures("output tokens/s", "preemptions"),
    ], schedulers),
  };
}

async function replayProfile(fixture: string, profile: SchedulerProfile): Promise<string[]> {
  const workload = await loadFixture(fixture, { "scheduler.profile": profile });
  const [run] = performancesOf(await replayByModel(workload), "headwise");
  const { whole, outputTokensPerSecond, preemptions } = run;
  return [
    `\`${fixture}\``,
    `\`${profile}\``,
    (whole.ttftMs!.mean / 1000).toFixed(2),
    whole.tbtMs!.mean.toFixed(2),
    whole.tbtMs!.p99.toFixed(1),
    outputTokensPerSecond!.toFixed(0),
    String(preemptions),
  ];
}

function change(value: number, base: number): string {
  const text = signedPercent(value / base - 1);
  return text.slice(1) === "0.0 %" ? "±0.0 %" : text;
}
