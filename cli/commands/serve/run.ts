import { isLoopback, parseFaults, SIDES, startServer } from "../../../bench/mod.ts";
import { loadWorkload, requireLoaded } from "../../../fixtures/mod.ts";
import { type CliContext, paintOf, writeLines } from "../../terminal/mod.ts";
import {
  explainSettings,
  loadSettings,
  type ResolvedSettings,
  SERVE_SETTINGS,
  SettingError,
  type SettingFlags,
} from "../../settings/mod.ts";
import { readPage, servePage } from "../../ui/mod.ts";
import { parseOverrides } from "../../workload/mod.ts";

/** Runs `headwise serve` until Ctrl-C. */
export default async function serve(this: CliContext, flags: SettingFlags): Promise<void> {
  const resolved = await loadSettings(this, { command: "serve", table: SERVE_SETTINGS, flags });
  const { values, origins } = resolved;
  const { stdout, stderr } = this.process;
  if (flags["explainConfig"] === true) {
    writeLines(stdout, explainSettings(resolved, paintOf(stdout)));
    return;
  }
  if (values.ui) return await serveUi(this, resolved);
  const overrides = values.set === null ? [] : parseOverrides(values.set, origins.set);
  const workload = requireLoaded(await loadWorkload(values.fixture, { overrides }));
  const server = await startServer({
    workload,
    side: SIDES[values.side],
    hostname: values.host,
    port: values.port,
    allowRemote: values.allowRemote,
    timeScale: values.stepScale,
    tokensPerEvent: values.tokensPerEvent,
    bounds: {
      maxRequests: values.maxRequests,
      maxBodyBytes: values.maxBodyBytes,
      bodyTimeoutMs: values.bodyTimeoutMs,
      maxConnections: values.maxConnections,
      headerTimeoutMs: values.headerTimeoutMs,
    },
    ...(values.faults === null ? {} : { faults: parseFaults(values.faults) }),
    ...(values.prefixCache === null ? {} : { prefixCache: values.prefixCache }),
  });
  writeLines(stdout, [server.url]);
  if (values.allowRemote && !isLoopback(values.host)) {
    writeLines(stderr, [
      `Other machines can reach '${values.host}', and the server knows no users`,
    ]);
  }
  writeLines(stderr, [
    `Serving fixture '${workload.name}', side '${values.side}', until Ctrl-C`,
  ]);
  await untilAborted(this.signal);
  await server.close();
}

/** Settings that the browser page has a use for. */
const UI_SETTINGS: ReadonlySet<string> = new Set(["ui", "host", "port", "allowRemote"]);

async function serveUi(
  context: CliContext,
  { values, origins }: ResolvedSettings<typeof SERVE_SETTINGS>,
): Promise<void> {
  for (const [name, origin] of Object.entries(origins)) {
    if (origin.kind !== "flag" || UI_SETTINGS.has(name)) continue;
    throw new SettingError("the page of --ui has no use for it; leave one of the two out", origin);
  }
  const { host: hostname, port, allowRemote } = values;
  const server = servePage(await readPage(), { hostname, port, allowRemote });
  writeLines(context.process.stdout, [server.url]);
  writeLines(context.process.stderr, ["Serving the browser page until Ctrl-C"]);
  await untilAborted(context.signal);
  await server.close();
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
