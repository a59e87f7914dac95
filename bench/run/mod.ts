/**
 * One benchmark from its options to its result: prepares, replays each pair, judges.
 *
 * @module
 */

export * from "./options.ts";
export { costOfCalibration, readCalibration } from "./calibration.ts";
export { collectBatches } from "./collect_batches.ts";
export { plannedPairs } from "./prepare.ts";
export { runBench } from "./run_bench.ts";
export { type RunnerSettings, runnerSettings } from "./runner_settings.ts";
export { createJudgeThreads, type JudgeThreads } from "./judge_threads.ts";
