/** Names which implementation to judge: `oracle`, `webgpu`, or an adapter by its way in. */

/** Which implementation to judge, as the command line names it. */
export type SubjectSpec =
  | { readonly kind: "auto" | "webgpu" | "oracle" }
  | {
    /** A program that follows the protocol on its standard streams. */
    readonly kind: "exec";
    readonly program: string;
    readonly args: readonly string[];
  }
  | {
    /** A TypeScript module, or a shared library. */
    readonly kind: "module" | "ffi";
    readonly file: string;
  }
  | {
    /** A dumped block table. */
    readonly kind: "dump";
    readonly file: string;
  };

/**
 * Parses the name of a subject.
 *
 * Words of `exec:` are split at spaces; quotes keep words together, and nothing else is special,
 * because no shell runs the program.
 *
 * @param text `auto`, `webgpu`, `oracle`, `exec:CMD ARGS`, `module:FILE`, `ffi:FILE` or `dump:FILE`.
 * @throws {RangeError} If the text is none of these.
 */
export function parseSubjectSpec(text: string): SubjectSpec {
  if (text === "auto" || text === "webgpu" || text === "oracle") return { kind: text };
  const colon = text.indexOf(":");
  const kind = text.slice(0, colon);
  const rest = text.slice(colon + 1).trim();
  if (colon > 0 && rest !== "") {
    if (kind === "exec") {
      const [program, ...args] = splitWords(rest);
      if (program !== undefined) return { kind, program, args };
    }
    if (kind === "module" || kind === "ffi") return { kind, file: rest };
    if (kind === "dump") return { kind, file: rest };
  }
  throw new RangeError(
    "expected auto, webgpu, oracle, exec:COMMAND, module:FILE.ts, ffi:LIBRARY or dump:FILE",
  );
}

/** Words between blanks; one look at each character, however the text is made. */
function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (character === '"' || character === "'") {
      const end = text.indexOf(character, index + 1);
      if (end < 0) throw new RangeError("expected a closing quote after each opening one");
      word = (word ?? "") + text.slice(index + 1, end);
      index = end;
    } else {
      word = (word ?? "") + character;
    }
  }
  return word === null ? words : [...words, word];
}
