/** What a replay records beside its figures, so that a reader sees how they came about. */

/**
 * The steps of one replay, in the order in which they ran. Where there are more than were asked
 * for, neighbours are joined: an entry covers `stepsPerEntry` steps, the smallest power of two that
 * fits, the last entry perhaps fewer. Tokens and times of joined steps are added, the batch is their
 * mean, pages are the most held in one of them.
 */
export interface StepTimeline {
  /** Steps of the replay. */
  readonly steps: number;
  /** Steps that an entry covers: 1 where nothing was joined. */
  readonly stepsPerEntry: number;
  /** Begin of the entry's first step, in milliseconds after the replay's. */
  readonly startMs: readonly number[];
  /** End of its last step. */
  readonly endMs: readonly number[];
  /** Attention in it, in milliseconds. */
  readonly attentionMs: readonly number[];
  /** Running requests, a mean over its steps. */
  readonly running: readonly number[];
  /** Prompt tokens computed. */
  readonly prefillTokens: readonly number[];
  /** Tokens of decode rows, drafts included. */
  readonly decodeTokens: readonly number[];
  /** Most head-pages that full heads held in one of its steps. */
  readonly fullHeadPages: readonly number[];
  /** Most head-pages that window heads held in one of its steps. */
  readonly windowHeadPages: readonly number[];
  /** Pages of one request over time, or null where none of its steps was sampled. */
  readonly pageHistory: PageHistory | null;
}

/**
 * The block-table rows of the longest request that can be served, read at every
 * `stepsPerSample`-th step in which it ran, the smallest power of two that keeps the samples few.
 */
export interface PageHistory {
  /** Id of the request. */
  readonly request: number;
  /** P, tokens of a page. */
  readonly pageSizeTokens: number;
  /** Every how many steps the rows were read. */
  readonly stepsPerSample: number;
  /** Index of each step that was read. */
  readonly steps: readonly number[];
  /** Tokens of the request in the cache at the end of that step. */
  readonly lengthTokens: readonly number[];
  /** The first full and the first window head; in the uniform layout the row of all heads. */
  readonly rows: readonly PageRow[];
}

/** One row over time. */
export interface PageRow {
  /** `full` or `window`; `shared` is the row of all heads in the uniform layout. */
  readonly kind: "full" | "window" | "shared";
  /** Layer group. */
  readonly group: number;
  /** KV head of the measured rank. */
  readonly head: number;
  /** W of a window head in tokens, its own token included; null of another. */
  readonly windowTokens: number | null;
  /** S of a window head in tokens, 0 of another. */
  readonly sinkTokens: number;
  /**
   * Columns that name a page, a list for each sample: [first, end, first, end, …], end not
   * included.
   */
  readonly runs: readonly (readonly number[])[];
}

/**
 * Gaps between tokens over all requests of a replay: [n] ascending gaps with the number of tokens
 * that came at each. At most 256 are kept: where there were more, each stands for the gaps above
 * the one before and up to itself, so that the share of tokens up to it is exact.
 */
export interface TokenGaps {
  /** Upper end of each group of gaps, in milliseconds, ascending. */
  readonly gapMs: readonly number[];
  /** Tokens of each group. */
  readonly tokens: readonly number[];
}

/** The requests that every side replayed, in arrival order. */
export interface RequestList {
  /** Ids. */
  readonly ids: readonly number[];
  /** Scheduled arrivals in milliseconds. */
  readonly arrivalMs: readonly number[];
  /** Prompt tokens. */
  readonly inputTokens: readonly number[];
  /** Tokens to generate. */
  readonly outputTokens: readonly number[];
}
