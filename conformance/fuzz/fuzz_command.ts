/** Commands of random sequences: plain data, so that a sequence that fails can be kept. */
import { z } from "zod";
import type { Stored } from "../../fixtures/mod.ts";

const slot = z.number().int().min(0);
const count = z.number().int().min(0);

export const fuzzCommandSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.enum(["admit", "extend"]), slot, tokens: count }),
  z.strictObject({ kind: z.literal("speculate"), slot, drafts: count, accepted: count }),
  z.strictObject({ kind: z.literal("recycle"), slot, recomputed: count }),
  z.strictObject({ kind: z.enum(["abort", "preempt"]), slot }),
  z.strictObject({ kind: z.literal("swap"), first: slot, second: slot }),
  z.strictObject({ kind: z.literal("reorder"), order: z.array(slot) }),
  z.strictObject({ kind: z.enum(["decode", "condense", "begin", "complete", "capture"]) }),
]);

/**
 * One command. It is skipped where the state does not allow it (an `admit` into a slot in use), so
 * that every part of a sequence is a sequence too.
 *
 * - `admit`, `extend`: a request's first tokens, or more of them.
 * - `decode`: a step with one token of every request; dead pages first, shortage preempts.
 * - `speculate`: a step with one token and `drafts` behind it, of which `accepted` stay.
 * - `recycle`: frees dead pages; the next step computes the last `recomputed` tokens again.
 * - `preempt`: ends a request and admits it again.
 * - `begin`, `complete`: a step in flight; `complete` ends the oldest one.
 * - `capture`: replays a recorded decode step over the tables as they are now.
 */
export type FuzzCommand = Stored<typeof fuzzCommandSchema>;

/** Writes a command in a few words. */
export function describeCommand(command: FuzzCommand): string {
  const { kind, ...parts } = command;
  const values = Object.values(parts).map((part) => Array.isArray(part) ? part.join(",") : part);
  return [kind, ...values].join(" ");
}
