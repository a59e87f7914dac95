import type { Command, RouteMap } from "@stricli/core";
import type { CliContext } from "../terminal/mod.ts";
import {
  describeDefault,
  flagOf,
  SETTING_TABLES,
  type SettingTable,
  variablesOfSetting,
  type WordChoice,
} from "../settings/mod.ts";

/** A command, or a group of commands, as the argument parser has it. */
export type RoutingTarget = Command<CliContext> | RouteMap<CliContext>;

/** What there is to say of one option. */
export interface PageOption {
  /** With its dashes, in kebab case. */
  readonly flag: string;
  /** One letter with its dash, or null. */
  readonly alias: string | null;
  /** Placeholder of its value, or null for a switch. */
  readonly placeholder: string | null;
  readonly brief: string;
  /** What holds where it is not given, or null where nothing does. */
  readonly defaultText: string | null;
  /** Words that it accepts, or null for any value. */
  readonly words: WordChoice | null;
  /** Variables that mean the same, strongest first; none where it is not a setting. */
  readonly variables: readonly string[];
}

/** What there is to say of one argument. */
export interface PageArgument {
  readonly placeholder: string;
  readonly brief: string;
  /** Words that it accepts, or null for any value. */
  readonly words: WordChoice | null;
  /** Whether it may be left out. */
  readonly optional: boolean;
  /** Whether any number of them follows. */
  readonly repeats: boolean;
}

/** Everything that is known of a command, from its definition and its table of settings. */
export interface CommandPage {
  /** Names from the root, without the program's; none for the root itself. */
  readonly path: readonly string[];
  /** What it does, in one line. */
  readonly brief: string;
  /** What it does, a paragraph each, without line breaks. */
  readonly paragraphs: readonly string[];
  /** Lines of its examples. */
  readonly examples: readonly string[];
  /** Its options, in the order of their definition. */
  readonly options: readonly PageOption[];
  /** Its arguments, in order. */
  readonly arguments: readonly PageArgument[];
  /** Name of its section in a settings file, or null where it has none. */
  readonly section: string | null;
  /** Commands below it. */
  readonly commands: readonly CommandPage[];
  /** Name of the command below it that runs when none is named, or null. */
  readonly defaultCommand: string | null;
}

/**
 * Reads what there is to say of a command and of everything below it.
 *
 * @returns The page; commands that are hidden from help have none.
 */
export function commandPageOf(target: RoutingTarget, path: readonly string[] = []): CommandPage {
  const text = target.fullDescription ?? target.brief;
  const [description = "", ...sections] = text.split(/\n\n(?=[A-Z][A-Z ]+\n)/);
  const examples = sections.find((section) => section.startsWith("EXAMPLES\n")) ?? "";
  const common = {
    path,
    brief: target.brief,
    paragraphs: description.split("\n\n").map((paragraph) =>
      paragraph.split("\n").map((line) => line.trim()).join(" ")
    ),
    examples: examples.split("\n").slice(1).map((line) => line.trim()),
  };
  if ("getAllEntries" in target) {
    const entries = target.getAllEntries().filter(({ hidden }) => !hidden);
    const usual = target.getDefaultCommand();
    return {
      ...common,
      options: [],
      arguments: [],
      section: null,
      commands: entries.map((entry) => commandPageOf(entry.target, [...path, entry.name.original])),
      defaultCommand: entries.find((entry) => entry.target === usual)?.name.original ?? null,
    };
  }
  const section = path.join(" ");
  const tables: Readonly<Record<string, SettingTable>> = SETTING_TABLES;
  const table = Object.hasOwn(tables, section) ? tables[section]! : null;
  return {
    ...common,
    options: optionsOf(target, table),
    arguments: argumentsOf(target),
    section: table === null ? null : section,
    commands: [],
    defaultCommand: null,
  };
}

/**
 * Finds a page below another.
 *
 * @returns The page, or undefined where no command has that name.
 */
export function findPage(root: CommandPage, path: readonly string[]): CommandPage | undefined {
  return path.reduce<CommandPage | undefined>(
    (page, name) => page?.commands.find((below) => below.path.at(-1) === name),
    root,
  );
}

/** Lists a page and all that are below it. */
export function listPages(page: CommandPage): readonly CommandPage[] {
  return [page, ...page.commands.flatMap(listPages)];
}

function optionsOf(command: Command<CliContext>, table: SettingTable | null): PageOption[] {
  const { flags = {}, aliases = {} } = command.parameters;
  return Object.entries(flags).map(([name, flag]) => {
    const setting = table?.[name];
    const alias = Object.entries(aliases).find(([, aliased]) => aliased === name)?.[0];
    const isSwitch = flag.kind === "boolean";
    return {
      flag: flagOf(name),
      alias: alias === undefined ? null : `-${alias}`,
      placeholder: isSwitch ? null : flag.placeholder ?? null,
      brief: setting?.brief ?? flag.brief,
      defaultText: setting === undefined ? (isSwitch ? "off" : null) : describeDefault(setting),
      words: wordsOf(flag),
      variables: setting === undefined ? [] : variablesOfSetting(name, setting),
    };
  });
}

function wordsOf(parameter: object): WordChoice | null {
  if (!("parse" in parameter)) return null;
  const { choices, isList = false } = parameter.parse as Partial<WordChoice>;
  return choices === undefined ? null : { choices, isList };
}

function argumentsOf(command: Command<CliContext>): PageArgument[] {
  const { positional } = command.parameters;
  if (positional === undefined) return [];
  const isTuple = positional.kind === "tuple";
  const parameters = isTuple ? positional.parameters : [positional.parameter];
  return parameters.map((parameter) => ({
    placeholder: parameter.placeholder ?? "VALUE",
    brief: parameter.brief,
    words: wordsOf(parameter),
    optional: isTuple
      ? parameter.optional === true || parameter.default !== undefined
      : (positional.minimum ?? 0) === 0,
    repeats: !isTuple,
  }));
}
