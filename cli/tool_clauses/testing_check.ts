/** Checks of this tool itself, by the clauses of kind `tool`. */
import type { Reply } from "../../conformance/mod.ts";
import type { ToolSubject } from "./testing_tool.ts";

/** Parameters of one case of a check. */
export type CheckParams = Readonly<Record<string, string | number | boolean>>;

/** A check with its cases. */
export interface ToolCheck<P extends CheckParams = CheckParams> {
  readonly name: string;
  readonly clauses: readonly string[];
  readonly description: string;
  /** Parameters of each case. */
  readonly cases: readonly P[];
  /** Judges one case; throws where the tool is not as the clauses say. */
  readonly run: (tool: ToolSubject, params: P) => Promise<void>;
}

/** Declares a check; its cases then have a type of their own. */
export function defineCheck<const P extends CheckParams>(check: ToolCheck<P>): ToolCheck {
  return check as unknown as ToolCheck;
}

/** Every combination of values. */
export function grid<const A extends Readonly<Record<string, readonly unknown[]>>>(
  axes: A,
): { readonly [K in keyof A]: A[K][number] }[] {
  const entries = Object.entries(axes).reduce<Record<string, unknown>[]>(
    (built, [name, values]) =>
      built.flatMap((each) => values.map((value) => ({ ...each, [name]: value }))),
    [{}],
  );
  return entries as { readonly [K in keyof A]: A[K][number] }[];
}

/** The value of a reply. */
export function requireOk<T>(command: string, reply: Reply<T>): T {
  if (reply.kind === "ok") return reply.value;
  throw new Error(`Expected "${command}" to be carried out, found a refusal: ${reply.message}`);
}

/** Requires a refusal. */
export function requireRefused(command: string, reply: Reply<unknown>): void {
  if (reply.kind !== "refused") throw new Error(`Expected "${command}" to be refused`);
}
