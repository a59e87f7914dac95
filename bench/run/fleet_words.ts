/** Messages between a run and the threads that replay its fleet or judge rows. */

import { replayShare, type ShareOrder, type ShareReplay } from "./share_replay.ts";
import type { ReplayProgress } from "../replay/mod.ts";
import { openSideClock, type StepCosts } from "./side_clock.ts";
import { judgeRow, type RowContext, type SampledRow, type TimeTable } from "../clock/mod.ts";

/** A replica to replay, with the clock that computes its steps. */
export interface FleetOrder extends StepCosts {
  readonly share: ShareOrder;
  /** Times of attention, or null where they are modelled. */
  readonly table: TimeTable | null;
}

/** A row to judge, with everything that judging it needs. */
export interface JudgeOrder {
  /** Tells it from what a fleet's thread is asked. */
  readonly kind: "judge";
  readonly row: SampledRow;
  /** What came back of it. */
  readonly output: Uint16Array;
  readonly context: RowContext;
}

/** What a thread is asked. */
export type Order = FleetOrder | JudgeOrder;

/** What an order comes to. */
export type Answer<O extends Order> = O extends JudgeOrder ? ReturnType<typeof judgeRow>
  : ShareReplay;

/** An error on its way between threads: its class is told by name. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own fields, such as a code and the place that it names. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a thread answers. */
export type FleetWord =
  | { readonly kind: "progress"; readonly progress: ReplayProgress }
  | { readonly kind: "done"; readonly answer: Answer<Order> }
  | { readonly kind: "failed"; readonly error: SentError };

/** Carries an order out and says how it goes; every answer names the memory that it gives away. */
export async function answerOrder(
  order: Order,
  say: (word: FleetWord, buffers: ArrayBuffer[]) => void,
): Promise<void> {
  try {
    if ("kind" in order) {
      const { row, output, context } = order;
      return say({ kind: "done", answer: judgeRow(row, output, context) }, []);
    }
    const { share, ...costs } = order;
    const clock = openSideClock({ ...share, ...costs });
    const replay = await replayShare(share, {
      clock,
      onProgress: (progress) => say({ kind: "progress", progress }, []),
    });
    say({ kind: "done", answer: replay }, [...buffersOf(replay)]);
  } catch (error) {
    say({ kind: "failed", error: packError(error) }, []);
  }
}

/** Prepares an error to be sent. */
export function packError(error: unknown): SentError {
  const { name, message, stack, ...fields } = error instanceof Error
    ? { ...error, name: error.name, message: error.message, stack: error.stack }
    : { name: "Error", message: String(error), stack: undefined };
  // What cannot be sent would lose the whole error.
  const sendable = Object.entries(fields).filter(([, value]) => typeof value !== "function");
  return { name, message, stack, fields: Object.fromEntries(sendable) };
}

/** Makes an error of one that was sent: its name, code and fields are those that it had. */
export function unpackError({ name, message, stack, fields }: SentError): Error {
  const error = Object.assign(new Error(message), fields, { name });
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** Memory of all arrays of numbers in a tree of plain data. */
function buffersOf(value: unknown, found: Set<ArrayBuffer> = new Set()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) found.add(value.buffer as ArrayBuffer);
  else if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) buffersOf(part, found);
  }
  return found;
}
