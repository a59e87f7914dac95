/** Rows that came back and wait for their verdict: here between two answers, or in other threads. */

import type { StepVerification } from "../../kernel/mod.ts";
import { clockRefused } from "./clock_refused.ts";
import type { CostCounter } from "./protocol_cost.ts";
import { judgeRow, type RowContext, type RowJudge, type SampledRow } from "./sampled_rows.ts";

/** Rows that may wait to be judged before answers wait for them. */
const MOST_WAITING = 256;

/** Rows that wait for their verdict. */
export interface RowQueue {
  /** Adds a row with what came back of it. */
  readonly add: (row: SampledRow, output: Uint16Array) => void;
  /**
   * Judges while an answer is awaited, which is not kept waiting.
   *
   * @throws {BenchError} `bench/clock-refused` where a row was wrong.
   */
  readonly workBeside: (answer: Promise<unknown>) => Promise<void>;
  /** Judges all that wait. */
  readonly finish: () => Promise<void>;
}

/**
 * Makes an empty queue.
 *
 * @param o Where rows come from, what is counted, and what judges rows elsewhere; null judges them in
 *   this thread.
 */
export function createRowQueue(o: {
  readonly context: RowContext;
  readonly counter: CostCounter;
  readonly now: () => number;
  readonly judge: RowJudge | null;
}): RowQueue {
  const { context, counter, now, judge } = o;
  const waiting: { readonly row: SampledRow; readonly output: Uint16Array }[] = [];
  const elsewhere = new Set<Promise<void>>();
  let fault: unknown = null;

  const note = ({ ok, worstBudgetUsed, message }: StepVerification, begun: number): void => {
    counter.judged({ ms: now() - begun, worstBudgetUsed });
    if (!ok) throw clockRefused(`an output is wrong: ${message}`);
  };
  const judgeNext = (): void => {
    const { row, output } = waiting.shift()!;
    const begun = now();
    note(judgeRow(row, output, context), begun);
  };
  const judgeElsewhere = (judge: RowJudge, row: SampledRow, output: Uint16Array): void => {
    const begun = now();
    const done = judge(row, output, context)
      .then((verdict) => note(verdict, begun))
      .catch((error) => {
        fault ??= error;
      })
      .finally(() => elsewhere.delete(done));
    elsewhere.add(done);
  };
  const refuseFault = (): void => {
    if (fault !== null) throw fault;
  };

  return {
    add: (row, output) => {
      if (judge === null) waiting.push({ row, output });
      else judgeElsewhere(judge, row, output);
    },
    workBeside: async (answer) => {
      let isAnswered = false;
      const done = () => {
        isAnswered = true;
      };
      answer.then(done, done);
      while (waiting.length > 0) {
        // Lets requests out, before judging keeps this thread busy, and answers in.
        await new Promise((resolve) => setTimeout(resolve, 0));
        if (isAnswered && waiting.length < MOST_WAITING) break;
        judgeNext();
      }
      while (elsewhere.size >= MOST_WAITING) await Promise.race(elsewhere);
      refuseFault();
    },
    finish: async () => {
      counter.own(() => {
        while (waiting.length > 0) judgeNext();
      });
      if (elsewhere.size > 0) await counter.ownWait(Promise.all(elsewhere));
      refuseFault();
    },
  };
}
