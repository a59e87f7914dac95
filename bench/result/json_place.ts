/** Lines and columns in JSON texts: where a value stands, and where a text stops being JSON. */

/** A place in a text, both counted from 1. */
export interface TextPlace {
  readonly line: number;
  /** Column in UTF-16 code units. */
  readonly column: number;
}

type JsonPath = readonly (string | number)[];

/**
 * Finds the value that a path leads to, or the nearest one around it that is there.
 *
 * @returns The place of the value's first character.
 */
export function placeOfValue(text: string, path: JsonPath): TextPlace {
  return placeAt(text, scan(text, path).found);
}

/** Where a text stops being JSON: its end where more was expected. */
export function placeOfFault(text: string): TextPlace {
  return placeAt(text, scan(text, []).stoppedAt);
}

const SPACE = /[ \t\n\r]*/y;
// deno-lint-ignore no-control-regex
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Gives the offset of the value that was asked for, and that up to which the text is JSON. */
function scan(
  text: string,
  path: JsonPath,
): { readonly found: number; readonly stoppedAt: number } {
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
  const takeKey = (): string | null => {
    take(SPACE);
    const start = at;
    const key = take(STRING);
    if (key === null) return null;
    const afterKey = at;
    if (takeSign(":")) return JSON.parse(text.slice(start, afterKey)) as string;
    return null;
  };
  // Objects and arrays that are open. A list and no recursion: a text may nest deeper than the stack.
  const open: Frame[] = [];
  /** Goes to the next member of the innermost; gives its place on the path, or false at a fault. */
  const enterMember = (frame: Frame): number | null | false => {
    const key = frame.end === "}" ? takeKey() : frame.index++;
    if (key === null) return false;
    const { depth } = frame;
    return depth !== null && path[depth] === key ? depth + 1 : null;
  };
  let depth: number | null | false = 0;
  while (depth !== false) {
    take(SPACE);
    if (depth !== null) found = at;
    const end: "}" | "]" | null = takeSign("{") ? "}" : takeSign("[") ? "]" : null;
    if (end !== null && !takeSign(end)) {
      const frame = { end, depth, index: 0 };
      open.push(frame);
      depth = enterMember(frame);
      continue;
    }
    if (end === null && take(STRING) === null && take(SCALAR) === null) break;
    // A value is complete, and so is what it was the last member of.
    while (open.length > 0 && takeSign(open[open.length - 1].end)) open.pop();
    if (open.length === 0 || !takeSign(",")) break;
    depth = enterMember(open[open.length - 1]);
  }
  take(SPACE);
  return { found, stoppedAt: at };
}

/** An object or array whose members are being read. */
interface Frame {
  /** The sign that closes it. */
  readonly end: "}" | "]";
  /** Its place on the path, or null beside it. */
  readonly depth: number | null;
  /** Index of an array's next member. */
  index: number;
}

function placeAt(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset);
  return {
    line: before.split("\n").length,
    column: offset - before.lastIndexOf("\n"),
  };
}
