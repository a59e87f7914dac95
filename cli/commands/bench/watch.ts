import { listWorkloadFiles } from "../../../fixtures/mod.ts";
import { type LoadedSettings, type Resolved, SettingError } from "../../settings/mod.ts";
import type { CliContext } from "../../terminal/mod.ts";
import { watchFiles } from "../../watch/mod.ts";

/**
 * Runs `headwise bench` again each time its fixture, the model file that it names, its trace or the
 * settings file has changed. Settings are resolved again for each run.
 *
 * @param context Streams and the signal of Ctrl-C.
 * @throws {SettingError} When nothing is in a file that could change.
 */
export async function watchBench(
  context: CliContext,
  o: {
    readonly settings: LoadedSettings<"bench">;
    readonly run: (resolved: Resolved<"bench">) => Promise<void>;
  },
): Promise<never> {
  const { settings, run } = o;
  const { reload, file } = settings;
  if ((await filesOf(settings)).length === 0) {
    throw new SettingError(
      "Cannot watch a built-in fixture; name a file with --fixture FILE.yaml, which " +
        "'headwise init' writes",
      settings.origins.watch,
    );
  }
  return await watchFiles(context, {
    run: async () => await run(await reload()),
    // A settings file that cannot be read is reported by the run.
    files: async () => [
      ...await filesOf(await reload().catch(() => settings)),
      file,
    ],
  });
}

async function filesOf({ values: { fixture, trace } }: Resolved<"bench">): Promise<string[]> {
  const files = fixture === null ? [] : await listWorkloadFiles(fixture);
  return trace === null ? [...files] : [...files, trace];
}
