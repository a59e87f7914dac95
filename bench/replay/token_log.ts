/**
 * Which step gave a request how many tokens, as runs of consecutive steps in flat arrays: a request
 * that decodes undisturbed costs one run however long it is.
 */

import { doubleColumns, resized } from "./columns.ts";

/** Tokens of all requests; run i covers steps [step[i], step[i] + steps[i]). */
export interface TokenLog {
  /** The request of the first place; none before it gets tokens any more. */
  base: number;
  /** [kept requests] first run of each, −1 without any. */
  firstRun: Int32Array;
  /** [kept requests] last run of each, −1 without any. */
  lastRun: Int32Array;
  /** Requests that have a run, in the order of their first ones. */
  readonly touched: number[];
  runs: number;
  /** First step of each run. */
  step: Int32Array;
  /** Consecutive steps of each run. */
  steps: Int32Array;
  /** Tokens that each step of the run gave. */
  tokens: Int32Array;
  /** Next run of the same request, −1 at the end. */
  next: Int32Array;
}

/** Creates an empty log. */
export function createTokenLog(requests: number): TokenLog {
  const capacity = Math.max(16, requests);
  return {
    base: 0,
    firstRun: new Int32Array(requests).fill(-1),
    lastRun: new Int32Array(requests).fill(-1),
    touched: [],
    runs: 0,
    step: new Int32Array(capacity),
    steps: new Int32Array(capacity),
    tokens: new Int32Array(capacity),
    next: new Int32Array(capacity),
  };
}

/** Adds the tokens that a request got in a step; steps of one request only ever rise. */
export function logTokens(log: TokenLog, request: number, step: number, tokens: number): void {
  const place = request - log.base;
  if (place >= log.lastRun.length) makeRoom(log, Math.max(64, 2 * place));
  const last = log.lastRun[place];
  if (last >= 0 && log.tokens[last] === tokens && log.step[last] + log.steps[last] === step) {
    log.steps[last]++;
    return;
  }
  if (log.runs === log.step.length) doubleColumns(log, ["step", "steps", "tokens", "next"]);
  const run = log.runs++;
  log.step[run] = step;
  log.steps[run] = 1;
  log.tokens[run] = tokens;
  log.next[run] = -1;
  if (last < 0) {
    log.firstRun[place] = run;
    log.touched.push(request);
  } else log.next[last] = run;
  log.lastRun[place] = run;
}

/** First run of a request, −1 without any. */
export function firstRunOf(log: TokenLog, request: number): number {
  return log.firstRun[request - log.base] ?? -1;
}

/** Forgets every run. */
export function clearTokens(log: TokenLog): void {
  for (const request of log.touched) {
    log.firstRun[request - log.base] = log.lastRun[request - log.base] = -1;
  }
  log.touched.length = 0;
  log.runs = 0;
}

/** Leaves out the requests before `base` in a log without runs, whose places are all alike. */
export function dropTokensBefore(log: TokenLog, base: number): void {
  log.base = base;
}

/** Tokens that a request got in all. */
export function countTokens(log: TokenLog, request: number): number {
  let count = 0;
  for (let run = firstRunOf(log, request); run >= 0; run = log.next[run]) {
    count += log.steps[run] * log.tokens[run];
  }
  return count;
}

function makeRoom(log: TokenLog, capacity: number): void {
  log.firstRun = resized(log.firstRun, capacity, { fill: -1 });
  log.lastRun = resized(log.lastRun, capacity, { fill: -1 });
}
