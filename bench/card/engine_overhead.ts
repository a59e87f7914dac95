/** What an engine adds to the time of its kernels. */

/** Engines whose overhead is known. */
export type EngineName = "vllm" | "sglang" | "tensorrt-llm" | "lmdeploy" | "llama.cpp";

/** Time of an engine besides its kernels. */
export interface EngineOverhead {
  /** Milliseconds of scheduling, preparing inputs and reading outputs, a step. */
  readonly stepMs: number;
  /** Microseconds of the same for each row of a step. */
  readonly rowUs: number;
  /** Microseconds of the device for each row, besides the kernels that a profile times. */
  readonly rowDeviceUs: number;
  /** Whether that runs beside the kernels of the step before. */
  readonly overlapped: boolean;
  /** Microseconds of launching one layer where no CUDA graph holds the step. */
  readonly layerLaunchUs: number;
  /** Most tokens of a step that CUDA graphs hold. */
  readonly graphTokens: number;
  /** Milliseconds of a request outside the steps: transport, tokens, templates. */
  readonly requestMs: number;
  /** Milliseconds that the front end takes for a request; those sent at once go on together. */
  readonly admitMs: number;
  /** Time of work bound by arithmetic over what the profile says, at the clocks of sustained load. */
  readonly arithmeticSlowdown: number;
  /** Time of work bound by reading over what the profile says. */
  readonly readSlowdown: number;
  /** Share of the device's memory that weights, activations and cache fill. */
  readonly memoryShare: number;
  /** Bytes of graphs and libraries that are no cache, on each card; activations come on top. */
  readonly workspaceBytes: number;
}

/**
 * Overheads by engine. Where they come from: the rows of bench/validation that a seeded rule picked,
 * by the mean absolute logarithm of their errors. SGLang's are a coordinate descent on it
 * (tools/fit_overheads.ts); vLLM's and TensorRT-LLM's were chosen by hand among values tried on those
 * rows. Memory, graph sizes and overlap are the engines' documented defaults.
 */
export const ENGINE_OVERHEADS: Readonly<Record<EngineName, EngineOverhead>> = {
  "vllm": {
    stepMs: 1.5,
    rowUs: 12,
    rowDeviceUs: 40,
    overlapped: false,
    layerLaunchUs: 60,
    graphTokens: 512,
    requestMs: 30,
    admitMs: 4.5,
    arithmeticSlowdown: 1.28,
    readSlowdown: 1.05,
    memoryShare: 0.9,
    workspaceBytes: 2e9,
  },
  "sglang": {
    stepMs: 0.5,
    rowUs: 10,
    rowDeviceUs: 0,
    overlapped: false,
    layerLaunchUs: 80,
    graphTokens: 256,
    requestMs: 48,
    admitMs: 2,
    arithmeticSlowdown: 1.32,
    readSlowdown: 1.25,
    memoryShare: 0.88,
    workspaceBytes: 2e9,
  },
  "tensorrt-llm": {
    stepMs: 1,
    rowUs: 60,
    rowDeviceUs: 0,
    overlapped: false,
    layerLaunchUs: 60,
    graphTokens: 128,
    requestMs: 30,
    admitMs: 6,
    arithmeticSlowdown: 1.05,
    readSlowdown: 0.9,
    memoryShare: 0.95,
    workspaceBytes: 1e9,
  },
  "lmdeploy": {
    stepMs: 0.5,
    rowUs: 5,
    rowDeviceUs: 0,
    overlapped: false,
    layerLaunchUs: 20,
    graphTokens: 1e9,
    requestMs: 5,
    admitMs: 0.2,
    arithmeticSlowdown: 1,
    readSlowdown: 1,
    memoryShare: 0.9,
    workspaceBytes: 2e9,
  },
  "llama.cpp": {
    stepMs: 0.3,
    rowUs: 0,
    rowDeviceUs: 0,
    overlapped: false,
    layerLaunchUs: 0,
    graphTokens: 1e9,
    requestMs: 0,
    admitMs: 0,
    arithmeticSlowdown: 1,
    readSlowdown: 1,
    memoryShare: 0.95,
    workspaceBytes: 1e9,
  },
};

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
