import { stripTypeScriptTypes } from "node:module";

/**
 * The code of a TypeScript text alone: types, comments, and the insides of strings, templates and
 * regular expressions are spaces, so that every offset is that of the text.
 *
 * @throws {SyntaxError} When the text cannot be parsed.
 */
export function maskToCode(text: string): string {
  const code = stripTypeScriptTypes(text);
  if (code.length !== text.length) throw new SyntaxError("Stripping types moved the text");
  const out = code.split("");
  const blank = (from: number, to: number): void => {
    for (let at = from; at < to; at++) if (out[at] !== "\n") out[at] = " ";
  };
  // Depth of braces at which the code inside a template ends.
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  while (at < code.length) {
    const character = code[at]!;
    const two = code.slice(at, at + 2);
    let end = at + 1;
    if (two === "//" || two === "/*") {
      const close = two === "//" ? code.indexOf("\n", at) : code.indexOf("*/", at) + 2;
      end = close < 2 ? code.length : close;
      blank(at, end);
    } else if (character === '"' || character === "'") {
      end = endOfQuoted(code, at);
      blank(at + 1, end - 1);
    } else if (character === "`") {
      end = endOfTemplatePart(code, at + 1);
      blank(at + 1, end);
      if (code[end - 1] === "{") templates.push(depth++);
    } else if (character === "{") {
      depth++;
    } else if (character === "}") {
      depth--;
      if (templates.at(-1) === depth) {
        templates.pop();
        end = endOfTemplatePart(code, at + 1);
        blank(at, end);
        if (code[end - 1] === "{") templates.push(depth++);
      }
    } else if (character === "/" && startsExpression(out, at)) {
      end = endOfPattern(code, at);
      blank(at, end);
      // A value like a text: its slashes divide nothing.
      out[at] = out[end - 1] = '"';
    }
    at = end;
  }
  return out.join("");
}

function endOfQuoted(code: string, start: number): number {
  let at = start + 1;
  while (at < code.length && code[at] !== code[start]) at += code[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** The end of a template's text: behind its back quote, or behind the brace that opens code. */
function endOfTemplatePart(code: string, start: number): number {
  let at = start;
  while (at < code.length) {
    if (code[at] === "`") return at + 1;
    if (code[at] === "$" && code[at + 1] === "{") return at + 2;
    at += code[at] === "\\" ? 2 : 1;
  }
  return at;
}

function endOfPattern(code: string, start: number): number {
  let inClass = false;
  let at = start + 1;
  while (at < code.length && (inClass || code[at] !== "/")) {
    if (code[at] === "[") inClass = true;
    if (code[at] === "]") inClass = false;
    at += code[at] === "\\" ? 2 : 1;
  }
  return at + 1;
}

/** A slash divides behind a value, and opens a regular expression elsewhere. */
function startsExpression(before: readonly string[], slash: number): boolean {
  let at = slash - 1;
  while (at >= 0 && /\s/.test(before[at]!)) at--;
  if (at < 0) return true;
  if (!/[\w$)\]}"'`]/.test(before[at]!)) return true;
  const word = /(?:^|[^\w$.])(return|typeof|case|of|in|await|yield)$/;
  return word.test(before.slice(Math.max(0, at - 10), at + 1).join(""));
}
