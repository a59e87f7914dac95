/**
 * Which step gave a request how many tokens, as runs of consecutive steps in flat arrays: a request
 * that decodes undisturbed costs one run however long it is.
 */

import { type ColumnKinds, type Columns, createColumns, resizeColumns } from "./columns.ts";

/** Runs of each kept request; −1 without any. */
const OF_REQUESTS = {
  /** First run of each. */
  firstRun: [Int32Array, -1],
  /** Last run of each. */
  lastRun: [Int32Array, -1],
} as const satisfies ColumnKinds;

/** Run i covers steps [step[i], step[i] + steps[i]). */
const OF_RUNS = {
  /** First step of each run. */
  step: [Int32Array],
  /** Consecutive steps of each run. */
  steps: [Int32Array],
  /** Tokens that each step of the run gave. */
  tokens: [Int32Array],
  /** Next run of the same request, −1 at the end. */
  next: [Int32Array],
} as const satisfies ColumnKinds;

/** Tokens of all requests. */
export interface TokenLog extends Columns<typeof OF_REQUESTS>, Columns<typeof OF_RUNS> {
  /** The request of the first place; none before it gets tokens any more. */
  base: number;
  /** Requests that have a run, in the order of their first ones. */
  readonly touched: number[];
  runs: number;
}

/** Creates an empty log. */
export function createTokenLog(requests: number): TokenLog {
  return {
    base: 0,
    touched: [],
    runs: 0,
    ...createColumns(OF_REQUESTS, requests),
    ...createColumns(OF_RUNS, Math.max(16, requests)),
  };
}

/** Adds the tokens that a request got in a step; steps of one request only ever rise. */
export function logTokens(log: TokenLog, request: number, step: number, tokens: number): void {
  const place = request - log.base;
  if (place >= log.lastRun.length) resizeColumns(log, OF_REQUESTS, Math.max(64, 2 * place));
  const last = log.lastRun[place];
  if (last >= 0 && log.tokens[last] === tokens && log.step[last] + log.steps[last] === step) {
    log.steps[last]++;
    return;
  }
  if (log.runs === log.step.length) resizeColumns(log, OF_RUNS, 2 * log.runs);
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

/** Tokens that a request got in all. */
export function countTokens(log: TokenLog, request: number): number {
  let count = 0;
  for (let run = firstRunOf(log, request); run >= 0; run = log.next[run]) {
    count += log.steps[run] * log.tokens[run];
  }
  return count;
}
