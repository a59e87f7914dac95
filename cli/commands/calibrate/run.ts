import { dirname, join } from "node:path";
import {
  claimOf,
  collectBatches,
  costOfCalibration,
  type Fit,
  fitFactors,
  fitRowsOf,
  type ForeignRun,
  prepareOutput,
  readCalibration,
  readGateInput,
  refuseRepeatedRuns,
  writeTextAtomically,
} from "../../../bench/mod.ts";
import { loadWorkload, requireLoaded } from "../../../fixtures/mod.ts";
import { type LoadedSettings, SettingError } from "../../settings/mod.ts";
import { type CliContext, writeLines } from "../../terminal/mod.ts";
import { measureCard } from "./measure_card.ts";
import { writeScripts } from "./scripts.ts";

type Settings = LoadedSettings<"calibrate">;

/** Runs `headwise calibrate`: exactly one of its four forms. */
export default async function calibrate(this: CliContext, settings: Settings): Promise<void> {
  const { values, origins } = settings;
  const forms = [
    ["--profile", values.profile],
    ["--all-reduce", values.allReduce],
    ["--from", values.from !== null],
    ["--batches", values.batches],
  ] as const;
  const asked = forms.filter(([, isAsked]) => isAsked).map(([flag]) => flag);
  if (asked.length !== 1) {
    const what = asked.length === 0 ? "none" : asked.join(" and ");
    throw new SettingError(
      `Cannot tell what to calibrate: give one of ${
        forms.map(([flag]) => flag).join(", ")
      }, not ${what}`,
      origins.profile,
    );
  }
  if (values.from !== null) return await fit(this, settings, values.from);
  if (values.batches) return await writeBatches(this, settings);
  await measureCard(this, settings);
}

/** The value of a setting that a form needs. */
function need<NAME extends "fixture" | "card">({ values }: Settings, name: NAME): string {
  const value = values[name];
  if (value !== null) return value;
  const what = name === "card" ? "card" : "fixture whose steps were measured";
  throw new SettingError(`Cannot calibrate without it; name the ${what}`, {
    kind: "flag",
    text: `--${name}`,
  });
}

async function fit(
  context: CliContext,
  settings: Settings,
  files: readonly string[],
): Promise<void> {
  const { values } = settings;
  const out = values.out ?? "results/fit.json";
  const workload = requireLoaded(await loadWorkload(need(settings, "fixture")));
  const named = need(settings, "card");
  const isFile = /[./\\]/.test(named);
  const calibration = readCalibration({
    card: isFile ? { text: await context.readTextFile(named), file: named } : named,
    fit: null,
  });
  const runs: ForeignRun[] = [];
  for (const file of files) {
    const input = await readGateInput(file);
    if (input.kind !== "foreign") {
      throw new SettingError(
        `Cannot fit to '${file}': it is a result of headwise itself; give one of an engine's benchmark`,
        settings.origins.from,
      );
    }
    runs.push(...input.runs);
  }
  refuseRepeatedRuns(runs);
  await prepareOutput(out, claimOf("fit", values));
  const cost = costOfCalibration(workload, calibration);
  const { factors, leaveOneOutError } = fitFactors(
    fitRowsOf(runs, { workload, cost }),
    values.factors,
  );
  const document: Fit = {
    format: "headwise-fit/1",
    card: cost.card.name,
    workload: workload.name,
    fittedTo: runs.map(({ origin }) => origin),
    factors,
    fitted: [...values.factors],
    leaveOneOutError,
  };
  await writeTextAtomically(out, `${JSON.stringify(document, null, 2)}\n`);
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  writeLines(context.process.stdout, [
    `${workload.name} on ${cost.card.name} (${cost.card.basis}), ${runs.length} results`,
    ...values.factors.map((name) => `  ${name}  ${factors[name].toFixed(3)}`),
    leaveOneOutError === null
      ? "  as many results as factors: nothing is left to tell the error by"
      : `  leaving each result out: median error ${percent(leaveOneOutError.median)}, worst ` +
        percent(leaveOneOutError.worst),
  ]);
  writeLines(context.process.stderr, [`Fit written to '${out}'`]);
}

async function writeBatches(context: CliContext, settings: Settings): Promise<void> {
  const { values } = settings;
  const out = values.out ?? "results/batches.json";
  const workload = requireLoaded(await loadWorkload(need(settings, "fixture")));
  await prepareOutput(out, claimOf("batches", values));
  const file = await collectBatches(workload, { steps: values.steps });
  await writeTextAtomically(out, `${JSON.stringify(file)}\n`);
  await writeScripts(dirname(out), values);
  writeLines(context.process.stdout, [
    `${file.steps.length} steps of ${workload.name} in '${out}'; on a GPU run:`,
    `  python3 ${join(dirname(out), "model_loop.py")} ${out} > loop.json`,
  ]);
}
