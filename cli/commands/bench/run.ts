import type { BenchResult } from "../../../bench/mod.ts";
import { type LoadedSettings, type Resolved, SettingError } from "../../settings/mod.ts";
import { type CliContext, jsonText, styleOf, writeLines } from "../../terminal/mod.ts";
import { EXIT } from "../../exit_code.ts";
import { verdictExitCode } from "../../tables/mod.ts";

/** Runs `headwise bench`. */
export default async function bench(
  this: CliContext,
  settings: LoadedSettings<"bench">,
): Promise<void> {
  if (!settings.values.watch) return await benchOnce(this, settings);
  const { watchBench } = await import("./watch.ts");
  await watchBench(this, { settings, run: (again) => benchOnce(this, again) });
}

/** Measures or replays, shows the result and writes it. */
async function benchOnce(context: CliContext, resolved: Resolved<"bench">): Promise<void> {
  const { stdout, stderr } = context.process;
  const { values } = resolved;
  if (values.endpoint !== null) {
    requireFresh(resolved);
    const { benchEndpoint } = await import("./endpoint_run.ts");
    return await benchEndpoint(context, resolved);
  }
  requireReplay(resolved);
  requireHeadWise(resolved);
  // Loaded only now, so that --explain-config does not wait for the replay and the kernel.
  const { measure } = await import("./measure.ts");
  const { claimOf, prepareOutput, writeResultAtomically } = await import("../../../bench/mod.ts");
  const { renderBenchResult } = await import("../../tables/mod.ts");
  await prepareOutput(values.out, claimOf("bench", values));
  const result = await measure(context, resolved);
  await writeResultAtomically(values.out, result);
  if (values.json) {
    writeJson(context, result);
  } else {
    const style = styleOf(stdout);
    writeLines(stdout, renderBenchResult(result, style));
  }
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

function requireFresh({ values, origins }: Resolved<"bench">): void {
  if (!values.resume) return;
  const message = "Cannot resume a run against live servers: their state has changed; leave " +
    "out --resume";
  throw new SettingError(message, origins.resume);
}

function requireReplay({ values, origins }: Resolved<"bench">): void {
  if (values.against === null) return;
  const message = "Cannot judge against a server without one to judge; name it with --endpoint";
  throw new SettingError(message, origins.against);
}

function requireHeadWise(resolved: Resolved<"bench">): void {
  if (resolved.values.headWise) return;
  const message = "Cannot judge a gate without the head-wise table; switch it on with --head-wise";
  throw new SettingError(message, resolved.origins.headWise);
}

function writeJson(context: CliContext, value: unknown): void {
  writeLines(context.process.stdout, [jsonText(value)]);
}
