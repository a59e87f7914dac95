/**
 * Results as tables of a terminal, and the exit code of their verdicts.
 *
 * @module
 */

export { renderBenchResult } from "./bench.ts";
export { renderCase, renderKillRow, renderSummary } from "./conformance.ts";
export { renderLiveResult } from "./endpoint.ts";
export { renderVerdict } from "./foreign.ts";
export { renderGate, verdictExitCode } from "./gate.ts";
export { renderKernelResult } from "./kernel.ts";
export { exitCodeOfReports, printReports } from "./report_output.ts";
export { describePoint, renderSweep } from "./sweep.ts";
