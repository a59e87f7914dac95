/** Times of another program's clock that are not used. */

import type { TimerRefusal } from "../../kernel/mod.ts";
import { BenchError } from "../result/mod.ts";

/** What says why the times of a clock are not used. */
export function clockRefused(reason: string): BenchError {
  return new BenchError("bench/clock-refused", `Cannot use the times of this clock: ${reason}`);
}

/** The value of an answer, or what says that the clock refused. */
export function valueOrRefused<T>(
  reply: { readonly kind: "ok"; readonly value: T } | TimerRefusal,
  what: string,
): T {
  if (reply.kind === "ok") return reply.value;
  throw clockRefused(`it does not take ${what} (${reply.code}): ${reply.message}`);
}
