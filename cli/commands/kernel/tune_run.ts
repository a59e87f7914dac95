import {
  selectKernelCases,
  type TunedShape,
  type TunedVariant,
  tuneKernel,
} from "../../../bench/mod.ts";
import { type AttendTuning, closeGpu } from "../../../kernel/mod.ts";
import {
  type CliContext,
  createProgress,
  figures,
  labels,
  paintOf,
  type ProgressState,
  renderTable,
  writeLines,
} from "../../terminal/mod.ts";
import { EXIT } from "../../exit_code.ts";
import { chooseSet, openTimedGpu, readCases } from "./bench_run.ts";
import { cacheFolderOf, storeTunings } from "../../gpu/mod.ts";
import { type LoadedSettings, SettingError } from "../../settings/mod.ts";
import { formatDuration } from "../../../fixtures/mod.ts";

/** Decode steps of the usual kinds, neither tiny nor too long for a search. */
const TUNED_CASES = {
  matrix: "matrix-prefill-*",
  h200: "decode-32x16k-g5,decode-32x16k-g2,decode-8x8k-*",
  quantised: "quantised-decode-*",
  smoke: "*-decode",
};

/** Runs `headwise kernel tune`. */
export default async function tune(
  this: CliContext,
  { values }: LoadedSettings<"kernel tune">,
): Promise<void> {
  const { stdout, stderr } = this.process;
  const folder = await cacheFolderOf(this);
  if (folder === null) {
    throw new SettingError(
      "Cannot tell the user's cache folder; set XDG_CACHE_HOME or HOME, and allow reading it",
      { kind: "environment", text: "XDG_CACHE_HOME" },
    );
  }
  const all = await readCases(this, values.file);
  const gpu = await openTimedGpu(values.gpu);
  const progress = createProgress(stderr, { now: () => performance.now() });
  try {
    const set = chooseSet(values, gpu);
    const glob = values.cases ?? TUNED_CASES[set === "all" ? "h200" : set];
    const tuned = await tuneKernel(gpu, {
      ...values,
      cases: selectKernelCases(all, { set, glob }),
      signal: this.signal,
      onVariant: (key, variant) => progress.update(progressOf(key, variant)),
    });
    progress.close();
    writeLines(stdout, renderTuned(tuned));
    const winners = tuned.filter(({ failure }) => failure === null)
      .map(({ key, tuning, gain }): [string, AttendTuning | null] => [
        key,
        gain > 1 ? tuning : null,
      ]);
    for (const { key, failure, refused } of tuned) {
      if (failure !== null) writeLines(stderr, [`${key}: ${failure}`]);
      writeLines(stderr, refused.map((reason) => `${key}: refused ${reason}`));
    }
    if (winners.length === 0) {
      this.process.exitCode = EXIT.fail;
      return;
    }
    const path = await storeTunings(folder, gpu, new Map(winners));
    writeLines(stderr, [paintOf(stderr).green(`Stored in '${path}'`)]);
  } finally {
    progress.close();
    closeGpu(gpu);
  }
}

/**
 * What is shown of a variant. All in the label, which a log gets at once: a search that is cut off
 * has told what it knew.
 */
export function progressOf(key: string, variant: TunedVariant): ProgressState {
  const { meanMs, refusal, tuning } = variant;
  const detail = meanMs === null ? `refused: ${refusal}` : formatDuration(meanMs);
  return { label: `${key}: ${describeTuning(tuning)}: ${detail}`, fraction: 0, detail: "" };
}

/** A row a shape: the fastest variant, and how much it gains. */
export function renderTuned(tuned: readonly TunedShape[]): string[] {
  const rows = tuned.map(({ key, tuning, gain, variants, failure }) => [
    key,
    failure === null ? gain > 1 ? describeTuning(tuning) : "the default" : "not measured",
    failure === null ? `${((gain - 1) * 100).toFixed(1)} %` : "–",
    String(variants),
  ]);
  return renderTable(rows, {
    columns: [...labels("shape", "fastest"), ...figures("gain", "variants")],
  });
}

function describeTuning(tuning: AttendTuning): string {
  const { matrix, ...parts } = tuning;
  return Object.entries({ ...parts, ...matrix }).map(([part, value]) => `${part}=${value}`).join(
    " ",
  );
}
