import {
  type CommandPage,
  findPage,
  type PageArgument,
  type PageOption,
  TOPICS,
} from "../manual/mod.ts";
import { type Proposal, type ProposedWord, proposeValues } from "./value_kinds.ts";

/**
 * Proposes how a command line can continue.
 *
 * @param words Words behind the program's name; the last one is being written and may be empty.
 * @returns Words that begin with the last one, and whether files may stand there too.
 */
export async function propose(root: CommandPage, words: readonly string[]): Promise<Proposal> {
  const partial = words.at(-1) ?? "";
  const found = findCommand(root, words.slice(0, -1));
  if (found === null) return NOTHING;
  const { page, rest } = found;
  if (page.commands.length > 0) {
    const usual = usualCommand(page);
    const options = usual === null ? [] : optionsBut(usual.options, []);
    return wordsOf([...listCommands(page), ...options, HELP], partial);
  }
  const { valueOf, used, positionals, onlyArguments } = readWords(page, rest);
  if (valueOf !== null) return await proposeValues(valueOf, partial);
  const assigned = /^(--[\w-]+)=(.*)$/s.exec(partial);
  if (assigned !== null && !onlyArguments) {
    const [, flag, value] = assigned;
    const option = page.options.find((each) => each.flag === flag);
    if (option === undefined || option.placeholder === null) return NOTHING;
    const proposal = await proposeValues(option, value!);
    const prefixed = proposal.words.map(({ word, brief }) => ({ word: `${flag}=${word}`, brief }));
    return { ...proposal, words: prefixed };
  }
  const argument = argumentAt(page.arguments, positionals.length);
  const isOption = partial.startsWith("-") && !onlyArguments;
  if (isOption || argument === undefined) {
    return wordsOf([...optionsBut(page.options, used), HELP], partial);
  }
  if (page.path[0] === "help") return wordsOf(listPagesBelow(root, positionals), partial);
  return await proposeValues(argument, partial);
}

const HELP: ProposedWord = { word: "--help", brief: "Print help information and exit" };
const NOTHING: Proposal = { words: [], paths: "none" };

function wordsOf(words: readonly ProposedWord[], partial: string): Proposal {
  const fitting = words.filter(({ word }) => word.startsWith(partial));
  // Options are many: they show when a dash asks for them, or where nothing else can stand.
  const plain = fitting.filter(({ word }) => !word.startsWith("-"));
  return { words: partial === "" && plain.length > 0 ? plain : fitting, paths: "none" };
}

function listCommands(page: CommandPage): ProposedWord[] {
  return page.commands.map(({ path, brief }) => ({ word: path.at(-1)!, brief }));
}

function listPagesBelow(root: CommandPage, names: readonly string[]): ProposedWord[] {
  const page = findPage(root, names);
  const topics = names.length > 0 ? [] : TOPICS.map(({ name, brief }) => ({ word: name, brief }));
  return [...(page === undefined ? [] : listCommands(page)), ...topics];
}

function usualCommand(page: CommandPage): CommandPage | null {
  return page.defaultCommand === null ? null : findBelow(page, page.defaultCommand);
}

function findBelow(page: CommandPage, name: string): CommandPage | null {
  return page.commands.find(({ path }) => path.at(-1) === name) ?? null;
}

/** Walks down to the command that the words name; what is no name belongs to the usual command. */
function findCommand(
  root: CommandPage,
  words: readonly string[],
): { readonly page: CommandPage; readonly rest: readonly string[] } | null {
  let page = root;
  for (const [index, word] of words.entries()) {
    if (page.commands.length === 0) return { page, rest: words.slice(index) };
    const below = findBelow(page, word);
    const usual = below ?? usualCommand(page);
    if (usual === null) return null;
    page = usual;
    if (below === null) return { page, rest: words.slice(index) };
  }
  return { page, rest: [] };
}

function readWords(page: CommandPage, words: readonly string[]) {
  const used: PageOption[] = [];
  const positionals: string[] = [];
  let valueOf: PageOption | null = null;
  let onlyArguments = false;
  for (const word of words) {
    if (valueOf !== null) {
      valueOf = null;
    } else if (word === "--" && !onlyArguments) {
      onlyArguments = true;
    } else if (word.startsWith("-") && !onlyArguments) {
      const [name, value] = word.split("=", 2);
      const option = page.options.find(({ flag, alias }) => flag === name || alias === name);
      if (option === undefined) continue;
      used.push(option);
      if (value === undefined && option.placeholder !== null) valueOf = option;
    } else {
      positionals.push(word);
    }
  }
  return { valueOf, used, positionals, onlyArguments };
}

function optionsBut(
  options: readonly PageOption[],
  used: readonly PageOption[],
): ProposedWord[] {
  return options.filter((option) => !used.includes(option))
    .map(({ flag, brief }) => ({ word: flag, brief }));
}

function argumentAt(
  args: readonly PageArgument[],
  index: number,
): PageArgument | undefined {
  const last = args.at(-1);
  return args[index] ?? (last?.repeats === true ? last : undefined);
}
