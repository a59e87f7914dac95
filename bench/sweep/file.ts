/**
 * A sweep's file: JSON lines that are only ever appended, so that a killed sweep loses the point it
 * was at and nothing else.
 */

import { createHash } from "node:crypto";
import type { z } from "zod";
import { ResultError } from "../result/mod.ts";
import {
  headerSchema,
  rowSchema,
  type Sweep,
  SWEEP_VERSION,
  type SweepHeader,
  type SweepIdentity,
  type SweepRow,
} from "./types.ts";
import { describeIssues } from "../../fixtures/mod.ts";

/** Adds kind, version and hash to an identity. */
export function createSweepHeader(identity: SweepIdentity): SweepHeader {
  const { fixture, fixtureSha256, modelSha256, axes, gates, clock, pairs, seed } = identity;
  const { windowTokens, ratio, contextTokens, batch, pageSizeTokens } = axes;
  // Spelt out, so that the order of keys and anything beside them cannot change the hash.
  const plain = {
    fixture,
    fixtureSha256,
    modelSha256,
    axes: { windowTokens, ratio, contextTokens, batch, pageSizeTokens },
    gates,
    clock,
    pairs,
    seed,
  };
  const hash = createHash("sha256").update(JSON.stringify(plain)).digest("hex");
  return { kind: "headwise/sweep", version: SWEEP_VERSION, hash, ...plain };
}

/**
 * Parses a sweep's file. A last line without its end is what a killed sweep leaves, and is left
 * out; any other line that cannot be read is an error.
 *
 * @returns Header and rows, each point once.
 * @throws {ResultError} When the text is not a sweep, with the line.
 */
export function parseSweep(text: string, o: { readonly file: string }): Sweep {
  const end = text.lastIndexOf("\n") + 1;
  const lines = text.slice(0, end).split("\n").slice(0, -1);
  if (lines.length === 0) throw shapeError(`${o.file}:1`, o.file, "it has no whole first line");
  const header = readLine(headerSchema, lines[0], { ...o, line: 1 });
  const { hash } = createSweepHeader(header);
  if (hash !== header.hash) {
    throw shapeError(`${o.file}:1`, o.file, "its hash is not that of its own settings");
  }
  const rows = new Map<number, SweepRow>();
  lines.slice(1).forEach((line, i) => {
    const row = readLine(rowSchema, line, { ...o, line: i + 2 }) as SweepRow;
    if (!rows.has(row.index)) rows.set(row.index, row);
  });
  return { header: header as SweepHeader, rows: inOrder(rows) };
}

/**
 * Merges shards of one sweep. A point that two of them hold has to be the same in both.
 *
 * @throws {ResultError} When the settings differ, or a point does.
 */
export function mergeSweeps(
  sweeps: readonly { readonly file: string; readonly sweep: Sweep }[],
): { readonly header: SweepHeader; readonly rows: readonly SweepRow[] } {
  if (sweeps.length === 0) {
    throw new ResultError("result/shape", "", "Cannot merge sweeps: no file was given");
  }
  const [first] = sweeps;
  const rows = new Map<number, { file: string; row: SweepRow }>();
  for (const { file, sweep } of sweeps) {
    if (sweep.header.hash !== first.sweep.header.hash) {
      const message = `Cannot merge '${file}' with '${first.file}': they are of different sweeps ` +
        `(hashes ${sweep.header.hash.slice(0, 12)} and ${first.sweep.header.hash.slice(0, 12)})`;
      throw new ResultError("result/shape", file, message);
    }
    for (const row of sweep.rows) {
      const known = rows.get(row.index);
      if (known !== undefined && JSON.stringify(known.row) !== JSON.stringify(row)) {
        const message =
          `Cannot merge '${file}' with '${known.file}': point ${row.index} differs; ` +
          `leave one of them out`;
        throw new ResultError("result/shape", file, message);
      }
      rows.set(row.index, { file, row });
    }
  }
  const merged = new Map([...rows].map(([index, { row }]) => [index, row]));
  return { header: first.sweep.header, rows: inOrder(merged) };
}

/** Text of a sweep's file. */
export function serializeSweep(header: SweepHeader, rows: readonly SweepRow[]): string {
  return [header, ...rows].map((line) => `${JSON.stringify(line)}\n`).join("");
}

function inOrder(rows: ReadonlyMap<number, SweepRow>): SweepRow[] {
  return [...rows.values()].sort((left, right) => left.index - right.index);
}

function readLine<T>(
  schema: z.ZodType<T>,
  line: string,
  o: { readonly file: string; readonly line: number },
): T {
  const place = `${o.file}:${o.line}`;
  let data: unknown;
  try {
    data = JSON.parse(line);
  } catch (cause) {
    const message = `Cannot read the sweep '${place}': it is not JSON`;
    throw new ResultError("result/not-json", o.file, message, { cause });
  }
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw shapeError(place, o.file, describeIssues(parsed.error));
}

function shapeError(place: string, file: string, reason: string): ResultError {
  return new ResultError("result/shape", file, `Cannot read the sweep '${place}': ${reason}`);
}
