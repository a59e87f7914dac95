import { exitMeaningsOf } from "../exit_meanings.ts";
import { DEFAULT_CONFIG_FILE, GENERAL_VARIABLES } from "../settings/mod.ts";
import type { CommandPage, PageArgument, PageOption } from "./command_page.ts";

/** A part of a manual page's section. */
export type ManualBlock =
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "entry"; readonly term: string; readonly text: string }
  | { readonly kind: "literal"; readonly lines: readonly string[] };

/** A section of a manual page. */
export interface ManualSection {
  /** Heading, in capital letters. */
  readonly title: string;
  /** What stands below it. */
  readonly blocks: readonly ManualBlock[];
}

/** A manual page, in no format yet. */
export interface ManualPage {
  /** Name of the page, such as `headwise-report-merge`. */
  readonly name: string;
  /** Chapter of the manual: 1 for commands, 7 for everything around them. */
  readonly chapter: 1 | 7;
  /** Its sections, in the order that readers of manuals expect. */
  readonly sections: readonly ManualSection[];
}

/** A page about something that is no command. */
export interface TopicPage {
  /** Name in `headwise help NAME`. */
  readonly name: string;
  /** What it is about, in one line. */
  readonly brief: string;
  /** What stands below its name. */
  readonly sections: () => readonly ManualSection[];
}

const CONFIG_OPTIONS: ReadonlySet<string> = new Set(["--config", "--explain-config"]);

/**
 * Lays out the manual page of a command.
 *
 * @param topics Pages about other things, for the program's own page.
 * @returns The page, with only the sections that have something in them.
 */
export function manualPageOf(page: CommandPage, topics: readonly TopicPage[]): ManualPage {
  const { path } = page;
  const isGroup = page.commands.length > 0;
  return {
    name: ["headwise", ...path].join("-"),
    chapter: 1,
    sections: [
      section("NAME", [paragraph(`${["headwise", ...path].join("-")} - ${page.brief}`)]),
      section("SYNOPSIS", [{ kind: "literal", lines: synopsisOf(page) }]),
      section("DESCRIPTION", page.paragraphs.map(paragraph)),
      section("COMMANDS", page.commands.map(describeCommand)),
      section("ARGUMENTS", page.arguments.map(describeArgument)),
      section("OPTIONS", page.options.map(describeOption)),
      section("EXAMPLES", examplesOf(page)),
      section("EXIT CODES", isGroup ? [] : exitCodesOf(path.join(" "))),
      section("FILES", filesOf(page)),
      section("ENVIRONMENT", isGroup ? [] : environmentOf(page)),
      section("TOPICS", path.length > 0 ? [] : topics.map(describeTopic)),
      section("SEE ALSO", [paragraph(seeAlso(page, topics))]),
    ].filter(({ blocks }) => blocks.length > 0),
  };
}

/** Makes a section. */
export function section(title: string, blocks: readonly ManualBlock[]): ManualSection {
  return { title, blocks };
}

/** Makes a paragraph. */
export function paragraph(text: string): ManualBlock {
  return { kind: "paragraph", text };
}

/** Makes an entry: a term, and what it means. */
export function entry(term: string, text: string): ManualBlock {
  return { kind: "entry", term, text };
}

function synopsisOf({ path, commands, defaultCommand, arguments: args, options }: CommandPage) {
  const name = ["headwise", ...path].join(" ");
  if (commands.length > 0) {
    const usual = defaultCommand === null ? [] : [`${name} [${defaultCommand}] …`];
    return [...usual, `${name} COMMAND …`, `${name} [COMMAND] --help`];
  }
  const words = args.map(({ placeholder, optional, repeats }) => {
    const shown = `${placeholder}${repeats ? "…" : ""}`;
    return optional ? `[${shown}]` : shown;
  });
  return [[name, ...(options.length > 0 ? ["[OPTION…]"] : []), ...words].join(" ")];
}

function describeCommand({ path, brief, commands }: CommandPage): ManualBlock {
  const below = commands.map((command) => command.path.at(-1)).join(", ");
  return entry(path.join(" "), below === "" ? sentence(brief) : `${sentence(brief)} (${below})`);
}

function describeArgument(argument: PageArgument): ManualBlock {
  const { placeholder, brief, repeats, words } = argument;
  return entry(
    `${placeholder}${repeats ? "…" : ""}`,
    `${sentence(brief)}${listWords(words, brief)}`,
  );
}

function describeOption(option: PageOption): ManualBlock {
  const { flag, alias, placeholder, brief, defaultText, words, variables } = option;
  const names = alias === null ? flag : `${alias}, ${flag}`;
  const term = placeholder === null ? names : `${names} ${placeholder}`;
  const isShown = defaultText !== null && !(placeholder === null && defaultText === "off");
  const usual = isShown ? ` Default: ${defaultText}.` : "";
  const also = variables.length === 0 ? "" : ` Variable: ${variables.join(", then ")}.`;
  return entry(term, `${sentence(brief)}${listWords(words, brief)}${usual}${also}`);
}

function describeTopic({ name, brief }: TopicPage): ManualBlock {
  return entry(`headwise help ${name}`, brief);
}

/** The words that a value can be, unless the line of help names them itself. */
function listWords(words: PageOption["words"], brief: string): string {
  if (words === null || words.choices.every((word) => brief.includes(word))) return "";
  return ` ${words.isList ? "Any of" : "One of"}: ${words.choices.join(", ")}.`;
}

function examplesOf({ examples }: CommandPage): ManualBlock[] {
  return examples.length === 0 ? [] : [{ kind: "literal", lines: examples }];
}

function exitCodesOf(command: string): ManualBlock[] {
  return exitMeaningsOf(command).map(({ code, meaning }) => entry(String(code), meaning));
}

/** Files with a fixed place: the settings, and what an option writes where no one says otherwise. */
function filesOf({ section, options }: CommandPage): ManualBlock[] {
  const settings = section === null ? [] : [
    entry(DEFAULT_CONFIG_FILE, `Settings, those of this command under '${section}:'.`),
  ];
  const written = options.filter(({ placeholder, defaultText }) =>
    (placeholder === "FILE" || placeholder === "FOLDER") && /[/.]/.test(defaultText ?? "")
  ).map(({ flag, brief, defaultText }) => entry(defaultText!, `${sentence(brief)} (${flag})`));
  return [...settings, ...written];
}

function environmentOf({ path, section }: CommandPage): ManualBlock[] {
  const command = path.join(" ");
  const wanted = GENERAL_VARIABLES.filter((variable) =>
    (variable.command === undefined || variable.command === command) &&
    (section !== null || variable.names[0] !== "HEADWISE_CONFIG")
  );
  const settings = section === null ? [] : [
    paragraph(
      "Every option but --config and --explain-config can be a variable too; the option wins.",
    ),
  ];
  return [...settings, ...wanted.map(({ names, brief }) => entry(names.join(", "), brief))];
}

function seeAlso({ path, options }: CommandPage, topics: readonly TopicPage[]): string {
  const above = path.length === 0 ? [] : ["headwise(1)"];
  const hasSettings = options.some(({ flag }) => CONFIG_OPTIONS.has(flag));
  const around = topics.filter(({ name }) =>
    name !== "settings" || hasSettings || path.length === 0
  );
  return [...above, ...around.map(({ name }) => `headwise-${name}(7)`)].join(", ");
}

/** A line of help as a sentence. */
function sentence(brief: string): string {
  return /[.?!…]$/.test(brief) ? brief : `${brief}.`;
}
