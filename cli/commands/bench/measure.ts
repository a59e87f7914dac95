import {
  type BenchOptions,
  type BenchProgress,
  type BenchResult,
  claimOf,
  parseResult,
  plannedPairs,
  prepareOutput,
  readCalibration,
  readResult,
  runBench,
  writeResultAtomically,
} from "../../../bench/mod.ts";
import { ifThere, loadWorkload, requireLoaded, type Workload } from "../../../fixtures/mod.ts";
import {
  commandLineOf,
  gateOptions,
  optionsOf,
  REPLAY_SETTINGS,
  type Resolved,
  type SettingsOf,
  TRACE_SETTINGS,
} from "../../settings/mod.ts";
import { plainOverrides, readTrace, workloadOverrides } from "../../workload/mod.ts";
import { chooseClock, describeProvenance } from "../../gpu/mod.ts";
import {
  type CliContext,
  createProgress,
  type ProgressState,
  writeLines,
} from "../../terminal/mod.ts";

/**
 * Loads the workload and its requests, opens a clock, and runs the benchmark with progress on
 * standard error.
 *
 * @param context Streams and the signal of Ctrl-C.
 * @param resolved Settings of `bench`.
 */
export async function measure(
  context: CliContext,
  resolved: Resolved<"bench">,
): Promise<BenchResult> {
  const { values } = resolved;
  const { stderr } = context.process;
  const workload = await loadChangedWorkload(resolved);
  const trace = values.trace === null
    ? null
    : await readTrace(values.trace, optionsOf(TRACE_SETTINGS, values));
  const earlier = values.resume ? await readEarlier(values.out) : null;
  const chosen = await chooseClock(workload, values);
  if (chosen.clock.kind === "model" && chosen.clock.reason !== null) {
    writeLines(stderr, [`Using the model clock: ${chosen.clock.reason}`]);
  }
  const progress = createProgress(stderr, { now: () => performance.now() });
  let pairsKept = earlier?.sides[0].runs.length ?? 0;
  let pairs = 0;
  const options: BenchOptions = {
    ...optionsOf(REPLAY_SETTINGS, values),
    workload,
    workers: values.workers ?? navigator.hardwareConcurrency,
    ...gateOptions(values.gate),
    clock: chosen.clock,
    ...(await calibrationOf(context, values)),
    commandLine: commandLineOf("bench", resolved),
    environment: await describeProvenance(
      chosen.clock.kind === "gpu" ? chosen.clock.adapter : null,
    ),
    signal: context.signal,
    onPair: async (result) => {
      await writeResultAtomically(values.out, result);
      pairsKept = result.sides[0].runs.length;
    },
    onProgress: (state) => {
      pairs = state.pairs;
      progress.update(describeProgress(state));
    },
    ...(earlier === null ? {} : { resume: earlier }),
    ...(trace === null ? {} : { trace }),
    ...(chosen.ceilings === null ? {} : { ceilings: chosen.ceilings }),
  };
  try {
    if (!values.resume) {
      const of = (text: string) => parseResult(text, { file: values.out }).sides[0].runs.length;
      const size = { unit: "pairs", planned: plannedPairs(options), of };
      await prepareOutput(values.out, claimOf("bench", { force: values.force, size }));
    }
    return await runBench(options);
  } catch (error) {
    progress.close();
    if (pairsKept > 0 && pairs > 0) {
      const kept = `${pairsKept} of ${pairs} pairs are kept in '${values.out}'`;
      writeLines(stderr, [`${kept}; repeat the command with --resume to continue`]);
    }
    throw error;
  } finally {
    progress.close();
    await chosen.close();
  }
}

/** The calibration that `--card` and `--calibration` name, or nothing. */
export async function calibrationOf(
  context: CliContext,
  { card, calibration }: Pick<SettingsOf<"bench">, "card" | "calibration">,
): Promise<Pick<BenchOptions, "calibration">> {
  if (card === null && calibration === null) return {};
  const read = async (file: string) => ({ text: await context.readTextFile(file), file });
  const isFile = card !== null && /[./\\]/.test(card);
  return {
    calibration: readCalibration({
      card: isFile ? await read(card) : card,
      fit: calibration === null ? null : await read(calibration),
    }),
  };
}

/** What a stopped run left; null where it left nothing. */
async function readEarlier(path: string): Promise<BenchResult | null> {
  return await ifThere(() => Deno.lstat(path)) === null ? null : await readResult(path);
}

/** Loads the fixture with the values that settings replace. */
export async function loadChangedWorkload(resolved: Resolved<"bench">): Promise<Workload> {
  const { trace } = resolved.values;
  const fixture = resolved.values.fixture ?? (trace === null ? "smoke" : "trace-replay");
  const stated = plainOverrides(resolved);
  const plain = requireLoaded(await loadWorkload(fixture, { overrides: stated }));
  const overrides = workloadOverrides(resolved, plain);
  if (overrides.length === stated.length) return plain;
  return requireLoaded(await loadWorkload(fixture, { overrides }));
}

function describeProgress(state: BenchProgress): ProgressState {
  const ofPair = `pair ${state.pair + 1} of ${state.pairs}`;
  const label = state.phase === "gate"
    ? "judging"
    : `${state.phase} ${state.side ?? ""}, ${ofPair}`;
  const ofReplay = state.requests === 0 ? 0 : state.requestsDone / state.requests;
  return {
    label,
    fraction: state.replays === 0 ? 0 : Math.min(1, (state.replaysDone + ofReplay) / state.replays),
    detail: `${state.requestsDone} of ${state.requests} requests, step ${state.steps}`,
  };
}
