/** Lines and columns in JSON texts: where a value stands, and where a text stops being JSON. */

/** A place in a text, both counted from 1. */
export interface TextPlace {
  /** Line. */
  readonly line: number;
  /** Column in UTF-16 code units. */
  readonly column: number;
}

type JsonPath = readonly (string | number)[];

/**
 * Finds the value that a path leads to, or the nearest one around it that is there.
 *
 * @param text A JSON text.
 * @param path Keys and indices.
 * @returns The place of the value's first character.
 */
export function placeOfValue(text: string, path: JsonPath): TextPlace {
  return placeAt(text, scan(text, path).found);
}

/** Where a text stops being JSON: its end where more was expected. */
export function placeOfFault(text: string): TextPlace {
  return placeAt(text, scan(text, []).stoppedAt);
}

interface Scan {
  /** Offset of the value that was asked for. */
  readonly found: number;
  /** Offset up to which the text is JSON. */
  readonly stoppedAt: number;
}

const SPACE = /[ \t\n\r]*/y;
// deno-lint-ignore no-control-regex
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

function scan(text: string, path: JsonPath): Scan {
  let at = 0;
  let found = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const taken = pattern.exec(text)?.[0] ?? null;
    if (taken !== null) at += taken.length;
    return taken;
  };
  const takeSign = (sign: string): boolean => {
    take(SPACE);
    if (text[at] !== sign) return false;
    at++;
    return true;
  };
  /** Members of an object or an array; `readKey` gives the key of the one at hand. */
  const readMembers = (
    end: string,
    depth: number | null,
    readKey: (index: number) => string | number | null,
  ): boolean => {
    if (takeSign(end)) return true;
    for (let index = 0;; index++) {
      const key = readKey(index);
      const isOnPath = depth !== null && depth < path.length && path[depth] === key;
      if (key === null || !readValue(isOnPath ? depth + 1 : null)) return false;
      if (takeSign(end)) return true;
      if (!takeSign(",")) return false;
    }
  };
  const readKey = (): string | null => {
    take(SPACE);
    const start = at;
    const key = take(STRING);
    if (key === null) return null;
    const afterKey = at;
    if (takeSign(":")) return JSON.parse(text.slice(start, afterKey)) as string;
    return null;
  };
  /** Reads one value; `depth` is its place on the path, null beside it. */
  const readValue = (depth: number | null): boolean => {
    take(SPACE);
    if (depth !== null) found = at;
    if (takeSign("{")) return readMembers("}", depth, readKey);
    if (takeSign("[")) return readMembers("]", depth, (index) => index);
    return take(STRING) !== null || take(SCALAR) !== null;
  };
  readValue(0);
  take(SPACE);
  return { found, stoppedAt: at };
}

function placeAt(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset);
  return {
    line: before.split("\n").length,
    column: offset - before.lastIndexOf("\n"),
  };
}
