/** A device was demanded and none answers; the message names how to fix it. */
export class MissingDevice extends Error {
  /** Stable name of the fault. */
  readonly code = "device/missing";

  /** Makes the error. */
  constructor(o: { readonly reason: string; readonly fix: string }) {
    super(`Cannot use a GPU: ${o.reason}; ${o.fix}`);
    this.name = "MissingDevice";
  }
}
