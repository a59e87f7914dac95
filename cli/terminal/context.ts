import { readText } from "../../fixtures/bounded_file.ts";
import { jsonText } from "./json_text.ts";
import { createPaint, type Paint, wantsColor } from "./paint.ts";

/** An output stream with what is known of the terminal behind it. */
export interface CliStream {
  /** Writes the whole text. */
  readonly write: (text: string) => void;
  /** Colour bits, read by the argument parser: 1 without colours, 4 with. */
  readonly getColorDepth: () => number;
  /** Whether a person watches. */
  readonly isTerminal: boolean;
  /** Width in columns. */
  readonly columns: number;
}

/** The process as commands see it. */
export interface CliProcess {
  /** For results: with `--json` nothing but JSON. */
  readonly stdout: CliStream;
  /** For progress, notes and errors. */
  readonly stderr: CliStream;
  /** The variables that the tool knows. */
  readonly env: Readonly<Partial<Record<string, string>>>;
  /** Exit code, set by a command that has a verdict. */
  exitCode?: number | string | null;
}

/** Everything that a command may touch outside itself; tests inject their own. */
export interface CliContext {
  /** Streams, environment and exit code. */
  readonly process: CliProcess;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Reads a text file, as {@linkcode readText} does. */
  readonly readTextFile: (path: string) => Promise<string>;
}

/** The most columns that output uses, however wide the terminal is. */
export const MAX_COLUMNS = 100;

/**
 * Makes the context of the real process.
 *
 * @param o Names of the environment variables to read, and the signal of Ctrl-C.
 */
export function createSystemContext(
  o: { readonly variables: readonly string[]; readonly signal: AbortSignal },
): CliContext {
  const environment: Record<string, string> = {};
  for (const name of o.variables) {
    const value = Deno.env.get(name);
    if (value !== undefined) environment[name] = value;
  }
  Object.assign(environment, ownVariables());
  const stream = (target: typeof Deno.stdout | typeof Deno.stderr): CliStream => {
    const isTerminal = target.isTerminal();
    return {
      write: target === Deno.stdout ? writeResults : writeNotes,
      getColorDepth: () => wantsColor({ environment, isTerminal }) ? 4 : 1,
      isTerminal,
      columns: isTerminal ? Math.min(Deno.consoleSize().columns, MAX_COLUMNS) : MAX_COLUMNS,
    };
  };
  return {
    process: { stdout: stream(Deno.stdout), stderr: stream(Deno.stderr), env: environment },
    signal: o.signal,
    readTextFile: (path) => readText(path),
  };
}

/** Makes the colouring functions that suit a stream. */
export function paintOf(stream: CliStream): Paint {
  return createPaint(stream.getColorDepth() >= 4);
}

/** What text is laid out for. */
export interface ReportStyle {
  /** Colours. */
  readonly paint: Paint;
  /** Width in columns. */
  readonly columns: number;
}

/** The colours and the width of a stream. */
export function styleOf(stream: CliStream): ReportStyle {
  return { paint: paintOf(stream), columns: stream.columns };
}

/** Writes a value as JSON where that is asked for, otherwise as it is laid out for the stream. */
export function writeResult<T>(
  stream: CliStream,
  value: T,
  o: {
    readonly json: boolean;
    readonly render: (value: T, style: ReportStyle) => readonly string[];
  },
): void {
  writeLines(stream, o.json ? [jsonText(value)] : o.render(value, styleOf(stream)));
}

export function writeLines(stream: CliStream, lines: readonly string[]): void {
  if (lines.length > 0) stream.write(`${lines.join("\n")}\n`);
}

/**
 * Writes to standard output. A reader that has gone, as `head` does, changes nothing of what the
 * command does, writes to files and ends with: a verdict is the same for whoever reads one line.
 */
function writeResults(text: string): void {
  try {
    writeWhole(Deno.stdout, text);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return;
    throw error;
  }
}

/** Writes to standard error. Where that fails there is no one left to be told. */
function writeNotes(text: string): void {
  try {
    writeWhole(Deno.stderr, text);
  } catch {
    // The exit code still tells.
  }
}

function writeWhole(target: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  const bytes = new TextEncoder().encode(text);
  let written = 0;
  while (written < bytes.length) written += target.writeSync(bytes.subarray(written));
}

/** Variables named as ours are, known or not: where not all may be listed, none is. */
function ownVariables(): Record<string, string> {
  try {
    const all = Object.entries(Deno.env.toObject());
    return Object.fromEntries(all.filter(([name]) => name.startsWith("HEADWISE_")));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return {};
    throw error;
  }
}
