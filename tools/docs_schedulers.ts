/** The part of `docs/scheduling.md` that compares engines' schedulers. */

import {
  loadWorkload,
  requireLoaded,
  SCHEDULER_PROFILES,
  type SchedulerProfile,
} from "../fixtures/mod.ts";
import { markdownList, markdownParagraph, markdownTable } from "../bench/report/markdown.ts";
import { runBench } from "../bench/run/mod.ts";

const FIXTURES = ["eb45-21b-a3b-32k-bf16-kv50-512s", "narrow-window"] as const;

/** Lays the part out. */
export async function renderSchedulers(): Promise<string[]> {
  const profiles = Object.keys(SCHEDULER_PROFILES) as SchedulerProfile[];
  const rows: string[][] = [];
  for (const fixture of FIXTURES) {
    for (const profile of profiles) rows.push(await replayProfile(fixture, profile));
  }
  const right = (title: string) => ({ title, align: "right" as const });
  return [
    "## Engines' schedulers",
    "",
    ...markdownParagraph(
      "`scheduler.profile` of a workload, or `--scheduler` of `bench`, chooses whose decisions are " +
        "made. Each profile follows a public source; what of it a single replay cannot show " +
        "(priorities, encoders, disaggregation, host memory) is left out:",
    ),
    "",
    ...markdownList(profiles.map((profile) => {
      const { brief, source } = SCHEDULER_PROFILES[profile];
      return `\`${profile}\`: ${brief} (${source})`;
    })),
    "",
    ...markdownParagraph(
      "`admission` (`vllm-v1`) is what has to fit when a request is taken in: its first chunk, or " +
        "its whole prompt, which later versions of vLLM ask for. `longPrefillTokens` and " +
        "`watermarkRatio` are vLLM's `long_prefill_token_threshold` and `watermark`, `mixChunks` is " +
        "SGLang's `enable_mixed_chunk`. With `overlap` a step is planned while the one before it " +
        "runs: arrivals and pages of ended requests count one step later. A setting that the " +
        "profile does not know is refused. Chunks end on page boundaries where window heads " +
        "recycle. The side is `headwise`, the clock `model`; only decisions differ, not the time " +
        "that an engine spends on making them.",
    ),
    "",
    ...markdownTable([
      { title: "fixture" },
      { title: "scheduler" },
      right("mean TTFT [s]"),
      right("mean TBT [ms]"),
      right("p99 TBT [ms]"),
      right("output tokens/s"),
      right("preemptions"),
    ], rows),
    "",
    "## Arrivals",
    "",
    ...markdownParagraph(
      "`requests.arrivals` of a workload says when requests come: `all-at-once`, `constant`, " +
        "`poisson`, `gamma`, and besides:",
    ),
    "",
    ...markdownList([
      "`ramp`: Poisson arrivals whose rate goes evenly from `fromPerSecond` to `toPerSecond` in " +
      "`seconds`, and then stays",
      "`closed-loop`: `concurrency` requests at once, each that ends or fails bringing the next " +
      "(`--concurrency N`); arrivals then differ by side, and the result has them",
      "`saturation-share`: Poisson arrivals at `share` of the rate at which the baseline serves the " +
      "same requests when all wait at once, by the `model` clock (`--load 0.5`); the result records " +
      "the rate, and every side gets the same arrivals. Fixture `eb45-half-load` is the main one so",
    ]),
    "",
    ...markdownParagraph(
      "Saturated, TTFT is almost only queueing, so a result has both: TTFT from the arrival, and " +
        "without queueing, from the first step with the request in it.",
    ),
    "",
    "## Replicas",
    "",
    ...markdownParagraph(
      "`replicas: N` in a fixture, or `--replicas N`, puts N engines, each with pools of its own, " +
        "behind a router (`router`, `--router`). A " +
        "router knows what it has sent and not what becomes of it: load is the tokens sent to a " +
        "replica, drained at the rate at which the saturated baseline serves them by a modelled " +
        "clock. The assignment follows from the requests alone and is the same on every side.",
    ),
    "",
    ...markdownList([
      "`round-robin`: replicas in turn",
      "`least-loaded`: the fewest tokens left",
      "`prefix-aware`: the fewest tokens left and, of the prompt, to be computed; a router forgets " +
      "the oldest blocks beyond what one replica's pages hold; it needs the prefix cache and " +
      "requests that name their blocks",
    ]),
    "",
    ...markdownParagraph(
      "Requests and gaps of all replicas are pooled; running requests, pages and steps are added " +
        "up, and the timeline of steps is left out.",
    ),
    "",
    ...markdownParagraph(
      "Where a clock computes the steps (`model`, `table`), each replica is replayed by a thread, " +
        "on all cores or on `--workers N`; results come back in the order of the replicas, so " +
        "that a result has the same bytes on one core and on many. A thread has no files and no " +
        "permission that the run does not have, and needs none; an error is that of the first " +
        "replica that has one. A device or an adapter's program replays one replica after the " +
        "other.",
    ),
    "",
    ...markdownParagraph(
      "`deno task bench:fleet` replays one fleet with 1, 2, 4, 8 and 16 threads in one run, compares " +
        "the bytes of the results and prints ratios of wall time. 51,200 requests to 64 replicas " +
        "(4,509,361 steps on all sides), once, on 32 cores of a machine whose cards and some cores " +
        "were busy with other benchmarks: 2, 4, 8 and 16 threads were 1.85, 2.8, 4.2 and 4.5 times " +
        "as fast as one, with the same bytes. What stands in the way of more is that every thread " +
        "compiles the program for itself: CPU time was 1.1, 1.4, 1.8 and 2.9 times that of one " +
        "thread, so a further thread costs about an eighth of this whole run before it is as fast " +
        "as the first. That cost does not grow with the requests: on a machine of two cores a second " +
        "thread took 1.9 times the CPU time with 3,200 requests and 1.1 times with 38,400.",
    ),
    "",
    "## Long traces",
    "",
    ...markdownParagraph(
      "A replay of up to 524,288 steps keeps each of them, and one of up to 131,072 requests a " +
        "value for each; their figures are exact. Beyond that, gaps between tokens and latencies " +
        "of requests go to buckets: counts, means, least and most stay exact, and a percentile is " +
        "within 2⁻¹³ of the exact one, which the result states. `bench` keeps a value per request at " +
        "any length, for results store them. `deno task bench:replay` measures time and resident " +
        "memory of the Mooncake conversation trace once, ten and a hundred times over, in a young " +
        "generation of 2 MiB. Its limit is 200 MiB: ten times (120,310 requests, 3,691,463 steps) " +
        "took 172 MiB, and a hundred times (1,203,100 requests, 36,903,713 steps) 193 MiB, at no " +
        "more time a request. Once, it takes a third of the time that version 0.1 takes.",
    ),
    "",
    "## Sessions",
    "",
    ...markdownParagraph(
      "A row of a trace with `session_id` and `delay` in place of a time stamp is a turn that " +
        "arrives so long after the answer before it in its session. The replay sends it when that " +
        "answer has ended on the side that is replayed, so arrivals differ by side and the result " +
        "has them; where the turn before failed, the next one follows the failure. Behind a router " +
        "all turns go to the replica of the first. `bench --endpoint` sends turns in the same way.",
    ),
    "",
  ];
}

async function replayProfile(fixture: string, profile: SchedulerProfile): Promise<string[]> {
  const origin = "docs/scheduling.md";
  const workload = requireLoaded(
    await loadWorkload(fixture, {
      overrides: [{ path: "scheduler.profile", value: profile, origin }],
    }),
  );
  const { sides } = await runBench({
    workload,
    clock: { kind: "model", reason: null },
    maxChecks: 1,
  });
  const { whole, outputTokensPerSecond, preemptions } = sides
    .find(({ name }) => name === "headwise")!.runs[0].performance!;
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
