/** What a command gives: its answer, or why it was not carried out. */

/** A command that was not carried out, and left everything as it was. */
export interface Refusal {
  /** Tells the cases apart. */
  readonly kind: "refused";
  /** Short machine-readable reason. */
  readonly code: string;
  /** What was wrong, by name. */
  readonly message: string;
}

/** A command that was carried out, or refused. */
export type Reply<T> = { readonly kind: "ok"; readonly value: T } | Refusal;
