import {
  BenchError,
  builtinKernelCases,
  claimOf,
  type KernelCase,
  type KernelResult,
  openPeers,
  parseKernelCases,
  parseKernelResult,
  prepareOutput,
  readResultText,
  runKernelBench,
  selectKernelCases,
  tuningKey,
  writeResultAtomically,
} from "../../../bench/mod.ts";
import { ifThere, requireLoaded } from "../../../fixtures/mod.ts";
import { closeGpu, type Gpu } from "../../../kernel/mod.ts";
import {
  type CliContext,
  createProgress,
  type ProgressState,
  styleOf,
  writeLines,
} from "../../terminal/mod.ts";
import { EXIT } from "../../exit_code.ts";
import type { GpuProvider, LoadedSettings, SettingsOf } from "../../settings/mod.ts";
import {
  cacheFolderOf,
  describeProvenance,
  MissingDevice,
  openProvider,
  readTunings,
  type StoredTunings,
} from "../../gpu/mod.ts";
import { renderKernelResult } from "../../tables/mod.ts";

/** Runs `headwise kernel bench`. */
export default async function benchKernel(
  this: CliContext,
  { values }: LoadedSettings<"kernel bench">,
): Promise<void> {
  const { stdout, stderr } = this.process;
  const { resume: isResumed, ...settings } = values;
  const all = await readCases(this, values.file);
  if (isResumed && values.json === null) {
    throw new BenchError("bench/option", "Cannot resume without a result: name it with --json");
  }
  const earlier = isResumed ? await readStopped(values.json!) : null;
  if (values.json !== null && earlier === null) {
    await prepareOutput(values.json, claimOf("kernel", values));
  }
  const gpu = await openTimedGpu(values.gpu);
  const progress = createProgress(stderr, { now: () => performance.now() });
  const peers = values.peers
    ? openPeers({
      runs: values.runs,
      seed: values.seed,
      signal: this.signal,
      onResult: (peer, name) =>
        progress.update({ label: `${peer} on ${name}`, fraction: 1, detail: "" }),
    })
    : null;
  try {
    const cases = selectKernelCases(all, { set: chooseSet(values, gpu), glob: values.cases });
    if (values.json !== null && earlier === null) {
      const of = (text: string) => parseKernelResult(text, { file: "" }).cases.length;
      const size = { unit: "cases", planned: cases.length, of };
      await prepareOutput(values.json, claimOf("kernel", { force: values.force, size }));
    }
    const tunings = values.tuning === "default" ? new Map() : await loadTunings(this, gpu);
    const result = await runKernelBench(gpu, {
      ...settings,
      cases,
      ...(earlier === null ? {} : { resume: earlier }),
      tuningOf: (kernelCase) => tunings.get(tuningKey(kernelCase)) ?? null,
      signal: this.signal,
      onCase: (begun) => progress.update(progressOf(begun, cases.length)),
      onMeasured: async (soFar) => {
        // What is there already holds more until the kept cases have been taken over.
        const isMore = soFar.cases.length >= (earlier?.cases.length ?? 0);
        if (values.json !== null && isMore) await writeResultAtomically(values.json, soFar);
      },
      environment: await describeProvenance(gpu.adapter.description),
      ...(peers === null ? {} : { timePeers: peers.time }),
    });
    progress.close();
    const style = styleOf(stdout);
    writeLines(stdout, renderKernelResult(result, style));
    if (values.json !== null) {
      await writeResultAtomically(values.json, result);
      writeLines(stderr, [`Result written to '${values.json}'`]);
    }
    if (hasWrong(result)) this.process.exitCode = EXIT.fail;
    if (this.signal.aborted) {
      const done = new Set(result.cases.map((each) => each.case.name));
      const left = cases.map(({ name }) => name).filter((name) => !done.has(name));
      const { length } = result.cases;
      writeLines(stderr, [
        `Stopped after ${length} of ${cases.length} cases; ${describeLeft(left, values.json)}`,
      ]);
      this.process.exitCode = EXIT.interrupted;
    }
  } finally {
    progress.close();
    await peers?.close();
    closeGpu(gpu);
  }
}

/** Whether some output is wrong, or could not be had. */
export function hasWrong({ cases }: Pick<KernelResult, "cases">): boolean {
  return cases.some(({ outcome: { kind } }) => kind === "wrong" || kind === "failed");
}

/** What is shown while a case is measured. */
export function progressOf(begun: { name: string; index: number }, cases: number): ProgressState {
  const { name: label, index } = begun;
  return { label, fraction: index / cases, detail: `${index + 1} of ${cases} cases` };
}

function describeLeft(names: readonly string[], json: string | null): string {
  if (names.length === 0) return "only the peers are missing";
  const how = json === null ? "continue with --cases and a pattern for" : "continue with --resume";
  return `${how}: ${names.join(", ")}`;
}

/** The result of a run that was stopped; null where there is none. */
async function readStopped(path: string): Promise<KernelResult | null> {
  if (await ifThere(() => Deno.lstat(path)) === null) return null;
  return parseKernelResult(await readResultText(path), { file: path });
}

async function loadTunings(context: CliContext, gpu: Gpu): Promise<StoredTunings> {
  const folder = await cacheFolderOf(context);
  if (folder === null) return new Map();
  const { tunings, note } = await readTunings(folder, gpu);
  if (note !== null) writeLines(context.process.stderr, [note]);
  return tunings;
}

/** The list of cases: what was asked for, or what suits the file and the adapter. */
export function chooseSet(
  values: Pick<SettingsOf<"kernel bench">, "set" | "file">,
  gpu: Gpu,
): "smoke" | "h200" | "matrix" | "quantised" | "all" {
  if (values.set !== null) return values.set;
  return values.file !== null ? "all" : gpu.isSoftware ? "smoke" : "h200";
}

/** Reads a file of cases, or gives the built-in ones. */
export async function readCases(
  context: CliContext,
  file: string | null,
): Promise<readonly KernelCase[]> {
  if (file === null) return builtinKernelCases();
  return requireLoaded(parseKernelCases(await context.readTextFile(file), { file }));
}

/**
 * Opens the adapter.
 *
 * @throws {MissingDevice} When none answers, or it cannot time passes.
 */
export async function openTimedGpu(provider: GpuProvider): Promise<Gpu> {
  const outcome = await openProvider(provider);
  if (outcome.kind === "unavailable") throw new MissingDevice(outcome);
  if (outcome.gpu.hasTimestamps) return outcome.gpu;
  const { description } = outcome.gpu.adapter;
  closeGpu(outcome.gpu);
  throw new MissingDevice({
    reason: `${description} cannot time passes`,
    fix: "use a driver with timestamp queries",
  });
}
