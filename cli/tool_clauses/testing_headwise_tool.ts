import { interleaveSides, runnerSettings, SIDES } from "../../bench/mod.ts";
import { measurePower, type PowerRow } from "../../conformance/mod.ts";
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";
import {
  type CommandName,
  DEFAULT_CONFIG_FILE,
  explainSettingsAsData,
  flagOf,
  parseConfigFile,
  type Resolved,
  resolveSettings,
  type Setting,
  SETTING_TABLES,
  type SettingTable,
  variableOf,
} from "../settings/mod.ts";
import { workloadOverrides } from "../workload/mod.ts";
import { judgeAnswers, judgeCapacity, judgeRead, regress } from "./testing_stated_runs.ts";
import type { ComponentView, ToolOption, ToolSettings } from "./testing_tool.ts";

/** Texts to try an option with that does not tell its choices. */
const SAMPLE_TEXTS: readonly string[] = [
  ...["2", "3", "1/2", "2/2", "true", "false", "0.5", "0.25", "read", "capacity", "oracle"],
  ...["ttft=200ms", "tbt=20ms", "stall=9", "abort=3", "webgpu", "60", "120"],
];

/** What options of `bench` decide, of what components have to agree on. */
const DECIDES: Readonly<Record<string, ToolOption["decides"]>> = {
  window: "window_tokens",
  sinks: "sink_tokens",
  ratio: "window_ratio",
  debugTables: "validation",
};

/** This tool, as checks see it; it reads no environment and no settings file but what it is given. */
export type Tool = typeof headwiseTool;

let power: readonly PowerRow[] | undefined;

/** Settings go through the resolver of every command, stated runs through the gates' own code. */
export const headwiseTool = {
  /** Lists every option of every command. */
  options: (): readonly ToolOption[] =>
    Object.entries(SETTING_TABLES).flatMap(([command, table]) =>
      Object.entries<Setting<unknown>>(table).map(([name, setting]) => ({
        command,
        name,
        flag: flagOf(name),
        variable: variableOf(name, setting),
        samples: samplesOf(setting),
        decides: command === "bench" ? DECIDES[name] : undefined,
      }))
    ),
  /** Resolves the options of a command and shows all of them. */
  explain: (settings: ToolSettings) => explainSettingsAsData(resolve(settings)),
  plan: planRun,
  order: interleaveSides,
  judgeRead,
  judgeCapacity,
  regress,
  judgeAnswers,
  /** Measures the cases of the conformance suite, once: it takes seconds. */
  power: (): readonly PowerRow[] => power ??= measurePower(),
};

function samplesOf(setting: Setting<unknown>): string[] {
  const samples = new Map<string, string>();
  const choices = "choices" in setting.parse ? setting.parse.choices as readonly string[] : [];
  for (const text of [...choices, ...SAMPLE_TEXTS]) {
    try {
      const value = JSON.stringify(setting.parse(text));
      if (!samples.has(value)) samples.set(value, text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  if (samples.size < 2) {
    throw new RangeError(
      `Cannot try '${setting.brief}': it takes none of ${SAMPLE_TEXTS.join(", ")}`,
    );
  }
  return [...samples.values()].slice(0, 2);
}

/** Each option by itself: what it may need beside it to have an effect is another matter. */
function resolve(settings: ToolSettings): Resolved<CommandName> {
  if (!Object.hasOwn(SETTING_TABLES, settings.command)) {
    throw new RangeError(`Cannot resolve settings: there is no command '${settings.command}'`);
  }
  const command = settings.command as CommandName;
  const table: SettingTable = SETTING_TABLES[command];
  const flags = Object.entries(table).flatMap(([name, { placeholder, parse }]) => {
    const text = settings.flags[flagOf(name)];
    if (text === undefined) return [];
    return [[name, placeholder === undefined ? parse(text) === true : text]] as const;
  });
  const known = { [command]: Object.keys(table) };
  const file = { file: DEFAULT_CONFIG_FILE, command, known };
  return resolveSettings(SETTING_TABLES[command], {
    flags: Object.fromEntries(flags),
    environment: settings.environment,
    file: parseConfigFile(JSON.stringify({ [command]: settings.file }), file),
    // Some options are not taken from a file that is only found.
    isFileNamed: true,
  });
}

/** Resolves the options of a benchmark and shows what its components would be given. */
async function planRun(settings: ToolSettings) {
  const resolved = resolve(settings) as Resolved<"bench">;
  const { values } = resolved;
  const fixture = values.fixture ?? "smoke";
  const overrides = workloadOverrides(resolved, requireLoaded(await loadWorkload(fixture)));
  const workload = requireLoaded(await loadWorkload(fixture, { overrides }));
  const { heads, headWindows, sinkTokens } = runnerSettings(workload, SIDES.headwise);
  const viewOf = (component: string, map: typeof heads): ComponentView => {
    const kinds = map.groups[0]?.kinds ?? [];
    const windowHeads = kinds.map((kind) => kind === "window" && map.windowTokens > 0);
    const windowTokens = windowHeads.includes(true) ? map.windowTokens : 0;
    return { component, windowTokens, sinkTokens: map.sinkTokens, windowHeads };
  };
  const windows = [...headWindows[0] ?? []];
  const components: readonly ComponentView[] = [
    viewOf("workload", workload.headMap),
    viewOf("allocator", heads),
    {
      component: "kernel",
      windowTokens: Math.max(0, ...windows),
      sinkTokens,
      windowHeads: windows.map((window) => window > 0),
    },
  ];
  return { headWise: values.headWise, validatesTables: values.debugTables, components };
}
