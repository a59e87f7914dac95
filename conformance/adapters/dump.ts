/**
 * Reads a block table that was dumped from a running engine: the table as safetensors or `.npy`, and
 * a JSON file of the same name that says what the table is a table of.
 */
import { z } from "zod";
import type { TableQuestion } from "../../allocator/mod.ts";
import { describeIssues, FileRefusal, readBounded } from "../../fixtures/mod.ts";
import { isNpy, readNpy } from "./npy.ts";
import { withoutUndefined } from "./protocol/command.ts";
import { readTensors, type Tensor, TensorFileError } from "./safetensors.ts";

const count = z.int().min(0);

/** What the JSON file says. */
const geometrySchema = z.strictObject({
  layout: z.enum(["uniform", "headwise", "pooled"]),
  slots: z.int().min(1).describe("B, batch slots"),
  kvHeads: z.int().min(1).describe("H, KV heads on the rank"),
  headWindows: z.union([z.array(count), z.array(z.array(count)).min(1)])
    .describe("W of each head in tokens, 0 for full context; a list of lists by layer group"),
  sinkTokens: count.default(0).describe("S, leading tokens that window heads always see"),
  pagesPerHead: z.int().min(1).optional()
    .describe("N, pages of a head's pool; poolPages in place of it where there is one pool"),
  pageSizeTokens: z.int().min(1).describe("P, tokens of a page"),
  lengthsTokens: z.array(count).describe("Tokens of each slot; 0 for an empty one"),
  nextPositions: z.array(count).optional()
    .describe("Smallest position that each slot has still to compute; its length by default"),
  allocatedColumns: z.array(count).optional()
    .describe("Columns that each slot holds, preallocated ones too; ceil(length / P) by default"),
  uniformColumns: count.optional().describe("M of the uniform table beside it"),
  sharedPages: z.boolean().optional().describe("Whether requests share the pages of a prefix"),
  tensor: z.string().default("table").describe("Name of the table in a safetensors file"),
  nullId: z.union([z.literal(-1), z.literal(0)]).default(-1)
    .describe("What stands for a hole: -1, or 0 where page 0 is kept as a null page"),
  deadColumns: z.enum(["cleared", "stale"]).default("cleared")
    .describe("Whether columns that no one reads are cleared, or keep ids of pages let go"),
  poolPages: z.int().min(1).optional()
    .describe("Pages of the one pool that all rows draw from, whatever the heads"),
  rowLengthsTokens: z.array(z.array(count)).optional()
    .describe(
      "Tokens of each row [B][Lg·H] where rows of a slot differ; nextPositions follow them",
    ),
  owner: z.enum(["scheduler", "worker"]).default("scheduler")
    .describe("Whose table it is: a worker's may name a page after the scheduler let it go"),
});

/** A dump that cannot be read; never a verdict about the engine. */
export class DumpError extends Error {
  /** Always `dump`. */
  readonly code = "dump";
  /** Always `DumpError`. */
  override readonly name = "DumpError";
}

/** A dumped table, ready for the validator. */
export interface TableDumpFile {
  /** The table and what is known about its requests. */
  readonly question: TableQuestion;
  /** Whose table it is. */
  readonly owner: "scheduler" | "worker";
}

/** Bytes of a dumped table and the JSON beside it. */
export interface DumpBytes {
  /** Path of the table. */
  readonly file: string;
  /** The table: safetensors or `.npy`. */
  readonly bytes: Uint8Array;
  readonly jsonFile: string;
  readonly json: string;
}

/**
 * Reads a dumped table and the JSON beside it.
 *
 * @param file Path of a `.safetensors` or `.npy` file; `table.npy` has its JSON in `table.json`.
 * @returns The table; an element type other than int32 is left for the validator to find.
 * @throws {DumpError} If one of the files is not what it should be.
 */
export async function readDump(file: string): Promise<TableDumpFile> {
  const jsonFile = file.replace(/(\.[A-Za-z0-9]+)?$/, ".json");
  const bytes = await readFile(file);
  const json = new TextDecoder().decode(await readFile(jsonFile));
  return parseDump({ file, bytes, jsonFile, json });
}

/**
 * Parses a dumped table.
 *
 * @throws {DumpError} If one of the two is not what it should be.
 */
export function parseDump(dump: DumpBytes): TableDumpFile {
  const { file, jsonFile } = dump;
  const geometry = parseGeometry(jsonFile, dump.json);
  const tensor = parseTable(file, dump.bytes, geometry.tensor);
  const { layout, slots, kvHeads, headWindows, sinkTokens } = geometry;
  const windows = headWindows.every((each) => typeof each === "number")
    ? [headWindows]
    : headWindows as number[][];
  for (const [group, each] of windows.entries()) {
    if (each.length !== kvHeads) {
      throw new DumpError(
        `Cannot use headWindows of ${each.length} heads in layer group ${group} of "${jsonFile}"; ` +
          `give one window for each of the ${kvHeads} heads`,
      );
    }
  }
  const { pagesPerHead, poolPages } = geometry;
  const isOnePool = layout !== "headwise";
  if ((pagesPerHead === undefined) === (poolPages === undefined)) {
    throw new DumpError(
      `Cannot size the pools of "${jsonFile}": give pagesPerHead, or poolPages where all rows ` +
        "draw from one pool",
    );
  }
  if (poolPages !== undefined && !isOnePool) {
    throw new DumpError(
      `Cannot use poolPages with the layout "headwise" in "${jsonFile}": each head has a pool of ` +
        "its own there; give pagesPerHead, or the layout pooled",
    );
  }
  const groups = layout === "pooled" ? windows.length * kvHeads : 1;
  const ids = tensor.data as Int32Array;
  const clean = geometry.deadColumns === "stale" || geometry.nullId === 0
    ? withoutDead(ids, { geometry, windows, columns: tensor.shape.at(-1) ?? 0 })
    : ids;
  return {
    question: {
      table: {
        layout,
        layerGroups: windows.length,
        slots,
        kvHeads,
        columns: tensor.shape.at(-1) ?? 0,
        ids: clean,
      },
      // A pool of its own size may be no whole number of pages per head.
      pagesPerHead: pagesPerHead ?? Math.ceil((poolPages ?? 0) / groups),
      pageSizeTokens: geometry.pageSizeTokens,
      heads: {
        kvHeads,
        windowTokens: Math.max(0, ...windows.flat()),
        sinkTokens,
        groups: windows.map((each, group) => ({
          layers: [group],
          kinds: each.map((window) => window > 0 ? "window" : "full"),
        })),
      },
      headWindows: windows,
      lengthsTokens: Int32Array.from(geometry.lengthsTokens),
      ...withoutUndefined({
        idLimit: poolPages,
        rowLengthsTokens: geometry.rowLengthsTokens,
        nextPositions: geometry.nextPositions && Int32Array.from(geometry.nextPositions),
        allocatedColumns: geometry.allocatedColumns && Int32Array.from(geometry.allocatedColumns),
        uniformColumns: geometry.uniformColumns,
        sharedPages: geometry.sharedPages,
      }),
    },
    owner: geometry.owner,
  };
}

/**
 * The table as one without a null page and without stale ids: what no one reads becomes a hole.
 * Entries of another type than int32 are left for the validator to find.
 */
function withoutDead(
  ids: Int32Array,
  o: {
    readonly geometry: z.infer<typeof geometrySchema>;
    readonly windows: readonly (readonly number[])[];
    readonly columns: number;
  },
): Int32Array {
  const { geometry, windows, columns } = o;
  const { layout, slots, kvHeads, pageSizeTokens, sinkTokens, nullId, deadColumns } = geometry;
  if (!(ids instanceof Int32Array) || columns === 0) return ids;
  const heads = layout === "uniform" ? 1 : kvHeads;
  const sinkPages = Math.ceil(sinkTokens / pageSizeTokens);
  const isDead = (row: number, column: number): boolean => {
    const head = row % heads;
    const slot = Math.floor(row / heads) % slots;
    const group = Math.floor(row / (heads * slots));
    const length = geometry.rowLengthsTokens?.[slot]?.[group * heads + head] ??
      geometry.lengthsTokens[slot] ?? 0;
    const next = geometry.nextPositions?.[slot] ?? length;
    const all = layout === "uniform" ? windows.flat() : [windows[group]?.[head] ?? 0];
    const window = all.includes(0) ? 0 : Math.max(...all);
    const deadEnd = window > 0 ? Math.floor((next - window + 1) / pageSizeTokens) : 0;
    const used = geometry.allocatedColumns?.[slot] ?? Math.ceil(length / pageSizeTokens);
    return column >= used || (column >= sinkPages && column < deadEnd);
  };
  return ids.map((id, index) => {
    if (deadColumns === "stale" && isDead(Math.floor(index / columns), index % columns)) return -1;
    return nullId === 0 && id === 0 ? -1 : nullId === 0 && id === -1 ? -2 : id;
  });
}

/** Most bytes of a dumped table: a page id for every token of many gigabytes of cache. */
const MAX_DUMP_BYTES = 2 ** 30;

async function readFile(path: string): Promise<Uint8Array> {
  try {
    return await readBounded(path, { maxBytes: MAX_DUMP_BYTES, isTrusted: true });
  } catch (cause) {
    if (cause instanceof FileRefusal) {
      throw new DumpError(`Cannot read "${path}": ${cause.message}`, { cause });
    }
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    const hint = path.endsWith(".json") ? "; it says what the table is a table of" : "";
    throw new DumpError(
      `Cannot read "${path}": there is no such file${hint}; name one that exists`,
      { cause },
    );
  }
}

function parseGeometry(file: string, text: string): z.infer<typeof geometrySchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DumpError(`Cannot read "${file}"; it must be JSON`, { cause });
  }
  const parsed = geometrySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DumpError(
    `Cannot read "${file}": ${describeIssues(parsed.error)}`,
  );
}

function parseTable(file: string, bytes: Uint8Array, name: string): Tensor {
  let table: Tensor | undefined;
  try {
    table = isNpy(bytes) ? readNpy(bytes) : readTensors(bytes).get(name);
  } catch (cause) {
    if (!(cause instanceof TensorFileError)) throw cause;
    throw new DumpError(`Cannot read "${file}": ${cause.message}`, { cause });
  }
  if (table === undefined) {
    throw new DumpError(`Cannot find the tensor "${name}" in "${file}"; name it in the JSON`);
  }
  if (table.shape.length < 2) {
    throw new DumpError(
      `Cannot use the table of shape [${table.shape}] in "${file}"; its last dimension must be M`,
    );
  }
  return table;
}
