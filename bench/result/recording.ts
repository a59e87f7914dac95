/** What a replay records beside its figures, so that a reader sees how they came about. */

import { z } from "zod";
import { count } from "./parts.ts";
import type { Stored } from "../../fixtures/mod.ts";

const numbers = z.array(z.number());
const counts = z.array(count);

const pageRow = z.strictObject({
  /** `full` or `window`; `shared` is the row of all heads in the uniform layout. */
  kind: z.enum(["full", "window", "shared"]),
  /** Layer group. */
  group: count,
  /** KV head of the measured rank. */
  head: count,
  /** W of a window head in tokens, its own token included; null of another. */
  windowTokens: count.nullable(),
  /** S of a window head in tokens, 0 of another. */
  sinkTokens: count,
  /**
   * Columns that name a page, a list for each sample: [first, end, first, end, …], end not
   * included.
   */
  runs: z.array(counts),
});

const pageHistory = z.strictObject({
  /** Id of the request. */
  request: count,
  /** P, tokens of a page. */
  pageSizeTokens: count,
  /** Every how many steps the rows were read. */
  stepsPerSample: count,
  /** Index of each step that was read. */
  steps: counts,
  /** Tokens of the request in the cache at the end of that step. */
  lengthTokens: counts,
  /** The first full and the first window head; in the uniform layout the row of all heads. */
  rows: z.array(pageRow),
});

/** The steps of one replay, in the order in which they ran. */
export const timeline = z.strictObject({
  steps: count,
  /** Steps that an entry covers: 1 where nothing was joined. */
  stepsPerEntry: count,
  /** Begin of the entry's first step, in milliseconds after the replay's. */
  startMs: numbers,
  /** End of its last step. */
  endMs: numbers,
  /** Attention in it, in milliseconds. */
  attentionMs: numbers,
  /** Running requests, a mean over its steps. */
  running: numbers,
  /** Prompt tokens computed. */
  prefillTokens: counts,
  /** Tokens of decode rows, drafts included. */
  decodeTokens: counts,
  /** Most head-pages that full heads held in one of its steps. */
  fullHeadPages: counts,
  /** Most head-pages that window heads held in one of its steps. */
  windowHeadPages: counts,
  /** Pages of one request over time, or null where none of its steps was sampled. */
  pageHistory: pageHistory.nullable(),
});

/** Gaps between tokens over all requests of a replay. */
export const tokenGaps = z.strictObject({
  /** Upper end of each group of gaps, in milliseconds, ascending. */
  gapMs: numbers,
  tokens: counts,
});

/** The requests that every side replayed. */
export const requestList = z.strictObject({
  ids: counts,
  /** Scheduled arrivals in milliseconds. */
  arrivalMs: numbers,
  inputTokens: counts,
  outputTokens: counts,
});

/**
 * The steps of one replay, in the order in which they ran. Where there are more than were asked
 * for, neighbours are joined: an entry covers `stepsPerEntry` steps, the smallest power of two that
 * fits, the last entry perhaps fewer. Tokens and times of joined steps are added, the batch is their
 * mean, pages are the most held in one of them.
 */
export type StepTimeline = Stored<typeof timeline>;
/**
 * The block-table rows of the longest request that can be served, read at every
 * `stepsPerSample`-th step in which it ran, the smallest power of two that keeps the samples few.
 */
export type PageHistory = Stored<typeof pageHistory>;
/** One row over time. */
export type PageRow = Stored<typeof pageRow>;
/**
 * Gaps between tokens over all requests of a replay: [n] ascending gaps with the number of tokens
 * that came at each. At most 256 are kept: where there were more, each stands for the gaps above
 * the one before and up to itself, so that the share of tokens up to it is exact.
 */
export type TokenGaps = Stored<typeof tokenGaps>;
/** The requests that every side replayed, in arrival order. */
export type RequestList = Stored<typeof requestList>;
