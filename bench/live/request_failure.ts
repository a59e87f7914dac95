/** A failure of one request to a live server, on its way to the record. */

import type { LiveErrorKind } from "./live_schema.ts";

/** A request that failed, with the kind by which it is counted. */
export class RequestFailure extends Error {
  /** What kind of failure. */
  readonly kind: LiveErrorKind;

  /** Builds the failure from a full message. */
  constructor(kind: LiveErrorKind, message: string) {
    super(message);
    this.name = "RequestFailure";
    this.kind = kind;
  }
}
