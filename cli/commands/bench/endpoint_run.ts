import {
  type LiveEndpoint,
  type LiveResult,
  type LiveSettings,
  parseObjectives,
  prepareOutput,
  runLive,
  serializeLiveResult,
  writeTextAtomically,
} from "../../../bench/mod.ts";
import { loadChangedWorkload } from "./measure.ts";
import {
  ENDPOINT_SETTINGS,
  optionsOf,
  type Resolved,
  type SettingsOf,
  TRACE_SETTINGS,
} from "../../settings/mod.ts";
import { describeProvenance } from "../../gpu/mod.ts";
import { readTrace } from "../../workload/mod.ts";
import { type CliContext, createProgress, paintOf, writeLines } from "../../terminal/mod.ts";
import { renderLiveResult, verdictExitCode } from "../../tables/mod.ts";
import { EXIT } from "../../exit_code.ts";
import { readTokens } from "./endpoint_tokens.ts";

/** Runs `headwise bench --endpoint`: the fixture's requests on live servers. */
export async function benchEndpoint(
  context: CliContext,
  resolved: Resolved<"bench">,
): Promise<void> {
  const { values } = resolved;
  const { stdout, stderr } = context.process;
  const settings = liveSettings(values);
  const tokens = readTokens(context.process.env, values);
  const workload = await loadChangedWorkload(resolved);
  const trace = values.trace === null
    ? null
    : await readTrace(values.trace, optionsOf(TRACE_SETTINGS, values));
  const at = (url: string, token: string | null): LiveEndpoint => ({
    url,
    model: values.endpointModel,
    token,
  });
  await prepareOutput(values.out);
  const progress = createProgress(stderr, { now: () => performance.now() });
  let result: LiveResult;
  try {
    result = await runLive({
      workload,
      endpoint: at(values.endpoint!, tokens.endpoint),
      settings,
      signal: context.signal,
      onProgress: ({ phase, url, pair, done, requests }) =>
        progress.update({
          label: phase === "warm-up" ? `warm-up of ${url}` : `pair ${pair + 1}, ${url}`,
          fraction: done / requests,
          detail: `${done} of ${requests} requests`,
        }),
      ...(values.against === null ? {} : { against: at(values.against, tokens.against) }),
      environment: await describeProvenance(null),
      ...(trace === null ? {} : { trace }),
    });
  } finally {
    progress.close();
  }
  await writeTextAtomically(values.out, serializeLiveResult(result));
  writeLines(
    stdout,
    values.json
      ? [JSON.stringify(result, null, 2)]
      : renderLiveResult(result, { paint: paintOf(stdout), columns: stdout.columns }),
  );
  writeLines(stderr, [`Result written to '${values.out}'`]);
  context.process.exitCode = exitCodeFor(result, values.enforce);
}

/** With `--enforce` the verdict; without it only a server that answered nothing is a fault. */
function exitCodeFor({ sides, gate }: LiveResult, enforce: boolean): number {
  const silent = sides.some(({ runs }) =>
    runs.every(({ performance }) => performance.completed === 0)
  );
  if (enforce && gate !== null) return verdictExitCode([gate.verdict]);
  return silent ? EXIT.input : EXIT.ok;
}

function liveSettings(values: SettingsOf<"bench">): Partial<LiveSettings> {
  return {
    ...optionsOf(ENDPOINT_SETTINGS, values),
    objectives: values.slo === null ? null : parseObjectives(values.slo),
    ...(values.pairs === null ? {} : { pairs: values.pairs }),
    ...(values.seed === null ? {} : { seed: values.seed }),
  };
}
