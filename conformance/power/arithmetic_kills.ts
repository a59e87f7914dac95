/** Whether the suite tells wrong kernels whatever arithmetic they declare. */
import type { FieldArithmetic } from "../../kernel/mod.ts";
import { listMutants, selfTest } from "../kill_matrix.ts";
import type { Mutant } from "../mutants/mutant.ts";

/** What became of the kernel mutants that compute in one arithmetic. */
export interface ArithmeticKills {
  readonly arithmetic: string;
  /** Kernels with one fault each. */
  readonly mutants: number;
  /** Names of those that no case rejected; must be none. */
  readonly survivors: readonly string[];
  /** Cases that the right kernel of that arithmetic did not pass; must be none. */
  readonly falseAlarms: readonly string[];
}

/** The kernels with one fault each. */
export function listKernelMutants(): readonly Mutant[] {
  return listMutants().filter(({ part }) => part === "kernel");
}

/** Runs kernel mutants, and the right kernel, in one arithmetic. */
export async function judgeInArithmetic(
  { name, arithmetic }: FieldArithmetic,
  mutants: readonly Mutant[] = listKernelMutants(),
): Promise<ArithmeticKills> {
  const { rows, falseAlarms } = await selfTest({ mutants, arithmetic });
  const survivors = rows.filter(({ killed }) => !killed).map(({ mutant }) => mutant);
  return { arithmetic: name, mutants: mutants.length, survivors, falseAlarms };
}
