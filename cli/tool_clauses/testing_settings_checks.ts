/** Checks of configuration: precedence, one resolved value, and the variables that scripts set. */
import { requireEqual, requireThat } from "../../conformance/mod.ts";
import type { Origin } from "../settings/mod.ts";
import type { Tool } from "./testing_headwise_tool.ts";
import {
  type ComponentView,
  defineCheck,
  grid,
  requireRefused,
  type ToolCheck,
  type ToolOption,
  type ToolSettings,
} from "./testing_tool.ts";

type Source = Exclude<Origin["kind"], "default">;

const SOURCES: readonly Source[] = ["flag", "environment", "file"];

export const settingsChecks: readonly ToolCheck[] = [
  defineCheck({
    name: "settings:precedence",
    clauses: ["config/one-truth"],
    description:
      "Of every option the flag wins over the variable, that over the file, that over none",
    cases: grid({ stronger: SOURCES, weaker: ["environment", "file", "default"] as const }).filter((
      { stronger, weaker },
    ) => weaker === "default" || SOURCES.indexOf(stronger) < SOURCES.indexOf(weaker)),
    run: (tool, { stronger, weaker }) => {
      const options = tool.options();
      requireThat(options.length > 0, "Expected options, found none");
      for (const option of options) {
        const [first = "", second = first] = option.samples;
        const strong = settingsOf(option, [[stronger, first]]);
        const both = weaker === "default"
          ? strong
          : settingsOf(option, [[stronger, first], [weaker, second]]);
        const shown = shownOption(tool, both, option);
        const alone = shownOption(tool, strong, option);
        const what = `"${option.name}" of "${option.command}"`;
        requireEqual(`origin of ${what}`, shown.origin, stronger);
        requireEqual(`value of ${what}`, shown.value, alone.value);
        if (second === first) continue;
        const other = shownOption(tool, settingsOf(option, [[stronger, second]]), option);
        requireThat(
          other.value !== alone.value,
          `Expected ${what} to follow its ${stronger}, found ${alone.value} for two texts`,
        );
      }
    },
  }),
  defineCheck({
    name: "settings:shown",
    clauses: ["config/one-truth"],
    description:
      "The tool shows every option of a command once, and the others keep their defaults",
    cases: grid({ source: SOURCES }),
    run: (tool, { source }) => {
      for (const [command, members] of Map.groupBy(tool.options(), (option) => option.command)) {
        const names = members.map(({ name }) => name).sort().join();
        for (const option of members) {
          const [sample = ""] = option.samples;
          const shown = Object.entries(tool.explain(settingsOf(option, [[source, sample]])));
          const found = shown.map(([name]) => name).sort().join();
          requireEqual(`options of "${command}" that are shown`, found, names);
          const moved = shown.filter(([, { kind }]) => kind !== "default").map(([name]) => name);
          requireEqual(`options of "${command}" that are set`, moved.join(), option.name);
        }
      }
    },
  }),
  defineCheck({
    name: "settings:one_value",
    clauses: ["config/one-truth"],
    description: "Every component of a run is given the one resolved value",
    cases: grid({
      source: SOURCES,
      decides: ["window_tokens", "sink_tokens", "window_ratio"] as const,
      value: ["1", "0"],
    }),
    run: async (tool, { source, decides, value }) => {
      const option = optionThat(tool, decides);
      const plan = await tool.plan(settingsOf(option, [[source, value]]));
      requireThat(plan.components.length > 1, "Expected several components, found fewer");
      for (const view of plan.components) {
        const seen = {
          window_tokens: view.windowTokens,
          sink_tokens: view.sinkTokens,
          window_ratio: view.windowHeads.filter(Boolean).length / view.windowHeads.length,
        }[decides];
        requireEqual(`${decides} of the ${view.component}`, seen, Number(value));
      }
    },
  }),
  defineCheck({
    name: "settings:agreement",
    clauses: ["config/one-truth"],
    description: "Components agree on everything when several options come from several places",
    cases: grid({ ratio: ["0", "0.5", "1"], window: ["64", "4096"] }),
    run: async (tool, { ratio, window }) => {
      const heads = optionThat(tool, "window_ratio");
      const reach = optionThat(tool, "window_tokens");
      const plan = await tool.plan({
        command: heads.command,
        flags: {},
        environment: { [heads.variable]: ratio },
        file: { [reach.name]: window },
      });
      const [first, ...others] = plan.components.map(describeView);
      for (const [index, view] of others.entries()) {
        requireEqual(`what the ${plan.components[index + 1]?.component} is given`, view, first);
      }
    },
  }),
  defineCheck({
    name: "settings:known_variables",
    clauses: ["config/known-env"],
    description: "The variables that launch scripts set mean what they mean to the engine",
    cases: [
      { variable: "FD_HEAD_WISE_KV_CACHE", text: "1" },
      { variable: "FD_HEAD_WISE_KV_CACHE", text: "0" },
      { variable: "FD_T53_HEAD_WISE_SWA_RATIO", text: "0" },
      { variable: "FD_T53_HEAD_WISE_SWA_RATIO", text: "0.5" },
      { variable: "FD_T53_HEAD_WISE_SWA_RATIO", text: "1" },
      { variable: "FD_T53_DEBUG_BLOCK_TABLES", text: "1" },
      { variable: "FD_T53_DEBUG_BLOCK_TABLES", text: "0" },
      { variable: "FD_T53_HEAD_WISE_SWA_FIXTURE", text: "1" },
    ],
    run: async (tool, { variable, text }) => {
      const { command } = optionThat(tool, "window_ratio");
      const environment = { [variable]: text };
      const plan = await tool.plan({ command, flags: {}, environment, file: {} });
      switch (variable) {
        case "FD_HEAD_WISE_KV_CACHE":
          requireEqual("head-wise tables", plan.headWise, text === "1");
          return;
        case "FD_T53_DEBUG_BLOCK_TABLES":
          requireEqual("validation", plan.validatesTables, text === "1");
          return;
        case "FD_T53_HEAD_WISE_SWA_RATIO":
          for (const { windowHeads } of plan.components) {
            const expected = Math.floor(windowHeads.length * Number(text));
            requireEqual("window heads", windowHeads.filter(Boolean).length, expected);
          }
          return;
        default:
          for (const view of plan.components) {
            requireEqual("W", view.windowTokens, 4096);
            requireEqual("S", view.sinkTokens, 0);
            requireEqual("window heads", view.windowHeads.filter(Boolean).length, 1);
          }
          return;
      }
    },
  }),
  defineCheck({
    name: "settings:bad_ratio",
    clauses: ["mask/head-kinds", "config/known-env"],
    description: "A ratio outside [0, 1] is refused wherever it comes from",
    cases: grid({ source: [...SOURCES, "known_variable"] as const, ratio: ["-0.1", "1.5", "NaN"] }),
    run: async (tool, { source, ratio }) => {
      const option = optionThat(tool, "window_ratio");
      const settings = source === "known_variable"
        ? { ...settingsOf(option, []), environment: { FD_T53_HEAD_WISE_SWA_RATIO: ratio } }
        : settingsOf(option, [[source, ratio]]);
      await requireRefused(() => tool.plan(settings));
    },
  }),
  defineCheck({
    name: "settings:debug_switch",
    clauses: ["config/debug-gate"],
    description: "Validating every table is off by default and on by one switch",
    cases: grid({ source: [...SOURCES, "default"] as const }),
    run: async (tool, { source }) => {
      const option = optionThat(tool, "validation");
      const [sample = ""] = option.samples;
      const settings = settingsOf(option, source === "default" ? [] : [[source, sample]]);
      const plan = await tool.plan(settings);
      requireEqual("validation", plan.validatesTables, source !== "default");
    },
  }),
];

function settingsOf(
  option: ToolOption,
  texts: readonly (readonly [Source, string])[],
): ToolSettings {
  const by = Object.fromEntries(texts);
  const entry = (name: string, source: Source): Record<string, string> => {
    const text = by[source];
    return text === undefined ? {} : { [name]: text };
  };
  return {
    command: option.command,
    flags: entry(option.flag, "flag"),
    environment: entry(option.variable, "environment"),
    file: entry(option.name, "file"),
  };
}

function shownOption(tool: Tool, settings: ToolSettings, { name }: ToolOption) {
  const shown = tool.explain(settings)[name];
  requireThat(shown !== undefined, `Expected "${name}" to be shown, found it missing`);
  return { value: JSON.stringify(shown.value), origin: shown.kind };
}

function optionThat(tool: Tool, decides: NonNullable<ToolOption["decides"]>): ToolOption {
  const found = tool.options().find((option) => option.decides === decides);
  requireThat(found !== undefined, `Expected an option that decides ${decides}, found none`);
  return found;
}

function describeView({ windowTokens, sinkTokens, windowHeads }: ComponentView): string {
  const heads = windowHeads.map((isWindow) => isWindow ? "w" : "f").join("");
  return `W ${windowTokens}, S ${sinkTokens}, heads ${heads}`;
}
