/**
 * A preprocessor for WGSL templates: constants, conditions and unrolled loops.
 *
 * WGSL has no preprocessor, and a loop in WGSL costs: naga bounds every loop with a counter and
 * clamps every dynamic index into a private array. Shaders here are therefore written as templates
 * that expand to straight-line code.
 *
 * | Line | Meaning |
 * |---|---|
 * | `//#if EXPR` … `//#else` … `//#end` | keep one branch |
 * | `//#for NAME in EXPR..EXPR` … `//#end` | repeat with NAME bound to each integer, end excluded |
 * | `//#let NAME = EXPR` | bind NAME until the end of the enclosing block |
 * | `//#use NAME` | the text of that name, in place |
 * | `${EXPR}` | the value in decimal |
 *
 * Expressions are integers with C's precedence: `|| && == != < <= > >= << >> + - * / % ! ( )`.
 *
 * @module
 */

/** Integer constants that a template may name. Booleans count as 1 and 0. */
export type TemplateConstants = Readonly<Record<string, number | boolean>>;

/** A template that cannot be expanded: an unknown name, a bad expression or an unclosed block. */
export class TemplateError extends Error {
  /** Line in the template, from 1. */
  readonly line: number;

  /** Makes an error that names the template's line. */
  constructor(message: string, line: number) {
    super(`${message} (template line ${line})`);
    this.name = "TemplateError";
    this.line = line;
  }
}

type Scope = Map<string, number>;

/**
 * Expands a WGSL template.
 *
 * @param constants The names that expressions may use.
 * @param parts Texts that templates share; lines of errors count those in place.
 * @throws {TemplateError} If a name is unknown, an expression is malformed or a block is not closed.
 */
export function expandTemplate(
  text: string,
  constants: TemplateConstants,
  parts: Readonly<Record<string, string>> = {},
): string {
  const lines = text.split("\n").flatMap((line, index) => {
    const name = line.match(/^\s*\/\/#use\s+(\w+)\s*$/)?.[1];
    if (name === undefined) return [line];
    if (!Object.hasOwn(parts, name)) throw new TemplateError(`Unknown text "${name}"`, index + 1);
    return parts[name].trimEnd().split("\n");
  });
  const scope: Scope = new Map();
  for (const [name, value] of Object.entries(constants)) scope.set(name, Number(value));
  const output: string[] = [];
  expandLines(lines, { from: 0, to: lines.length }, scope, output);
  return output.join("\n");
}

function expandLines(
  lines: readonly string[],
  range: { from: number; to: number },
  outer: Scope,
  output: string[],
): void {
  const scope = new Map(outer);
  let index = range.from;
  while (index < range.to) {
    const line = lines[index];
    const trimmed = line.trim();
    const directive = /^\/\/#(\w+)/.exec(trimmed);
    if (directive === null) {
      output.push(substitute(line, scope, index + 1));
      index++;
      continue;
    }
    const [start, word] = directive;
    const rest = trimmed.slice(start.length).trimStart();
    if (word === "let") {
      const binding = rest.match(/^(\w+)\s*=(.+)$/);
      if (binding === null) {
        throw new TemplateError(`Cannot read "${rest}" as NAME = EXPR`, index + 1);
      }
      scope.set(binding[1], evaluate(binding[2], scope, index + 1));
      index++;
    } else if (word === "if") {
      const { middle, end } = findEnd(lines, index, range.to);
      const holds = evaluate(rest, scope, index + 1) !== 0;
      if (holds) expandLines(lines, { from: index + 1, to: middle ?? end }, scope, output);
      else if (middle !== null) expandLines(lines, { from: middle + 1, to: end }, scope, output);
      index = end + 1;
    } else if (word === "for") {
      const header = rest.match(/^(\w+)\s+in\s+([^\s.][^.]*)\.\.([^.]+)$/);
      if (header === null) {
        throw new TemplateError(`Cannot read "${rest}" as NAME in A..B`, index + 1);
      }
      const { middle, end } = findEnd(lines, index, range.to);
      if (middle !== null) throw new TemplateError("Cannot use //#else inside //#for", middle + 1);
      const first = evaluate(header[2], scope, index + 1);
      const last = evaluate(header[3], scope, index + 1);
      for (let value = first; value < last; value++) {
        const inner = new Map(scope).set(header[1], value);
        expandLines(lines, { from: index + 1, to: end }, inner, output);
      }
      index = end + 1;
    } else {
      throw new TemplateError(`Unknown directive "//#${word}"`, index + 1);
    }
  }
}

function findEnd(
  lines: readonly string[],
  start: number,
  limit: number,
): { middle: number | null; end: number } {
  let depth = 0;
  let middle: number | null = null;
  for (let index = start + 1; index < limit; index++) {
    const word = lines[index].match(/^\s*\/\/#(\w+)/)?.[1];
    if (word === "if" || word === "for") depth++;
    else if (word === "else" && depth === 0) middle = index;
    else if (word === "end" && depth-- === 0) return { middle, end: index };
  }
  throw new TemplateError("Block is not closed by //#end", start + 1);
}

function substitute(line: string, scope: Scope, lineNumber: number): string {
  return line.replace(/\$\{([^}]*)\}/g, (_, text) => String(evaluate(text, scope, lineNumber)));
}

const BINARY_LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["==", "!="],
  ["<=", ">=", "<", ">"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
];

function evaluate(text: string, scope: Scope, line: number): number {
  const tokens = text.match(/\d+|\w+|\|\||&&|<<|>>|[=!<>]=|[-+*/%()<>!]|\S/g) ?? [];
  let position = 0;
  const value = binary(0);
  if (position < tokens.length) {
    throw new TemplateError(`Unexpected "${tokens[position]}" in "${text}"`, line);
  }
  return value;

  function binary(level: number): number {
    if (level === BINARY_LEVELS.length) return unary();
    let left = binary(level + 1);
    while (BINARY_LEVELS[level].includes(tokens[position])) {
      const operator = tokens[position++];
      left = apply(operator, left, binary(level + 1));
    }
    return left;
  }

  function unary(): number {
    const token = tokens[position++];
    if (token === undefined) throw new TemplateError(`Expression "${text}" ends early`, line);
    if (token === "!") return unary() === 0 ? 1 : 0;
    if (token === "-") return -unary();
    if (token === "(") {
      const value = binary(0);
      if (tokens[position++] !== ")") throw new TemplateError(`Missing ")" in "${text}"`, line);
      return value;
    }
    if (/^\d+$/.test(token)) return Number(token);
    const value = scope.get(token);
    if (value === undefined) throw new TemplateError(`Unknown name "${token}" in "${text}"`, line);
    return value;
  }
}

function apply(operator: string, left: number, right: number): number {
  switch (operator) {
    case "||":
      return left !== 0 || right !== 0 ? 1 : 0;
    case "&&":
      return left !== 0 && right !== 0 ? 1 : 0;
    case "==":
      return left === right ? 1 : 0;
    case "!=":
      return left !== right ? 1 : 0;
    case "<=":
      return left <= right ? 1 : 0;
    case ">=":
      return left >= right ? 1 : 0;
    case "<":
      return left < right ? 1 : 0;
    case ">":
      return left > right ? 1 : 0;
    case "<<":
      return left << right;
    case ">>":
      return left >> right;
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return Math.trunc(left / right);
    default:
      return left % right;
  }
}
