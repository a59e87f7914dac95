/**
 * The steps of a replay as a trace for ui.perfetto.dev, in the Trace Event Format: a process for
 * each side, a slice for each step, counters of batch and pages, and a track for each request.
 */

import {
  type BenchResult,
  type RequestList,
  ResultError,
  type RunResult,
  type StepTimeline,
} from "../result/mod.ts";
import type { ReportInput } from "./report_input.ts";

type Counts = Readonly<Record<string, number>>;

/** An event: a name, a slice, a counter, or an end of a request; times are in microseconds. */
export type TraceEvent =
  & { readonly pid: number; readonly tid?: number }
  & (
    | {
      readonly ph: "M";
      readonly name: "process_name" | "thread_name";
      readonly args: { readonly name: string };
    }
    | (
      & { readonly name: string; readonly ts: number }
      & (
        | { readonly ph: "X"; readonly cat: "step"; readonly dur: number; readonly args: Counts }
        | { readonly ph: "C"; readonly args: Counts }
        | {
          readonly ph: "b" | "e";
          readonly id: string;
          readonly cat: "request";
          readonly args?: Counts;
        }
      )
    )
  );

/**
 * Writes the first pair of every side as a trace.
 *
 * @param inputs Results of replayed benchmarks.
 * @returns JSON, an event a line, that ends in a newline.
 * @throws {ResultError} When a file holds no steps.
 */
export function renderPerfetto(inputs: readonly ReportInput[]): string {
  let pid = 0;
  const events = inputs.flatMap((input) => {
    const sides = input.kind === "bench" ? recordedSides(input.result) : [];
    if (sides.length === 0) {
      const message = `Cannot write '${input.file}' as perfetto: it holds no steps; run ` +
        `'headwise bench' again with this build and with '--timeline N', N at least the number ` +
        `of steps to see each of them`;
      throw new ResultError("result/not-renderable", input.file, message);
    }
    return sides.flatMap(({ side, run, timeline, requests }) => {
      pid++;
      const name = inputs.length === 1 ? side.name : `${input.file}: ${side.name}`;
      return [
        ...metadata(pid, name, timeline),
        ...stepEvents(pid, timeline),
        ...requestEvents(pid, run, requests),
      ];
    });
  });
  const lines = events.map((event) => JSON.stringify(event));
  return `{"displayTimeUnit":"ms","traceEvents":[\n${lines.join(",\n")}\n]}\n`;
}

function recordedSides({ sides, requestList: requests }: BenchResult) {
  return sides.flatMap((side) => {
    const run = side.runs.find(({ timeline }) => timeline !== null);
    return run === undefined ? [] : [{ side, run, timeline: run.timeline!, requests }];
  });
}

const STEPS_THREAD = 1;

function metadata(pid: number, name: string, { stepsPerEntry }: StepTimeline): TraceEvent[] {
  const steps = stepsPerEntry === 1 ? "steps" : `steps, ${stepsPerEntry} joined`;
  return [
    { ph: "M", pid, name: "process_name", args: { name } },
    { ph: "M", pid, tid: STEPS_THREAD, name: "thread_name", args: { name: steps } },
  ];
}

function stepEvents(pid: number, timeline: StepTimeline): TraceEvent[] {
  return timeline.startMs.flatMap((startMs, entry): TraceEvent[] => {
    const [prefillTokens, decodeTokens] = [
      timeline.prefillTokens[entry],
      timeline.decodeTokens[entry],
    ];
    const ts = microseconds(startMs);
    return [
      {
        ph: "X",
        pid,
        tid: STEPS_THREAD,
        name: prefillTokens === 0 ? "decode" : decodeTokens === 0 ? "prefill" : "prefill + decode",
        cat: "step",
        ts,
        dur: microseconds(timeline.endMs[entry] - startMs),
        args: {
          step: entry * timeline.stepsPerEntry,
          prefillTokens,
          decodeTokens,
          attentionMs: timeline.attentionMs[entry],
          running: timeline.running[entry],
        },
      },
      { ph: "C", pid, name: "batch", ts, args: { running: timeline.running[entry] } },
      {
        ph: "C",
        pid,
        name: "head-pages held",
        ts,
        args: {
          full: timeline.fullHeadPages[entry],
          window: timeline.windowHeadPages[entry],
        },
      },
    ];
  });
}

/** A slice from arrival to last token with its phases inside; nothing of a request that failed. */
function requestEvents(
  pid: number,
  { samples }: RunResult,
  requests: RequestList | null,
): TraceEvent[] {
  if (samples === null || requests === null) return [];
  return requests.ids.flatMap((request, index): TraceEvent[] => {
    const arrivalMs = samples.arrivalMs?.[index] ?? requests.arrivalMs[index];
    const [queueMs, ttftMs, endToEndMs] = [
      samples.queueMs[index],
      samples.ttftMs[index],
      samples.endToEndMs[index],
    ];
    if (queueMs === null || ttftMs === null || endToEndMs === null) return [];
    const edge = { pid, tid: 0, id: `${pid}.${request}`, cat: "request" } as const;
    const args = {
      inputTokens: requests.inputTokens[index],
      outputTokens: requests.outputTokens[index],
      preemptions: samples.preemptions[index],
    };
    const at = (ms: number): number => microseconds(arrivalMs + ms);
    const phase = (name: string, fromMs: number, toMs: number): TraceEvent[] => [
      { ...edge, ph: "b", name, ts: at(fromMs) },
      { ...edge, ph: "e", name, ts: at(toMs) },
    ];
    const name = `request ${request}`;
    return [
      { ...edge, ph: "b", name, ts: at(0), args },
      ...phase("queue", 0, queueMs),
      ...phase("prefill", queueMs, ttftMs),
      ...(endToEndMs > ttftMs ? phase("decode", ttftMs, endToEndMs) : []),
      { ...edge, ph: "e", name, ts: at(endToEndMs) },
    ];
  });
}

function microseconds(ms: number): number {
  return Math.round(ms * 1e6) / 1e3;
}
