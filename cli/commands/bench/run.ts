import {
  type BenchResult,
  claimOf,
  prepareOutput,
  writeResultAtomically,
} from "../../../bench/mod.ts";
import { type LoadedSettings, type Resolved, SettingError } from "../../settings/mod.ts";
import { type CliContext, writeLines, writeResult } from "../../terminal/mod.ts";
import { EXIT } from "../../exit_code.ts";
import { renderBenchResult, verdictExitCode } from "../../tables/mod.ts";
import { benchEndpoint } from "./endpoint_run.ts";
import { measure } from "./measure.ts";
import { watchBench } from "./watch.ts";

/** Runs `headwise bench`. */
export default async function bench(
  this: CliContext,
  settings: LoadedSettings<"bench">,
): Promise<void> {
  if (!settings.values.watch) return await benchOnce(this, settings);
  await watchBench(this, { settings, run: (again) => benchOnce(this, again) });
}

/** Measures or replays, shows the result and writes it. */
async function benchOnce(context: CliContext, resolved: Resolved<"bench">): Promise<void> {
  const { stdout, stderr } = context.process;
  const { values } = resolved;
  refuseUseless(resolved);
  if (values.endpoint !== null) return await benchEndpoint(context, resolved);
  await prepareOutput(values.out, claimOf("bench", values));
  const result = await measure(context, resolved);
  await writeResultAtomically(values.out, result);
  writeResult(stdout, result, { json: values.json, render: renderBenchResult });
  writeLines(stderr, [`Result written to '${values.out}'`]);
  context.process.exitCode = exitCodeFor(result, values.enforce);
}

/** With `--enforce` the verdict; without it only a wrong kernel fails, for nothing was measured. */
function exitCodeFor(result: BenchResult, enforce: boolean): number {
  if (result.verification.failures.length > 0) return EXIT.fail;
  if (!enforce) return EXIT.ok;
  const verdicts = [result.readGate?.verdict, result.capacityGate?.verdict];
  return verdictExitCode(verdicts.filter((verdict) => verdict !== undefined));
}

/** Refuses what cannot be measured as it was asked for, before anything is opened. */
function refuseUseless({ values, origins }: Resolved<"bench">): void {
  if (values.endpoint !== null) {
    if (!values.resume) return;
    const message = "Cannot resume a run against live servers: their state has changed; leave " +
      "out --resume";
    throw new SettingError(message, origins.resume);
  }
  if (values.against !== null) {
    const message = "Cannot judge against a server without one to judge; name it with --endpoint";
    throw new SettingError(message, origins.against);
  }
  if (!values.headWise) {
    const message =
      "Cannot judge a gate without the head-wise table; switch it on with --head-wise";
    throw new SettingError(message, origins.headWise);
  }
}
