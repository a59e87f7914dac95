/**
 * Times of attention calls from a file: what a profiler or an engine's log says, one call a line.
 *
 *     # card: NVIDIA H200
 *     form,sequences,query_tokens,context_tokens,window_tokens,microseconds
 *     headwise,32,1,16384,0,251.3
 *
 * A line is one layer's call over `sequences` requests of `query_tokens` new tokens each, at
 * `context_tokens` keys with the new ones. `window_tokens` is W where the layer has window heads and 0
 * where it has none; `window_heads` may say how many. The time is `microseconds` or `milliseconds`.
 */

import { CellError, sha256, splitCells, traceError } from "../../fixtures/mod.ts";
import { FORM_MEANINGS, type KernelForm } from "../result/mod.ts";

/** Times of one kind of call: those that differ in size alone. */
export interface TimedCalls {
  /** Kernel. */
  readonly form: KernelForm;
  /** W, or 0 for a layer without window heads. */
  readonly windowTokens: number;
  /** Window heads of the layer; null where the file does not say. */
  readonly windowHeads: number | null;
  /** Calls of the kind. */
  readonly calls: readonly TimedCall[];
}

/** Size of a call. */
export interface CallSize {
  /** Requests. */
  readonly sequences: number;
  /** New tokens of each. */
  readonly queryTokens: number;
  /** Keys of each, the new ones counted. */
  readonly contextTokens: number;
}

/** One line. */
export interface TimedCall extends CallSize {
  /** Milliseconds. */
  readonly milliseconds: number;
}

/** A file of times. */
export interface TimeTable {
  /** Its name, without its folder. */
  readonly name: string;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** Card that its first lines name; null where they do not. */
  readonly card: string | null;
  /** Calls by kind. */
  readonly kinds: readonly TimedCalls[];
}

const FORMS = Object.keys(FORM_MEANINGS) as KernelForm[];
const NEEDED = ["form", "sequences", "query_tokens", "context_tokens", "window_tokens"] as const;
const TIMES = { microseconds: 1e-3, milliseconds: 1 } as const;
const OPTIONAL = ["window_heads"] as const;

/**
 * Reads times.
 *
 * @throws {FixtureError} At the first line that cannot be read: where, and what would be right.
 */
export function parseTimeTable(text: string, o: { readonly file: string }): TimeTable {
  const lines = text.split(/\r?\n/);
  let columns: Columns | null = null;
  let card: string | null = null;
  const kinds = new Map<string, { kind: Omit<TimedCalls, "calls">; calls: TimedCall[] }>();
  for (const [index, line] of lines.entries()) {
    const place = { file: o.file, line: index + 1 };
    try {
      if (line.trim() === "") continue;
      if (line.startsWith("#")) {
        const note = line.slice(1).trim();
        if (/^card:\s*\S/.test(note)) card = note.slice("card:".length).trim();
      } else if (columns === null) {
        columns = readHeader(line);
      } else {
        const { kind, call } = readCall(line, columns);
        const key = JSON.stringify(kind);
        const entry = kinds.get(key) ?? { kind, calls: [] };
        kinds.set(key, entry);
        entry.calls.push(call);
      }
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      const { code, column, message, fix } = error;
      throw traceError({ ...place, code, column, message, fix });
    }
  }
  if (kinds.size === 0) {
    throw traceError({
      file: o.file,
      line: 0,
      column: 0,
      code: "times/empty",
      message: "The file has no times",
      fix: `begin it with ${NEEDED.join(",")},microseconds, and give a line for each call`,
    });
  }
  return {
    name: o.file.slice(o.file.lastIndexOf("/") + 1),
    sha256: sha256(text),
    card,
    kinds: [...kinds.values()].map(({ kind, calls }) => ({ ...kind, calls })),
  };
}

function refuse(
  { column }: { readonly column: number },
  code: string,
  message: string,
  fix: string,
): never {
  throw new CellError({ code: `times/${code}`, message, fix, column });
}

interface Columns {
  readonly names: readonly string[];
  readonly at: ReadonlyMap<string, number>;
  readonly time: keyof typeof TIMES;
}

function readHeader(line: string): Columns {
  const cells = splitCells(line);
  const names = cells.map(({ text }) => text);
  const refuseHeader = (message: string, column: number): never =>
    refuse(
      { column },
      "header",
      message,
      `name the columns ${NEEDED.join(", ")}, then microseconds or milliseconds`,
    );
  const known = new Set<string>([...NEEDED, ...OPTIONAL, ...Object.keys(TIMES)]);
  for (const [index, { text, column }] of cells.entries()) {
    if (!known.has(text)) refuseHeader(`Column "${text}" is not known`, column);
    if (names.indexOf(text) < index) refuseHeader(`Column "${text}" stands twice`, column);
  }
  const missing = NEEDED.filter((name) => !names.includes(name));
  if (missing.length > 0) refuseHeader(`Column "${missing[0]}" is missing`, 1);
  const times = Object.keys(TIMES).filter((name) => names.includes(name));
  if (times.length !== 1) refuseHeader(`${times.length} columns hold times, and one has to`, 1);
  return {
    names,
    at: new Map(names.map((name, index) => [name, index])),
    time: times[0] as keyof typeof TIMES,
  };
}

function readCall(
  line: string,
  { names, at, time }: Columns,
): { kind: Omit<TimedCalls, "calls">; call: TimedCall } {
  const cells = splitCells(line);
  if (cells.length !== names.length) {
    const message = `The line has ${cells.length} cells, and the header ${names.length}`;
    refuse({ column: 1 }, "cells", message, "give one cell a column");
  }
  const cell = (name: string) => cells[at.get(name)!];
  const whole = (name: string, least: number): number => {
    const { text, column } = cell(name);
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least) return value;
    const message = `Value "${text}" of "${name}" cannot be used`;
    return refuse({ column }, "number", message, `give a whole number of at least ${least}`);
  };
  const form = FORMS.find((name) => name === cell("form").text);
  if (form === undefined) {
    const message = `Form "${cell("form").text}" is not known`;
    return refuse(cell("form"), "form", message, `give one of ${FORMS.join(", ")}`);
  }
  const stated = cell(time);
  const value = Number(stated.text);
  if (!(stated.text !== "" && Number.isFinite(value) && value > 0)) {
    const message = `Value "${stated.text}" of "${time}" is not a time`;
    refuse(stated, "time", message, "give a number above 0");
  }
  const call = {
    sequences: whole("sequences", 1),
    queryTokens: whole("query_tokens", 1),
    contextTokens: whole("context_tokens", 1),
    milliseconds: value * TIMES[time],
  };
  if (call.contextTokens < call.queryTokens) {
    const message = `${call.contextTokens} context tokens cannot hold ${call.queryTokens} new ones`;
    refuse(cell("context_tokens"), "context", message, "count the new tokens as context too");
  }
  return {
    kind: {
      form,
      windowTokens: whole("window_tokens", 0),
      windowHeads: at.has("window_heads") ? whole("window_heads", 0) : null,
    },
    call,
  };
}
