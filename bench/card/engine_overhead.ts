/** What an engine adds to the time of its kernels. */

/** Engines whose overhead is known. */
const ENGINES = ["vllm", "sglang", "tensorrt-llm", "lmdeploy", "llama.cpp"] as const;

/** An engine whose overhead is known. */
export type EngineName = typeof ENGINES[number];

/** Time and memory of an engine besides its kernels, a column an engine. */
const OVERHEADS = {
  /** Milliseconds of scheduling, preparing inputs and reading outputs, a step. */
  stepMs: [1.5, 0.5, 1, 0.5, 0.3],
  /** Microseconds of the same for each row of a step. */
  rowUs: [12, 10, 60, 5, 0],
  /** Microseconds of the device for each row, besides the kernels that a profile times. */
  rowDeviceUs: [40, 0, 0, 0, 0],
  /** Microseconds of launching one layer where no CUDA graph holds the step. */
  layerLaunchUs: [60, 80, 60, 20, 0],
  /** Most tokens of a step that CUDA graphs hold. */
  graphTokens: [512, 256, 128, 1e9, 1e9],
  /** Milliseconds of a request outside the steps: transport, tokens, templates. */
  requestMs: [30, 48, 30, 5, 0],
  /** Milliseconds that the front end takes for a request; those sent at once go on together. */
  admitMs: [4.5, 2, 6, 0.2, 0],
  /** Time of work bound by arithmetic over what the profile says, at the clocks of sustained load. */
  arithmeticSlowdown: [1.28, 1.32, 1.05, 1, 1],
  /** Time of work bound by reading over what the profile says. */
  readSlowdown: [1.05, 1.25, 0.9, 1, 1],
  /** Share of the device's memory that weights, activations and cache fill. */
  memoryShare: [0.9, 0.88, 0.95, 0.9, 0.95],
  /** Bytes of graphs and libraries that are no cache, on each card; activations come on top. */
  workspaceBytes: [2e9, 2e9, 1e9, 2e9, 1e9],
};

/** Time of an engine besides its kernels. */
export type EngineOverhead = { readonly [KEY in keyof typeof OVERHEADS]: number } & {
  /** Whether scheduling and inputs run beside the kernels of the step before. */
  readonly overlapped: boolean;
};

/**
 * Overheads by engine. Where they come from: the rows of bench/validation that a seeded rule picked,
 * by the mean absolute logarithm of their errors. SGLang's are a coordinate descent on it
 * (tools/fit_overheads.ts); vLLM's and TensorRT-LLM's were chosen by hand among values tried on those
 * rows. Memory, graph sizes and overlap are the engines' documented defaults.
 */
export const ENGINE_OVERHEADS: Readonly<Record<EngineName, EngineOverhead>> = Object.fromEntries(
  ENGINES.map((name, engine) => {
    const own = Object.entries(OVERHEADS).map(([key, values]) => [key, values[engine]]);
    return [name, { ...Object.fromEntries(own), overlapped: false }];
  }),
) as Record<EngineName, EngineOverhead>;

/** Milliseconds of a step as an engine runs it, from the milliseconds of its kernels. */
export function engineStepMs(
  overhead: EngineOverhead,
  o: { kernelsMs: number; tokens: number; rows: number; layers: number },
): number {
  const host = overhead.stepMs + overhead.rowUs * o.rows / 1000;
  const launchMs = o.tokens > overhead.graphTokens ? o.layers * overhead.layerLaunchUs / 1000 : 0;
  const device = Math.max(o.kernelsMs, launchMs) + overhead.rowDeviceUs * o.rows / 1000;
  return overhead.overlapped ? Math.max(device, host) : device + host;
}
