/** Commands of kernels as replies. */
import { type AttentionShape, ProblemError } from "../../kernel/mod.ts";
import { identityFault } from "../identity_table.ts";
import type { Refusal, Reply } from "../subject.ts";

/** Carries out a command; what it refuses by a `ProblemError` is an answer. */
export async function attempt<T>(command: () => T | Promise<T>): Promise<Reply<T>> {
  try {
    return { kind: "ok", value: await command() };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { kind: "refused", code: error.code, message: error.message };
  }
}

/** Refuses to record a step with a table that is not the identity one; null where it is. */
export function refuseCapture(shape: AttentionShape, table: Int32Array | null): Refusal | null {
  const fault = identityFault(shape, table);
  return fault === null
    ? null
    : { kind: "refused", code: "capture/table-present", message: `Cannot record a step: ${fault}` };
}
