/**
 * A server over HTTP: measuring one, and serving the replay as one.
 *
 * @module
 */

export { describeFailures, failedShare } from "./failures.ts";

export {
  type LiveError,
  type LivePerformance,
  type LiveResult,
  type LiveRun,
  type LiveSamples,
  type LiveSettings,
  type LiveSide,
  parseLiveResult,
} from "./live_schema.ts";
export { type LiveEndpoint, type LiveOptions, type LiveProgress } from "./live_types.ts";
export { listenFault } from "./listen_fault.ts";
export { type ForeignRequest, refuseForeign } from "./request_source.ts";
export { DEFAULT_LIVE_SETTINGS, runLive } from "./run_live.ts";
export {
  type DEFAULT_SERVE_BOUNDS,
  isLoopback,
  requireLoopback,
  type RunningServer,
  type ServeBounds,
  type ServeOptions,
  startServer,
} from "./serve.ts";
export type { EngineStatus } from "./serve_engine.ts";
export {
  parseFaults,
  type SERVE_FAULTS,
  type ServeFault,
  type ServeFaults,
} from "./serve_faults.ts";
export { parseObjectives, type ServiceObjectives } from "./slo.ts";
export { isToken } from "./token.ts";
