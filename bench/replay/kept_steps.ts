/** What a replay keeps of its steps and requests while it runs. */

import type { RequestSequence } from "./request_sequence.ts";
import type { Timeline } from "./timeline.ts";
import type { TokenLog } from "./token_log.ts";
import type { Turns } from "./turns.ts";

/** Steps by their index, and what requests got in them. */
export interface KeptSteps {
  /** Requests in arrival order. */
  readonly requests: RequestSequence;
  /** Which step gave which request how many tokens. */
  readonly tokens: TokenLog;
  /** When the steps began and ended. */
  readonly timeline: Timeline;
  /** [requests] steps before each arrival, in a closed loop; null where requests have their own. */
  readonly arrivalSteps: Int32Array | null;
  /** When requests arrived, where some follow others; null where none does. */
  readonly turns: Pick<Turns, "arrivalMs" | "order" | "known"> | null;
}
