/** Runs targets in a worker, so that whoever started it can end one that never answers. */
import { runTarget } from "./run_target.ts";
import { TARGETS } from "./targets.ts";

/** A share of the campaign. */
export interface FuzzTask {
  /** Name of the target. */
  readonly target: string;
  /** Seed of the inputs. */
  readonly seed: number;
  /** How many. */
  readonly inputs: number;
}

/** The words of a worker: it is ready, it is alive, it is done, or it found something. */
export type FuzzWord =
  | { readonly kind: "ready" }
  | { readonly kind: "alive"; readonly inputs: number }
  | { readonly kind: "done"; readonly account: Awaited<ReturnType<typeof runTarget>> }
  | { readonly kind: "found"; readonly message: string };

/** Inputs between two signs of life. */
const INPUTS_PER_SIGN = 20;

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<FuzzTask>) => void) | null;
  postMessage: (word: FuzzWord) => void;
};

scope.onmessage = async ({ data }) => {
  const target = TARGETS.find(({ name }) => name === data.target)!;
  let inputs = 0;
  const onInput = (): void => {
    if (inputs++ % INPUTS_PER_SIGN === 0) scope.postMessage({ kind: "alive", inputs });
  };
  try {
    const account = await runTarget(target, { seed: data.seed, inputs: data.inputs, onInput });
    scope.postMessage({ kind: "done", account });
  } catch (error) {
    scope.postMessage({ kind: "found", message: String(error) });
  }
};
scope.postMessage({ kind: "ready" });
