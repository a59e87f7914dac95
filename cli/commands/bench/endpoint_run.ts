import {
  claimOf,
  DEFAULT_LIVE_SETTINGS,
  failedShare,
  type LiveEndpoint,
  type LiveResult,
  type LiveSettings,
  parseLiveResult,
  parseObjectives,
  prepareOutput,
  runLive,
  serializeResult,
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
import { type CliContext, createProgress, writeLines, writeResult } from "../../terminal/mod.ts";
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
  const size = {
    unit: "pairs",
    planned: settings.pairs ?? DEFAULT_LIVE_SETTINGS.pairs,
    of: (text: string) => parseLiveResult(text, { file: "" }).sides[0].runs.length,
  };
  await prepareOutput(values.out, claimOf("live", { force: values.force, size }));
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
  await writeTextAtomically(values.out, serializeResult(result));
  writeResult(stdout, result, { json: values.json, render: renderLiveResult });
  writeLines(stderr, [`Result written to '${values.out}'`]);
  const failing = result.sides.filter((side) => failedShare(side) > values.maxFailed);
  writeLines(
    stderr,
    failing.map((side) =>
      `More requests to '${side.url}' failed than --max-failed allows: ` +
      `${formatShare(failedShare(side))}, not ${formatShare(values.maxFailed)}`
    ),
  );
  context.process.exitCode = exitCodeFor(result, {
    enforce: values.enforce,
    isFailing: failing.length > 0,
  });
}

/**
 * A server that answered nothing was not measured. One that failed more requests than are allowed
 * has figures of other requests than were asked for, with or without a verdict.
 */
function exitCodeFor(
  { sides, gate }: LiveResult,
  o: { readonly enforce: boolean; readonly isFailing: boolean },
): number {
  if (o.enforce && gate !== null) return verdictExitCode([gate.verdict]);
  if (sides.some((side) => failedShare(side) === 1)) return EXIT.input;
  return o.isFailing ? EXIT.fail : EXIT.ok;
}

function formatShare(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

function liveSettings(values: SettingsOf<"bench">): Partial<LiveSettings> {
  return {
    ...optionsOf(ENDPOINT_SETTINGS, values),
    objectives: values.slo === null ? null : parseObjectives(values.slo),
    ...(values.pairs === null ? {} : { pairs: values.pairs }),
    ...(values.seed === null ? {} : { seed: values.seed }),
  };
}
