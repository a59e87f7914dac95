import { isSecret, REDACTED } from "../../bench/live/token.ts";
import { cleanText } from "../../fixtures/foreign_text.ts";
import type { CliContext, CliStream } from "./context.ts";

/** Attributes that we and the argument parser write, by the code that ends them. */
const STYLES: Readonly<Record<string, readonly number[]>> = {
  "22": [1, 2],
  "23": [3],
  "24": [4],
  "39": [31, 32, 33, 36],
};
const CODE = `(?:${Object.entries(STYLES).flatMap(([end, codes]) => [end, ...codes]).join("|")})`;
const OWN_STYLE = new RegExp(`(\\x1b\\[;*${CODE}(?:;+${CODE})*m)`);
const ENDS = new Map(
  Object.entries(STYLES).flatMap(([end, codes]) => codes.map((code) => [String(code), end])),
);

/** What clears a line of the terminal before a bar is drawn in it. */
export const CLEAR_LINE = "\r\x1b[2K";

/**
 * Puts a guard before both streams of a context, the one place where text leaves the program:
 * control characters, terminal escapes and invisible marks are shown as `\u001b`, only our own
 * colours reach a stream that has any, and secrets become `[token]`.
 */
export function guardContext(context: CliContext, secrets: readonly string[]): CliContext {
  const { process } = context;
  const guard = (stream: CliStream): CliStream => guardStream(stream, secrets);
  return {
    ...context,
    process: { ...process, stdout: guard(process.stdout), stderr: guard(process.stderr) },
  };
}

function guardStream(stream: CliStream, secrets: readonly string[]): CliStream {
  const forms = secrets.filter(isSecret)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  return {
    ...stream,
    write(text): void {
      const isRedraw = stream.isTerminal && text.startsWith(CLEAR_LINE);
      const open = forms.reduce((all, form) => all.replaceAll(form, REDACTED), text);
      const shown = isRedraw ? open.slice(CLEAR_LINE.length) : open;
      const plain = withoutCommands(shown);
      const clean = stream.getColorDepth() >= 4 ? cleanStyled(plain) : cleanLines(plain);
      stream.write(isRedraw ? CLEAR_LINE + clean : clean);
    },
  };
}

/**
 * Cleans a text but for our own styles, and ends those that it leaves open.
 *
 * @returns Text without any other escape sequence.
 */
export function cleanStyled(text: string): string {
  const open = new Set<string>();
  const parts = text.split(OWN_STYLE).map((part, index) => {
    if (index % 2 === 0) return cleanLines(part);
    for (const code of part.slice(2, -1).split(";")) {
      const end = ENDS.get(code);
      if (end === undefined) open.delete(code);
      else open.add(end);
    }
    return part;
  });
  return parts.join("") + [...open].map((end) => `\x1b[${end}m`).join("");
}

/** As {@linkcode cleanText}, with line ends as CSV has them. */
function cleanLines(text: string): string {
  return text.includes("\r\n") ? text.split("\r\n").map(cleanText).join("\r\n") : cleanText(text);
}

/**
 * Shows commands to a runner of GitHub Actions as text: it takes `::word::` at the start of any line
 * of a log, and `##[word]` anywhere, whoever wrote it. Annotations of our own are such lines alone.
 */
function withoutCommands(text: string): string {
  if (!text.includes("::") && !text.includes("##[")) return text;
  const isOurs = text.split("\n").every((line) =>
    line === "" || /^::(?:error|notice) title=/.test(line)
  );
  if (isOurs) return text;
  return text.replaceAll("##[", "#\\u0023[").split("\n").map((line) => {
    const word = line.trimStart();
    return word.startsWith("::")
      ? `${line.slice(0, line.length - word.length)}\\u003a${word.slice(1)}`
      : line;
  }).join("\n");
}
