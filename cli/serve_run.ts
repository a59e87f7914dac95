import { isLoopback, parseFaults, SIDES, startServer } from "../bench/mod.ts";
import { loadWorkload, requireLoaded } from "../fixtures/mod.ts";
import { type CliContext, paintOf, writeLines } from "./context.ts";
import { explainSettings } from "./explain_settings.ts";
import { loadSettings } from "./load_settings.ts";
import { SERVE_SETTINGS } from "./serve_settings.ts";
import type { SettingFlags } from "./setting_flags.ts";
import { parseOverrides } from "./workload_overrides.ts";

/** Runs `headwise serve` until Ctrl-C. */
export default async function serve(this: CliContext, flags: SettingFlags): Promise<void> {
  const resolved = await loadSettings(this, { command: "serve", table: SERVE_SETTINGS, flags });
  const { values, origins } = resolved;
  const { stdout, stderr } = this.process;
  if (flags["explainConfig"] === true) {
    writeLines(stdout, explainSettings(resolved, paintOf(stdout)));
    return;
  }
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
  await new Promise<void>((resolve) => {
    if (this.signal.aborted) resolve();
    else this.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close();
}
