import { isLoopback, parseFaults, SIDES, startServer } from "../../../bench/mod.ts";
import { loadWorkload, requireLoaded } from "../../../fixtures/mod.ts";
import { type CliContext, writeLines } from "../../terminal/mod.ts";
import {
  API_SETTINGS,
  BOUND_SETTINGS,
  type LoadedSettings,
  optionsOf,
  type Resolved,
  SettingError,
} from "../../settings/mod.ts";
import { readPage, servePage } from "../../ui/mod.ts";
import { parseOverrides } from "../../workload/mod.ts";

/** Runs `headwise serve` until Ctrl-C. */
export default async function serve(
  this: CliContext,
  settings: LoadedSettings<"serve">,
): Promise<void> {
  const { values, origins } = settings;
  const { stdout, stderr } = this.process;
  if (values.ui) return await serveUi(this, settings);
  const overrides = values.set === null ? [] : parseOverrides(values.set, origins.set);
  const workload = requireLoaded(await loadWorkload(values.fixture, { overrides }));
  const server = await startServer({
    ...optionsOf(API_SETTINGS, values),
    workload,
    side: SIDES[values.side],
    bounds: optionsOf(BOUND_SETTINGS, values),
    ...(values.faults === null ? {} : { faults: parseFaults(values.faults) }),
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

/** Serves the browser page until Ctrl-C. */
export async function serveUi(
  context: CliContext,
  { values, origins }: Pick<Resolved<"serve">, "values" | "origins">,
  pageText: () => Promise<string> = readPage,
): Promise<void> {
  for (const [name, origin] of Object.entries(origins)) {
    if (origin.kind !== "flag" || UI_SETTINGS.has(name)) continue;
    throw new SettingError("the page of --ui has no use for it; leave one of the two out", origin);
  }
  const { host: hostname, port, allowRemote } = values;
  const server = servePage(await pageText(), { hostname, port, allowRemote });
  writeLines(context.process.stdout, [server.url]);
  writeLines(context.process.stderr, ["Serving the browser page until Ctrl-C"]);
  await untilAborted(context.signal);
  await server.close();
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}
