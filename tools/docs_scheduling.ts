/** `docs/scheduling.md`: what misreading the share of free pages costs. */

import { loadWorkload, requireLoaded } from "../fixtures/mod.ts";
import { AVAILABILITY_READINGS, type AvailabilityReading } from "../bench/result/mod.ts";
import { markdownList, markdownParagraph, markdownTable } from "../bench/report/markdown.ts";
import type { RunPerformance } from "../bench/result/mod.ts";
import { runBench } from "../bench/run/mod.ts";
import { renderSchedulers } from "./docs_schedulers.ts";

/** Fixture that the faults are shown on. */
const FAULT_FIXTURE = "scheduler-faults";
/** Pages per head with which the same requests are short of memory. */
const SCARCE_PAGES = 512;

const MEANINGS: Readonly<Record<AvailabilityReading, string>> = {
  "pools": "free pages of all pools over all pages, a real number (right)",
  "emptied-list": "the legacy free list, empty once heads have pools of their own: always 0",
  "integer-division": "free over total in whole numbers: 0 as soon as one page is held",
  "mixed-units":
    "pages held by single heads, taken from the number of pages of all heads: below 0 from 1/H on",
};

/** Replays the fixture once for each reading; `pages` replaces the fixture's. */
export async function replayReadings(
  pages: number | null,
): Promise<ReadonlyMap<AvailabilityReading, RunPerformance>> {
  const overrides = pages === null
    ? []
    : [{ path: "cache.pages", value: pages, origin: "docs/scheduling.md" }];
  const workload = requireLoaded(await loadWorkload(FAULT_FIXTURE, { overrides }));
  const runs = new Map<AvailabilityReading, RunPerformance>();
  for (const availability of AVAILABILITY_READINGS) {
    const { sides } = await runBench({
      workload,
      clock: { kind: "model", reason: null },
      maxChecks: 1,
      availability,
    });
    runs.set(availability, sides.find(({ name }) => name === "headwise")!.runs[0].performance!);
  }
  return runs;
}

/** Lays out the document. */
export async function renderSchedulingDocument(): Promise<string> {
  const right = (title: string) => ({ title, align: "right" as const });
  const rows: string[][] = [];
  for (const pages of [null, SCARCE_PAGES]) {
    const runs = await replayReadings(pages);
    const healthy = runs.get("pools")!;
    for (const [reading, run] of runs) {
      rows.push([
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
  const lines = [
    "# Schedulers and scheduling faults",
    "",
    "<!-- Written by `deno task docs:figures`; do not edit. -->",
    "",
    ...markdownParagraph(
      "Engines pace admission by the share of pages that are free. A wrong reading of that share " +
        "breaks nothing that a test of outputs would see: every request is served, only later. " +
        `Fixture \`${FAULT_FIXTURE}\` sends bursts of short prompts, of which one step can take ` +
        "many in, and the setting `--availability` of `bench` reads the share in one of the ways " +
        "that really happened:",
    ),
    "",
    ...markdownList(
      AVAILABILITY_READINGS.map((reading) => `\`${reading}\`: ${MEANINGS[reading]}`),
    ),
    "",
    ...markdownParagraph(
      "A step takes requests in as long as their pages fit what the reading promises; the first " +
        "one is always tried, or a reading of 0 would stop the engine for ever. Read rightly this " +
        "holds back nothing that the pools have room for. Changes are against the right reading, " +
        "on the side `headwise`, with the `model` clock; memory is the fixture's (plenty) or " +
        `${SCARCE_PAGES} pages per head (short, so that pools refuse most requests anyway).`,
    ),
    "",
    ...markdownTable([
      { title: "memory" },
      { title: "reading" },
      right("mean TTFT"),
      right("p95 TTFT"),
      right("queueing"),
      right("mean TBT"),
      right("throughput"),
    ], rows),
    "",
    ...markdownParagraph(
      "Throughput hardly moves, and TBT even falls, for batches are smaller: TTFT is what gives " +
        "such a fault away.",
    ),
    "",
    ...await renderSchedulers(),
  ];
  while (lines.at(-1) === "") lines.pop();
  return `${lines.join("\n")}\n`;
}

function change(value: number, base: number): string {
  const percent = (value / base - 1) * 100;
  const text = Math.abs(percent).toFixed(1);
  return text === "0.0" ? "±0.0 %" : `${percent > 0 ? "+" : "−"}${text} %`;
}
