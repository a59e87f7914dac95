import { exitMeanings, particularExitMeanings } from "../exit_meanings.ts";
import { DEFAULT_CONFIG_FILE, GENERAL_VARIABLES, SETTING_TABLES } from "../settings/mod.ts";
import { entry, type ManualPage, paragraph, section, type TopicPage } from "./manual_page.ts";

/** Pages about what is no command, for `headwise help NAME`. */
export const TOPICS: readonly TopicPage[] = [
  {
    name: "settings",
    brief: "Options, variables and the settings file, and which of them wins",
    sections: settingsSections,
  },
  {
    name: "exit-codes",
    brief: "What each exit code says, and of which command",
    sections: exitCodeSections,
  },
];

/** Lays out the manual page of a topic. */
export function topicPageOf({ name, brief, sections }: TopicPage): ManualPage {
  const heading = section("NAME", [paragraph(`headwise-${name} - ${brief}`)]);
  return { name: `headwise-${name}`, chapter: 7, sections: [heading, ...sections()] };
}

function settingsSections() {
  const commands = Object.keys(SETTING_TABLES);
  return [
    section("DESCRIPTION", [
      paragraph(
        `The commands ${commands.join(", ")} have settings. Each can be given as an option ` +
          `(--page-order), as a variable (HEADWISE_PAGE_ORDER), or in a settings file (pageOrder). ` +
          `The option wins over the variable, that over the file, and that over the default. ` +
          `--explain-config shows where each value came from.`,
      ),
      paragraph(
        "A few settings have a second variable, of another tool that means the same by it; our own " +
          "wins over it. A variable that is empty counts as not set.",
      ),
      paragraph(
        "A switch is on with 1, true, on or yes, and off with 0, false, off or no; as an option it " +
          "can be switched off with =false.",
      ),
    ]),
    section("FILES", [
      entry(
        DEFAULT_CONFIG_FILE,
        "The settings file, in YAML, where --config and HEADWISE_CONFIG name no other one. It has a " +
          "section for each command. An unknown name is an error with its line and column.",
      ),
    ]),
    section("EXAMPLES", [{
      kind: "literal" as const,
      lines: ["bench:", "  clock: model", "  pairs: 8", "conformance:", "  format: junit"],
    }]),
    section(
      "ENVIRONMENT",
      GENERAL_VARIABLES.map(({ names, brief }) => entry(names.join(", "), brief)),
    ),
  ];
}

function exitCodeSections() {
  return [
    section("DESCRIPTION", [
      paragraph(
        "The codes are the same for every command and stay as they are: a script may rely on them. " +
          "A verdict is never the code of a fault, nor a fault that of a verdict.",
      ),
      ...exitMeanings().map(({ code, meaning }) => entry(String(code), meaning)),
    ]),
    ...[...particularExitMeanings()].map(([command, meanings]) =>
      section(
        `HEADWISE ${command.toUpperCase()}`,
        meanings.map(({ code, meaning }) => entry(String(code), meaning)),
      )
    ),
  ];
}
