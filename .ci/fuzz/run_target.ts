/** Runs inputs against one reader; the first that it does not take in order is shrunk and told. */
import process from "node:process";
import fc from "fast-check";
import { inputsOf } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

/** What inputs did to a reader. */
export interface FuzzAccount {
  /** Name of the target. */
  readonly target: string;
  /** Inputs read. */
  readonly inputs: number;
  /** Inputs that were understood. */
  readonly understood: number;
  /** Inputs that were refused with a diagnosis. */
  readonly refused: number;
  /** Most processor time while one input was read, in milliseconds. */
  readonly slowestMs: number;
}

/** How to run. */
export interface FuzzRunOptions {
  /** Seed of the inputs. */
  readonly seed: number;
  /** How many. */
  readonly inputs: number;
  /**
   * Most processor time of this process while one input is read, in milliseconds: a busy machine
   * takes none of it away, other workers of the campaign take part.
   *
   * @default {4000}
   */
  readonly inputCpuMs?: number;
  /** Called before each input. */
  readonly onInput?: (input: Uint8Array) => void;
}

/** A reader that did not take an input in order. */
export class FuzzFinding extends Error {
  /** Makes the finding. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "FuzzFinding";
  }
}

/**
 * Runs inputs against a reader. Each must be understood, or refused by one of the reader's own
 * errors with a message, within the processor time of one input.
 *
 * @param target The reader.
 * @param o Seed, number of inputs and bounds.
 * @returns Counts.
 * @throws {FuzzFinding} With the seed and the smallest input that shows the fault.
 */
export async function runTarget(target: FuzzTarget, o: FuzzRunOptions): Promise<FuzzAccount> {
  const inputCpuMs = o.inputCpuMs ?? 4000;
  const account = { inputs: 0, understood: 0, refused: 0, slowestMs: 0 };
  const property = fc.asyncProperty(inputsOf(target), async (input) => {
    o.onInput?.(input);
    const before = process.cpuUsage();
    const refused = await isRefused(target, input);
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1000;
    account.inputs++;
    account[refused ? "refused" : "understood"]++;
    account.slowestMs = Math.max(account.slowestMs, cpuMs);
    if (cpuMs > inputCpuMs) {
      throw new FuzzFinding(`it took ${Math.round(cpuMs)} ms of the processor, over ${inputCpuMs}`);
    }
  });
  const found = await fc.check(property, { seed: o.seed, numRuns: o.inputs });
  if (!found.failed) return { target: target.name, ...account };
  const [input] = found.counterexample ?? [new Uint8Array()];
  const cause = found.errorInstance;
  const reason = cause instanceof Error ? cause.stack ?? cause.message : String(cause);
  throw new FuzzFinding(
    `Reader "${target.name}" does not take an input of seed ${o.seed}, path ` +
      `"${found.counterexamplePath}": ${reason}\ninput: ${describeInput(input)}`,
    { cause },
  );
}

async function isRefused(target: FuzzTarget, input: Uint8Array): Promise<boolean> {
  try {
    await target.read(input);
    return false;
  } catch (error) {
    const isOurs = error instanceof Error && target.errors.includes(error.name);
    if (isOurs && error.message.trim() !== "") return true;
    throw error;
  }
}

/** The input as a text, or as base64 where it is none; long ones are cut in the middle. */
function describeInput(input: Uint8Array): string {
  let text: string;
  try {
    text = JSON.stringify(new TextDecoder("utf-8", { fatal: true }).decode(input));
  } catch {
    text = `base64 ${input.toBase64()}`;
  }
  const kept = 1000;
  return text.length <= 2 * kept
    ? text
    : `${text.slice(0, kept)} … (${input.length} bytes) … ${text.slice(-kept)}`;
}
