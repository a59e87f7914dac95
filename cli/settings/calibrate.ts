import { onlyWith } from "./idle_settings.ts";
import { choicesOf, listOf, parseText, wholeNumber } from "./parsers.ts";
import type { SettingTable } from "./setting.ts";
import { CONFIRM, FORCE_SETTING, switchSetting, takes } from "./shared.ts";

/** Every setting of `headwise calibrate`. */
export const CALIBRATE_SETTINGS = {
  profile: {
    ...switchSetting("Measure this machine's card with PyTorch, through python3"),
    confirm: CONFIRM.programs,
  },
  allReduce: {
    ...switchSetting("Measure the all-reduce between this machine's cards instead"),
    confirm: CONFIRM.programs,
  },
  seconds: {
    needs: onlyWith("profile", "allReduce"),
    brief: "Time for a profile; what it does not suffice for is listed in it",
    ...takes("N", wholeNumber({ min: 10, max: 3600 }), 140),
  },
  model: {
    needs: onlyWith("profile", "allReduce"),
    brief: "Model that a profile must answer for: built-in name or YAML",
    ...takes("NAME|FILE", parseText, null, "none"),
  },
  from: {
    brief: "Results of vLLM, SGLang or FastDeploy to fit factors to, with commas",
    ...takes("FILES", listOf(parseText), null),
  },
  fixture: {
    needs: onlyWith("from", "batches"),
    brief: "Workload of those results, or of the steps that are written",
    ...takes("NAME|FILE", parseText, null),
  },
  card: {
    needs: onlyWith("from"),
    brief: "Card of those results, or the file of its profile: H100, A100, …",
    ...takes("NAME|FILE", parseText, null),
  },
  factors: {
    needs: onlyWith("from"),
    brief: "Factors to fit, with commas",
    ...takes(
      "NAMES",
      choicesOf([
        "promptAttention",
        "decodeAttention",
        "products",
        "weightReads",
        "stepOverheadMs",
      ]),
      ["products"],
    ),
  },
  batches: switchSetting("Write steps of the fixture's replay for the loop of layers on a GPU"),
  steps: {
    needs: onlyWith("batches"),
    brief: "Steps of each kind, decode and with prompts, that are written",
    ...takes("N", wholeNumber({ min: 1, max: 1000 }), 24),
  },
  out: { brief: "File to write", ...takes("FILE", parseText, null, "in results/, by form") },
  force: FORCE_SETTING,
} as const satisfies SettingTable;
