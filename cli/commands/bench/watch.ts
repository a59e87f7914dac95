import { listWorkloadFiles } from "../../../fixtures/mod.ts";
import {
  BENCH_SETTINGS,
  loadSettings,
  type ResolvedSettings,
  SettingError,
  type SettingFlags,
  settingsFileOf,
} from "../../settings/mod.ts";
import type { CliContext } from "../../terminal/mod.ts";
import { watchFiles } from "../../watch/mod.ts";

type Resolved = ResolvedSettings<typeof BENCH_SETTINGS>;

/**
 * Runs `headwise bench` again each time its fixture, the model file that it names, its trace or the
 * settings file has changed. Settings are resolved anew for each run.
 *
 * @param context Streams and the signal of Ctrl-C.
 * @param o Flags of the command, its settings at the start, and one run with settings.
 * @throws {SettingError} When nothing is in a file that could change.
 */
export async function watchBench(
  context: CliContext,
  o: {
    readonly flags: SettingFlags;
    readonly resolved: Resolved;
    readonly run: (resolved: Resolved) => Promise<void>;
  },
): Promise<never> {
  const { flags, resolved } = o;
  if ((await filesOf(resolved)).length === 0) {
    throw new SettingError(
      "Cannot watch a built-in fixture; name a file with --fixture FILE.yaml, which " +
        "'headwise init' writes",
      resolved.origins.watch,
    );
  }
  const reload = (): Promise<Resolved> =>
    loadSettings(context, { command: "bench", table: BENCH_SETTINGS, flags });
  return await watchFiles(context, {
    run: async () => await o.run(await reload()),
    // A settings file that cannot be read is told of by the run.
    files: async () => [
      ...await filesOf(await reload().catch(() => resolved)),
      settingsFileOf(context, flags),
    ],
  });
}

async function filesOf({ values: { fixture, trace } }: Resolved): Promise<string[]> {
  const files = fixture === null ? [] : await listWorkloadFiles(fixture);
  return trace === null ? [...files] : [...files, trace];
}
