/**
 * Reads a block table that was dumped from a running engine: the table as safetensors or `.npy`, and
 * a JSON file of the same name that says what the table is a table of.
 */
import { z } from "zod";
import { type TableQuestion, validateTable, type Violation } from "../../allocator/mod.ts";
import { FileRefusal, readBounded } from "../../fixtures/mod.ts";
import { isNpy, readNpy } from "./npy.ts";
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
  pagesPerHead: z.int().min(1).describe("N, pages of a head's pool"),
  pageSizeTokens: z.int().min(1).describe("P, tokens of a page"),
  lengthsTokens: z.array(count).describe("Tokens of each slot; 0 for an empty one"),
  nextPositions: z.array(count).optional()
    .describe("Smallest position that each slot has still to compute; its length by default"),
  allocatedColumns: z.array(count).optional()
    .describe("Columns that each slot holds, preallocated ones too; ceil(length / P) by default"),
  uniformColumns: count.optional().describe("M of the uniform table beside it"),
  sharedPages: z.boolean().optional().describe("Whether requests share the pages of a prefix"),
  tensor: z.string().default("table").describe("Name of the table in a safetensors file"),
});

/** A dump that cannot be read; never a verdict about the engine. */
export class DumpError extends Error {
  /** Always `dump`. */
  readonly code = "dump";
  /** Makes the error from what is wrong and what would be right. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DumpError";
  }
}

/** A dumped table, ready for the validator. */
export interface TableDumpFile {
  /** Path of the table. */
  readonly file: string;
  /** The table and what is known about its requests. */
  readonly question: TableQuestion;
}

/** Bytes of a dumped table and the JSON beside it. */
export interface DumpBytes {
  /** Path of the table. */
  readonly file: string;
  /** The table: safetensors or `.npy`. */
  readonly bytes: Uint8Array;
  /** Path of the JSON. */
  readonly jsonFile: string;
  /** Its text. */
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
 * @param dump Its bytes and its JSON.
 * @returns The table.
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
  const sizes = [...new Set(windows.flat().filter((window) => window > 0))];
  if (sizes.length > 1) {
    throw new DumpError(
      `Cannot use windows of ${sizes.join(" and ")} tokens in "${jsonFile}"; a table has one ` +
        "window size, and 0 for heads of full context",
    );
  }
  return {
    file,
    question: {
      table: {
        layout,
        layerGroups: windows.length,
        slots,
        kvHeads,
        columns: tensor.shape.at(-1) ?? 0,
        ids: tensor.data as Int32Array,
      },
      pagesPerHead: geometry.pagesPerHead,
      pageSizeTokens: geometry.pageSizeTokens,
      heads: {
        kvHeads,
        windowTokens: sizes[0] ?? 0,
        sinkTokens,
        groups: windows.map((each, group) => ({
          layers: [group],
          kinds: each.map((window) => window > 0 ? "window" : "full"),
        })),
      },
      lengthsTokens: Int32Array.from(geometry.lengthsTokens),
      ...optionalList("nextPositions", geometry.nextPositions),
      ...optionalList("allocatedColumns", geometry.allocatedColumns),
      ...(geometry.uniformColumns === undefined ? {} : { uniformColumns: geometry.uniformColumns }),
      ...(geometry.sharedPages === undefined ? {} : { sharedPages: geometry.sharedPages }),
    },
  };
}

/**
 * Finds every fault of a dumped table.
 *
 * @param dump The table.
 * @returns What the validator found; an empty list means that the table is sound.
 */
export function findDumpFaults(dump: TableDumpFile): Violation[] {
  return validateTable(dump.question);
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
    throw new DumpError(`Cannot read "${path}": there is no such file${hint}`, { cause });
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
    `Cannot read "${file}": ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`,
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

function optionalList<K extends string>(
  name: K,
  values: readonly number[] | undefined,
): { readonly [_ in K]?: Int32Array } {
  return (values === undefined ? {} : { [name]: Int32Array.from(values) }) as {
    readonly [_ in K]?: Int32Array;
  };
}
