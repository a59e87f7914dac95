/** What an adapter does that is no answer of the implementation behind it. */
import type { Capability } from "../subject.ts";

/** Verdicts about an adapter, beside those about the implementation. */
export type AdapterVerdict = "adapter-error" | "timeout" | "crash";

/** An adapter broke the protocol, did not answer in time, or ended. */
export class AdapterFault extends Error {
  readonly code = "adapter-fault";
  /** What kind of fault it is. */
  readonly verdict: AdapterVerdict;
  /** Makes the error from its kind and what was seen. */
  constructor(verdict: AdapterVerdict, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AdapterFault";
    this.verdict = verdict;
  }
}

/** An adapter broke the protocol. */
export function adapterError(message: string): AdapterFault {
  return new AdapterFault("adapter-error", message);
}

/** An adapter named capabilities that it lacks and that a request needs. */
export class AdapterSkip extends Error {
  readonly code = "adapter-skip";
  /** Capabilities that are missing; the adapter claims none of them. */
  readonly missing: readonly Capability[];
  /** Makes the error from the capabilities and the adapter's reason. */
  constructor(missing: readonly Capability[], reason: string) {
    super(`The adapter lacks ${missing.join(", ")}${reason === "" ? "" : `: ${reason}`}`);
    this.name = "AdapterSkip";
    this.missing = missing;
  }
}
