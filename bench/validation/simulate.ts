/**
 * A replay without pages: requests, slots and tokens of cache counted, one step after another.
 *
 * It stands in for the replay where only lengths, a capacity and an engine's rule of admission are
 * known, as of a published result. On workloads that both can express it makes the same steps.
 */

import { optionError } from "../result/mod.ts";

/** How an engine forms its steps. */
export type BatchingRule =
  /** Decode rows first, prompts fill up the budget, all in one step (vLLM v1, TensorRT-LLM). */
  | "mixed"
  /** Prompts go alone and first, decode rows wait for them (SGLang, LMDeploy). */
  | "prompts-first";

/** Limits of an engine. */
export interface EngineLimits {
  /** How steps are formed. */
  readonly rule: BatchingRule;
  /** Requests that run at once. */
  readonly maxSequences: number;
  /** New tokens of a step. */
  readonly maxBatchedTokens: number;
  /** Tokens that lie in memory at once where a step is worked through in parts. @default {all} */
  readonly partTokens?: number;
  /** Whether a prompt may be cut over steps. */
  readonly chunkedPrefill: boolean;
  /** Share of its remaining output that a request must find free at admission, 0…1. */
  readonly reserveRatio: number;
  /** Longest prompt chunk of a step, all prompts together; the budget where it is null. */
  readonly maxPromptTokens: number | null;
  /**
   * Waiting requests are held back for so many steps while others decode and fewer tokens of prompts
   * wait than these (TensorRT-LLM's batch_wait_timeout_iters and batch_wait_max_tokens_ratio).
   */
  readonly admitTogether?: { readonly steps: number; readonly tokens: number };
}

/** What a request costs in cache: tokens that it holds at a length. */
export type HeldTokens = (lengthTokens: number) => number;

/** One request. */
export interface SimulatedRequest {
  /** Arrival in milliseconds; of closed loops: null, sent when an earlier one ends. */
  readonly arrivalMs: number | null;
  /** Prompt tokens. */
  readonly inputTokens: number;
  /** Tokens to generate. */
  readonly outputTokens: number;
  /** Prompt tokens that a prefix cache holds already. @default {0} */
  readonly cachedTokens?: number;
}

/** Times of a simulation, one entry per request, in milliseconds. */
export interface SimulatedTimes {
  readonly sentMs: Float64Array;
  /** First token. */
  readonly firstMs: Float64Array;
  /** Last token. */
  readonly lastMs: Float64Array;
  readonly steps: number;
  readonly preemptions: number;
  /** Gaps between tokens: each step's time, once for each decode row. */
  readonly gaps: GapCount;
}

/** Gaps between tokens as a histogram in steps of 1 %. */
export class GapCount {
  readonly #counts = new Map<number, number>();
  #total = 0;

  /** Counts `rows` gaps of this length. */
  add(gapMs: number, rows: number): void {
    const bin = Math.round(Math.log(Math.max(gapMs, 1e-3)) * 100);
    this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + rows);
    this.#total += rows;
  }

  /** The gap that this share of the gaps stays below. */
  quantile(share: number): number | null {
    if (this.#total === 0) return null;
    let left = share * this.#total;
    const bins = [...this.#counts].sort(([a], [b]) => a - b);
    for (const [bin, count] of bins) {
      left -= count;
      if (left <= 0) return Math.exp(bin / 100);
    }
    return Math.exp(bins[bins.length - 1][0] / 100);
  }
}

/** The rows of a simulated step. */
export interface SimulatedStep {
  /** Chunks of prompts. */
  readonly prompts: readonly { readonly query: number; readonly cached: number }[];
  /** Tokens that each decode row sees, its own included. */
  readonly contexts: readonly number[];
  /** Rows that a token is sampled for. */
  readonly sampledRows: number;
}

/** What a simulation needs. */
export interface SimulateOptions {
  readonly requests: readonly SimulatedRequest[];
  readonly limits: EngineLimits;
  /** Tokens of cache, as `heldTokens` counts them. */
  readonly capacityTokens: number;
  /** Tokens of cache of a request of a length. */
  readonly heldTokens: HeldTokens;
  /** Milliseconds that the front end takes for each request; those sent at once go on together. */
  readonly admitMs: number;
  /** Requests of a closed loop, or null. */
  readonly concurrency: number | null;
  /** Milliseconds of a step, all stages together. */
  readonly stepMs: (step: SimulatedStep) => number;
  /** Pipeline stages: as many steps are under way at once, none with a row of another. @default {1} */
  readonly stages?: number;
}

interface Running {
  readonly id: number;
  prefill: number;
  cached: number;
  /** Tokens of cache that it holds, those of the step that is planned included. */
  held: number;
  generated: number;
  /** Whether a step under way will produce this row's next token. */
  decoding: boolean;
}

/** A step that is under way. */
interface Underway {
  readonly endMs: number;
  readonly decode: readonly Running[];
  readonly done: readonly Running[];
}

/**
 * Runs all requests to their ends.
 *
 * @throws {BenchError} When a request does not fit into the cache although it is alone.
 */
export function simulate(o: SimulateOptions): SimulatedTimes {
  const { requests, limits, heldTokens } = o;
  const misfit = requests.findIndex(({ inputTokens, outputTokens }) =>
    heldTokens(inputTokens + outputTokens) > o.capacityTokens
  );
  if (misfit >= 0) {
    const { inputTokens, outputTokens } = requests[misfit];
    throw optionError(
      `Cannot serve request ${misfit}: its ${inputTokens} + ${outputTokens} tokens do not fit into a ` +
        `cache of ${Math.floor(o.capacityTokens)} tokens`,
    );
  }
  const count = requests.length;
  const times = {
    sentMs: new Float64Array(count),
    firstMs: new Float64Array(count).fill(NaN),
    lastMs: new Float64Array(count).fill(NaN),
  };
  const gaps = new GapCount();
  const waiting: { id: number; generated: number }[] = [];
  let running: Running[] = [];
  const atFrontEnd: { id: number; readyMs: number }[] = [];
  let [frontEndMs, taken] = [0, 0];
  let [now, next, inFlight, held, steps, preemptions, lastDecodeMs] = [0, 0, 0, 0, 0, 0, 0];
  // Servers' front ends are one event loop, which runs every handler that is ready before it comes
  // back to any: of requests that were sent at once none reaches the engine before the last one was
  // parsed, and no token goes out meanwhile.
  const send = (): void => {
    while (next < count) {
      const burst: number[] = [];
      const at = requests[next].arrivalMs ?? now;
      while (
        next < count && (requests[next].arrivalMs ?? now) === at && at <= now &&
        (o.concurrency === null || inFlight < o.concurrency)
      ) {
        times.sentMs[next] = at;
        burst.push(next++);
        inFlight++;
      }
      if (burst.length === 0) return;
      frontEndMs = Math.max(frontEndMs, at) + burst.length * o.admitMs;
      for (const id of burst) atFrontEnd.push({ id, readyMs: frontEndMs });
    }
  };
  const receive = (): void => {
    while (atFrontEnd.length > taken && atFrontEnd[taken].readyMs <= now) {
      waiting.push({ id: atFrontEnd[taken++].id, generated: 0 });
    }
  };
  const grow = (row: Running, tokens: number): boolean => {
    const grown = heldTokens(row.cached + tokens);
    const more = grown - row.held;
    if (held + more > o.capacityTokens) return false;
    held += more;
    row.held = grown;
    return true;
  };
  const give = (row: Running): void => {
    held -= row.held;
  };
  const preemptLast = (): Running => {
    const [victim] = running.splice(running.findLastIndex((row) => !row.decoding), 1);
    give(victim);
    preemptions++;
    waiting.unshift({ id: victim.id, generated: victim.generated });
    return victim;
  };
  const reserved = (): number => {
    if (limits.reserveRatio === 0) return 0;
    let tokens = 0;
    for (const row of running) {
      tokens += limits.reserveRatio * (requests[row.id].outputTokens - row.generated);
    }
    return tokens;
  };
  let heldBackSteps = 0;
  /** Whether requests wait on for company; every step that they do is counted. */
  const isHeldBack = (decodeRows: number): boolean => {
    const together = limits.admitTogether;
    if (together === undefined || waiting.length === 0 || decodeRows === 0) return false;
    const tokens = decodeRows +
      waiting.reduce((sum, { id, generated }) => sum + requests[id].inputTokens + generated, 0);
    const isHeld = tokens < together.tokens && heldBackSteps < together.steps;
    heldBackSteps = isHeld ? heldBackSteps + 1 : 0;
    return isHeld;
  };
  const stages = o.stages ?? 1;
  const underway: Underway[] = [];
  const freeMs = new Float64Array(stages);
  const produce = (row: Running): void => {
    row.decoding = false;
    row.generated++;
    const seenMs = Math.max(now, frontEndMs);
    if (Number.isNaN(times.firstMs[row.id])) times.firstMs[row.id] = seenMs;
    if (row.generated < requests[row.id].outputTokens) return;
    times.lastMs[row.id] = seenMs;
    give(row);
    inFlight--;
    ended.add(row);
  };
  const ended = new Set<Running>();
  /** Ends the oldest step under way, and whatever ended with it. */
  const finishOldest = (): void => {
    now = Math.max(now, underway[0].endMs);
    while (underway.length > 0 && underway[0].endMs <= now) {
      const { decode, done } = underway.shift()!;
      decode.forEach(produce);
      done.forEach(produce);
    }
    if (ended.size === 0) return;
    running = running.filter((row) => !ended.has(row));
    ended.clear();
  };
  send();
  receive();
  while (next < count || inFlight > 0) {
    const alone = limits.rule === "prompts-first";
    const prompts: { row: Running; query: number; cached: number }[] = [];
    let decode: Running[] = [];
    let budget = limits.maxBatchedTokens;
    const planDecode = (): void => {
      decode = [];
      for (let index = 0; index < running.length; index++) {
        const row = running[index];
        if (row.cached < row.prefill || row.decoding || budget < 1) continue;
        while (!grow(row, 1)) {
          if (preemptLast() === row) break;
        }
        if (running[index] !== row) break;
        decode.push(row);
        budget--;
      }
    };
    if (!alone) planDecode();
    let ready = 0;
    for (const row of running) if (row.cached >= row.prefill && !row.decoding) ready++;
    const preempted = !alone && decode.length < ready;
    let promptBudget = Math.min(budget, limits.maxPromptTokens ?? budget);
    const planChunk = (row: Running): boolean => {
      const left = row.prefill - row.cached;
      const query = limits.chunkedPrefill ? Math.min(left, promptBudget) : left;
      if (query === 0 || (query > promptBudget && prompts.length > 0) || !grow(row, query)) {
        return false;
      }
      prompts.push({ row, query, cached: row.cached });
      promptBudget -= query;
      return true;
    };
    let blocked = isHeldBack(decode.length);
    for (const row of running) {
      if (row.cached < row.prefill && !planChunk(row)) blocked = true;
    }
    while (
      !blocked && !preempted && waiting.length > 0 && promptBudget > 0 &&
      running.length < limits.maxSequences
    ) {
      const { id, generated } = waiting[0];
      const prefill = requests[id].inputTokens + generated;
      const rest = limits.reserveRatio * (requests[id].outputTokens - generated);
      // Where nothing runs the first request continues, whatever is held back.
      const cached = Math.min(requests[id].cachedTokens ?? 0, prefill - 1);
      const first = limits.reserveRatio > 0 ? prefill : Math.min(prefill, cached + promptBudget);
      const needs = heldTokens(first);
      if (running.length > 0 && held + needs + rest + reserved() > o.capacityTokens) break;
      const before = heldTokens(cached);
      const row: Running = { id, prefill, cached, held: before, generated, decoding: false };
      held += before;
      if (!planChunk(row)) {
        held -= before;
        break;
      }
      running.push(row);
      waiting.shift();
    }
    if (alone && prompts.length === 0) planDecode();
    if (prompts.length === 0 && decode.length === 0) {
      if (underway.length > 0) {
        finishOldest();
        send();
        receive();
        continue;
      }
      if (running.length > 0) {
        preemptLast();
        continue;
      }
      if (waiting.length > 0) {
        throw optionError(
          `Cannot admit request ${waiting[0].id} although nothing runs: its prompt exceeds a step`,
        );
      }
      const nextMs = taken < atFrontEnd.length
        ? atFrontEnd[taken].readyMs
        : requests[next].arrivalMs ?? now;
      now = Math.max(now, nextMs);
      send();
      receive();
      continue;
    }
    const done = prompts.filter(({ row, query }) => row.cached + query >= row.prefill);
    const elapsed = o.stepMs({
      prompts,
      contexts: decode.map((row) => row.cached + 1),
      sampledRows: decode.length + done.length,
    });
    steps++;
    let endMs = now;
    for (let stage = 0; stage < stages; stage++) {
      endMs = freeMs[stage] = Math.max(endMs, freeMs[stage]) + elapsed / stages;
    }
    if (decode.length > 0) {
      gaps.add(alone ? endMs - lastDecodeMs : endMs - now, decode.length);
      lastDecodeMs = endMs;
    }
    for (const { row, query } of prompts) row.cached += query;
    for (const row of decode) row.cached++;
    for (const row of decode) row.decoding = true;
    for (const { row } of done) row.decoding = true;
    underway.push({ endMs, decode, done: done.map(({ row }) => row) });
    if (underway.length >= stages) finishOldest();
    else {
      now = freeMs[0];
      if (underway[0].endMs <= now) finishOldest();
    }
    send();
    receive();
  }
  return { ...times, steps, preemptions, gaps };
}
