import { type Document, isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { nearestWord } from "../../fixtures/nearest_word.ts";
import type { Origin } from "./setting.ts";
import { SettingError } from "./setting.ts";

/** A scalar of a settings file, with its place. */
export interface FileValue {
  /** The scalar as text, as a flag would give it. */
  readonly text: string;
  /** Where it stands. */
  readonly origin: Origin;
}

/** Values of one command's section, by setting name. */
export type FileValues = Readonly<Record<string, FileValue>>;

/**
 * Reads the section of one command from a settings file.
 *
 * @param text YAML: a map of command names to maps of setting names to scalars.
 * @returns The values of the command's section, empty where the file has none.
 * @throws {SettingError} With file, line and column, for a broken text or an unknown name.
 */
export function parseConfigFile(text: string, o: {
  readonly file: string;
  readonly command: string;
  readonly known: Readonly<Record<string, readonly string[]>>;
}): FileValues {
  const lineCounter = new LineCounter();
  const originAt = (offset: number): Origin => {
    const { line, col } = lineCounter.linePos(offset);
    return { kind: "file", text: `${o.file}:${line || 1}:${col || 1}` };
  };
  const fault = (offset: number, message: string): never => {
    throw new SettingError(message, originAt(offset));
  };
  if (text.length > MAX_FILE_LENGTH) {
    fault(0, `Cannot read the file: it has more than ${MAX_FILE_LENGTH} characters; shorten it`);
  }
  // Before anything is parsed: a settings file holds one flow map a command at the most.
  if (text.split(/[[{]/).length > MAX_BRACKETS) {
    fault(0, "Cannot read the file: its values are nested too deep; give one value a name");
  }
  const document = parseShallow(text, lineCounter);
  if (document === null) {
    return fault(0, "Cannot read the file: its values are nested too deep; give one value a name");
  }
  const [broken] = document.errors;
  if (broken !== undefined) fault(broken.pos[0], `Cannot read the file: ${broken.message}`);
  const values: Record<string, FileValue> = {};
  if (document.contents === null) return values;
  for (const section of entriesOf(document.contents, "The file", fault)) {
    requireKnown(section, Object.keys(o.known), "command", fault);
    for (const entry of entriesOf(section.value, `'${section.key}'`, fault)) {
      requireKnown(entry, o.known[section.key] ?? [], `setting of '${section.key}'`, fault);
      if (!isScalar(entry.value)) {
        return fault(
          entry.offset,
          `Cannot use '${entry.key}': expected one value, not a list or map`,
        );
      }
      const offset = entry.value.range?.[0] ?? entry.offset;
      if (section.key !== o.command) continue;
      values[entry.key] = { text: String(entry.value.value ?? ""), origin: originAt(offset) };
    }
  }
  return values;
}

/** Longest settings file, in UTF-16 units: no honest one comes near. */
const MAX_FILE_LENGTH = 1 << 16;

/** Most opening brackets of a settings file. */
const MAX_BRACKETS = 128;

/** The parsed text, or null where its nesting exhausts the stack of the recursive parser. */
function parseShallow(text: string, lineCounter: LineCounter): Document.Parsed | null {
  try {
    const document = parseDocument(text, { lineCounter, prettyErrors: false });
    // The parser reports an exhausted stack as a finding of its own, in the engine's words.
    return document.errors.some(({ message }) => /call stack/.test(message)) ? null : document;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

interface Entry {
  readonly key: string;
  readonly value: unknown;
  readonly offset: number;
}

type Fault = (offset: number, message: string) => never;

function entriesOf(node: unknown, what: string, fault: Fault): Entry[] {
  if (isScalar(node) && node.value === null) return [];
  if (!isMap(node)) {
    const range = (node as { range?: readonly number[] } | null)?.range;
    return fault(range?.[0] ?? 0, `${what} must be a map of names to values`);
  }
  return node.items.map((pair) => {
    const offset = (pair.key as { range?: readonly number[] } | null)?.range?.[0] ?? 0;
    // The text of a map as a key grows exponentially with its depth.
    if (!isScalar(pair.key)) return fault(offset, "A name must be a plain word");
    return { key: String(pair.key.value), value: pair.value, offset };
  });
}

function requireKnown(entry: Entry, known: readonly string[], what: string, fault: Fault): void {
  if (known.includes(entry.key)) return;
  const nearest = nearestWord(entry.key, known);
  const fix = nearest === undefined
    ? `known are ${known.join(", ")}`
    : `did you mean '${nearest}'?`;
  fault(entry.offset, `Unknown ${what} '${entry.key}'; ${fix}`);
}
