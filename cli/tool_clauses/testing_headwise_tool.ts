import { interleaveSides, runnerSettings, SIDES } from "../../bench/mod.ts";
import { measurePower, type Reply } from "../../conformance/mod.ts";
import type {
  ComponentView,
  OptionOrigin,
  PlannedRun,
  ShownOption,
  ToolOption,
  ToolSettings,
  ToolSubject,
} from "./testing_tool.ts";
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
import { describeFault } from "../fault.ts";
import { workloadOverrides } from "../workload/mod.ts";
import { createStatedJudges } from "./testing_stated_runs.ts";

/** Texts to try an option with that does not tell its choices. */
const SAMPLE_TEXTS: readonly string[] = [
  "2",
  "3",
  "1/2",
  "2/2",
  "true",
  "false",
  "0.5",
  "0.25",
  "read",
  "capacity",
  "oracle",
  "ttft=200ms",
  "tbt=20ms",
  "stall=9",
  "abort=3",
  "webgpu",
  "60",
  "120",
];

/** What options of `bench` decide, of what components have to agree on. */
const DECIDES: Readonly<Record<string, ToolOption["decides"]>> = {
  window: "window_tokens",
  sinks: "sink_tokens",
  ratio: "window_ratio",
  debugTables: "validation",
};

/**
 * Puts this tool behind the command interface: its settings go through the resolver of every
 * command, and its gates through those of `bench` and `gate`.
 *
 * @returns A tool; it reads no environment and no settings file but what it is given.
 */
export function createHeadwiseTool(): ToolSubject {
  let measured: ReturnType<typeof measurePower> | undefined;
  return {
    options: () =>
      Promise.resolve(
        Object.entries(SETTING_TABLES).flatMap(([command, table]) =>
          Object.entries(table).map(([name, setting]) => describeOption(command, name, setting))
        ),
      ),
    explain: (settings) => attempt(() => Promise.resolve(shownOptions(resolve(settings)))),
    plan: (settings) => attempt(() => planRun(settings)),
    order: (o) => Promise.resolve(interleaveSides(o)),
    ...createStatedJudges(),
    // Measured once: it takes seconds.
    power: () => Promise.resolve(measured ??= measurePower()),
  };
}

function describeOption(command: string, name: string, setting: Setting<unknown>): ToolOption {
  const decides = command === "bench" ? DECIDES[name] : undefined;
  return {
    command,
    name,
    flag: flagOf(name),
    variable: variableOf(name, setting),
    fileKey: name,
    samples: samplesOf(setting),
    ...(decides === undefined ? {} : { decides }),
  };
}

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

function shownOptions(resolved: Resolved<CommandName>): ShownOption[] {
  return Object.entries(explainSettingsAsData(resolved)).map(([name, { value, kind }]) => ({
    name,
    value: JSON.stringify(value),
    origin: kind as OptionOrigin,
  }));
}

async function planRun(settings: ToolSettings): Promise<PlannedRun> {
  const resolved = resolve(settings) as Resolved<"bench">;
  const { values } = resolved;
  const plain = requireLoaded(await loadWorkload(values.fixture ?? "smoke"));
  const overrides = workloadOverrides(resolved, plain);
  const workload = requireLoaded(await loadWorkload(values.fixture ?? "smoke", { overrides }));
  const { heads, headWindows, sinkTokens } = runnerSettings(workload, SIDES.headwise);
  const viewOf = (component: string, map: typeof heads): ComponentView => {
    const kinds = map.groups[0]?.kinds ?? [];
    const windowHeads = kinds.map((kind) => kind === "window" && map.windowTokens > 0);
    return {
      component,
      windowTokens: windowHeads.includes(true) ? map.windowTokens : 0,
      sinkTokens: map.sinkTokens,
      windowHeads,
    };
  };
  const windows = [...headWindows[0] ?? []];
  return {
    headWise: values.headWise,
    validatesTables: values.debugTables,
    components: [
      viewOf("workload", workload.headMap),
      viewOf("allocator", heads),
      {
        component: "kernel",
        windowTokens: Math.max(0, ...windows),
        sinkTokens,
        windowHeads: windows.map((window) => window > 0),
      },
    ],
  };
}

/** Errors in what was given are refusals; a fault of the tool itself stays an exception. */
async function attempt<T>(command: () => Promise<T>): Promise<Reply<T>> {
  try {
    return { kind: "ok", value: await command() };
  } catch (error) {
    const { text, exitCode } = describeFault(error);
    if (exitCode === 70) throw error;
    return { kind: "refused", code: `exit-${exitCode}`, message: text };
  }
}
