import { nearestWord } from "../../fixtures/nearest_word.ts";

/** Words that a parser accepts, for help and for completion. */
export interface WordChoice {
  /** Words accepted. */
  readonly choices: readonly string[];
  /** Whether several may be given, with commas between them. */
  readonly isList: boolean;
}

/** A parser that can tell which words it accepts. */
export interface ChoiceParser<T> extends WordChoice {
  (text: string): T;
}

/**
 * Makes a parser that accepts one of a few words.
 *
 * @returns A parser that throws with the choices, and carries them.
 */
export function choiceOf<const T extends string>(choices: readonly T[]): ChoiceParser<T> {
  const parse = (text: string): T => {
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    const nearest = nearestWord(text, choices);
    const hint = nearest === undefined ? "" : `; did you mean '${nearest}'?`;
    throw new RangeError(`expected ${listWords(choices)}${hint}`);
  };
  return Object.assign(parse, { choices, isList: false });
}

/**
 * Makes a parser that accepts one of a few words, or a text behind one of a few prefixes, which is
 * read where it is used.
 *
 * @param expected What is accepted, for the error.
 */
export function wordOrPrefixed<const WORD extends string, const PREFIX extends string>(
  words: readonly WORD[],
  prefixes: readonly PREFIX[],
  expected: string,
): (text: string) => WORD | `${PREFIX}${string}` {
  return (text) => {
    const word = words.find((each) => each === text);
    if (word !== undefined) return word;
    const prefix = prefixes.find((each) => text.startsWith(each));
    if (prefix !== undefined && text.slice(prefix.length).trim() !== "") {
      return text as `${PREFIX}${string}`;
    }
    const nearest = nearestWord(text, [...words, ...prefixes]);
    const hint = nearest === undefined ? "" : `; did you mean '${nearest}'?`;
    throw new RangeError(`expected ${expected}${hint}`);
  };
}

/**
 * Makes a parser that accepts several words with commas between them.
 *
 * @returns A parser that gives each word once, in the order of `choices`.
 */
export function choicesOf<const T extends string>(
  choices: readonly T[],
): ChoiceParser<readonly T[]> {
  const parseOne = choiceOf(choices);
  const parse = (text: string): readonly T[] => {
    const chosen = new Set(text.split(",").map((word) => parseOne(word.trim())));
    return choices.filter((choice) => chosen.has(choice));
  };
  return Object.assign(parse, { choices, isList: true });
}

/** Makes a parser of values separated by commas, without repetitions. */
export function listOf<T>(parse: (text: string) => T): (text: string) => readonly T[] {
  return (value) => [...new Set(value.split(",").map((part) => parse(part.trim())))];
}

/**
 * Makes a parser that accepts a whole number in a range.
 *
 * @returns A parser that throws with the range.
 */
export function wholeNumber(
  o: { readonly min: number; readonly max?: number },
): (text: string) => number {
  const max = o.max ?? Number.MAX_SAFE_INTEGER;
  const range = o.max === undefined ? `of at least ${o.min}` : `from ${o.min} to ${o.max}`;
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
    if (value >= o.min && value <= max) return value;
    throw new RangeError(`expected a whole number ${range}`);
  };
}

/**
 * Makes a parser that accepts a decimal number.
 *
 * @returns A parser that throws with the bound.
 */
export function decimalNumber(o: { readonly min: number }): (text: string) => number {
  return (text) => {
    const value = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (value >= o.min) return value;
    throw new RangeError(`expected a number of at least ${o.min}`);
  };
}

/**
 * Parses a ratio.
 *
 * @throws {RangeError} When it is not in [0, 1].
 */
export function parseRatio(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (value >= 0 && value <= 1) return value;
  throw new RangeError("expected a number in [0, 1]");
}

/**
 * Parses a factor: `0.5`, or `1.2`.
 *
 * @returns A number in [0.001, 10].
 * @throws {RangeError} For anything else.
 */
export function parseFactor(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (value >= 0.001 && value <= 10) return value;
  throw new RangeError("expected a number from 0.001 to 10");
}

/**
 * Parses a share that leaves something: `0.02`, or `2%`.
 *
 * @returns A number in [0, 1).
 * @throws {RangeError} For anything else.
 */
export function parseShare(text: string): number {
  const found = /^(\d+(?:\.\d+)?|\.\d+)\s*(%?)$/.exec(text.trim());
  const value = found === null ? NaN : Number(found[1]) / (found[2] === "%" ? 100 : 1);
  if (value >= 0 && value < 1) return value;
  throw new RangeError("expected a share below 1, as 0.02 or 2%");
}

/**
 * Parses a switch.
 *
 * @param text `1`, `true`, `on` or `yes`; `0`, `false`, `off` or `no`; letter case does not matter.
 * @throws {RangeError} For any other word.
 */
export function parseSwitch(text: string): boolean {
  const word = text.toLowerCase();
  if (["1", "true", "on", "yes"].includes(word)) return true;
  if (["0", "false", "off", "no"].includes(word)) return false;
  throw new RangeError("expected 1, true, on, yes or 0, false, off, no");
}

/**
 * Parses a text that must not be empty.
 *
 * @throws {RangeError} When it is empty.
 */
export function parseText(text: string): string {
  if (text === "") throw new RangeError("expected a text that is not empty");
  return text;
}

function listWords(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
