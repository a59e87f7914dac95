import { maskToCode } from "./code_mask.ts";

/** One small change to a text. */
export interface Change {
  /** What kind of change, such as `boundary`. */
  readonly kind: string;
  /** Offset of the first replaced character. */
  readonly start: number;
  /** Offset behind the last replaced character. */
  readonly end: number;
  /** What stands there afterwards. */
  readonly replacement: string;
}

/** One rule: what it finds in code, and what it puts there. */
interface Rule {
  readonly kind: string;
  readonly pattern: RegExp;
  /** Replacements of the match's first group. */
  readonly replace: (found: string) => readonly string[];
}

const swap = (kind: string, pairs: Readonly<Record<string, readonly string[]>>): Rule => ({
  kind,
  // The formatter puts blanks around binary operators, and none around those of types.
  pattern: new RegExp(
    `(?<=\\s)(${
      Object.keys(pairs).map((word) => word.replace(/[|*+?]/g, "\\$&")).join("|")
    })(?=\\s)`,
    "g",
  ),
  replace: (found) => pairs[found] ?? [],
});

const RULES: readonly Rule[] = [
  swap("boundary", { "<=": ["<"], ">=": [">"], "<": ["<="], ">": [">="] }),
  swap("comparison", { "===": ["!=="], "!==": ["==="] }),
  swap("logic", { "&&": ["||"], "||": ["&&"] }),
  // Behind or before a quote a plus sign joins texts: a change there is a type error.
  swap("arithmetic", { "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["*"] }),
  {
    kind: "constant",
    pattern: /(?<![\w$.])(\d[\d_]*(?:\.\d+)?(?:e-?\d+)?)(?![\w$.])/g,
    replace: (found) => found === "0" ? ["1"] : [`${found} * 1000`, `${found} + 1`, `${found} - 1`],
  },
  {
    kind: "boolean",
    pattern: /(?<![\w$.])(true|false)(?![\w$:])/g,
    replace: (found) => [found === "true" ? "false" : "true"],
  },
  { kind: "negation", pattern: /(?<=[\s(])(!)(?=[\w$(])/g, replace: () => [""] },
  { kind: "negation", pattern: /(?<=\bif \()()(?=[^\n]*\))/g, replace: () => ["!!!"] },
  // What an arrow gives back is waited for with or without the word.
  { kind: "await", pattern: /(?<![\w$.])(?<!=>\s*)(await )/g, replace: () => [""] },
  {
    kind: "choice",
    pattern: /(?<=Math\.)(min|max|floor|ceil)(?=\()/g,
    replace: (found) => [{ min: "max", max: "min", floor: "ceil", ceil: "floor" }[found]!],
  },
  {
    kind: "choice",
    pattern: /(?<=\.)(some|every)(?=\()/g,
    replace: (found) => [found === "some" ? "every" : "some"],
  },
  {
    kind: "jump",
    pattern: /(?<=\s)(continue|break)(?=;)/g,
    replace: (found) => [found === "continue" ? "break" : "continue"],
  },
];

/** Statements that can go: calls, assignments and throws, not what declares a name or gives a value. */
const STATEMENT =
  /(?<![\w$#.])(?=[\w$#])(?<=[;{}]\s*|\) )(?!(?:const|let|return|import|export|function|class|if|for|while|do|switch|case|try|break|continue|else|default|async|type|interface|super|from|as)\b)[\w$#][^;{}]*;/g;

/**
 * Every small change that the rules know for a text, in the order of the text. What does not parse
 * is left out; types are never changed.
 *
 * @throws {SyntaxError} When the text itself cannot be parsed.
 */
export function listChanges(text: string): Change[] {
  const code = maskToCode(text);
  const changes: Change[] = [];
  for (const { kind, pattern, replace } of RULES) {
    for (const match of code.matchAll(pattern)) {
      const end = match.index + match[1]!.length;
      for (const replacement of replace(match[1]!)) {
        if (replacement === "!!!") {
          const close = closingOf(code, end - 1);
          if (close < 0) continue;
          const condition = text.slice(end, close);
          changes.push({ kind, start: end, end: close, replacement: `!(${condition})` });
        } else if (kind !== "arithmetic" || !joinsTexts(code, match.index, end)) {
          changes.push({ kind, start: match.index, end, replacement });
        }
      }
    }
  }
  for (const match of code.matchAll(STATEMENT)) {
    const start = match.index;
    const end = start + match[0].length;
    changes.push({ kind: "statement", start, end, replacement: ";" });
    if (!match[0].startsWith("throw")) {
      changes.push({ kind: "return", start, end: start, replacement: "return; " });
    }
  }
  return changes.sort((a, b) => a.start - b.start || (a.kind < b.kind ? -1 : 1));
}

/** The text with the change in it. */
export function applyChange(text: string, change: Change): string {
  return text.slice(0, change.start) + change.replacement + text.slice(change.end);
}

/** Whether the changed text still parses, and as something else. */
export function isWorthRunning(text: string, change: Change): boolean {
  try {
    return maskToCode(applyChange(text, change)) !== maskToCode(text);
  } catch {
    return false;
  }
}

function joinsTexts(code: string, start: number, end: number): boolean {
  return /["`]$/.test(code.slice(Math.max(0, start - 200), start).trimEnd()) ||
    /^["`]/.test(code.slice(end, end + 200).trimStart());
}

function closingOf(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === "(") depth++;
    if (code[at] === ")" && --depth === 0) return at;
  }
  return -1;
}
