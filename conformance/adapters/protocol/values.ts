/**
 * Values that messages are made of. Those with an id stand once in the JSON Schema, under `$defs`.
 *
 * Requests carry numbers that no implementation should take (a page size of 0, a ratio of NaN), so
 * their schema is lenient about values. Replies are strict: what is not named is refused.
 */
import { z } from "zod";
import { CAPABILITIES, type Capability } from "../../subject.ts";
import { policiesSchema } from "./policies_schema.ts";

/** JSON has no NaN and no infinity; they travel as texts. */
export const number = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])])
  .meta({ id: "number", description: "A number; NaN and infinities travel as texts" });

export const integer = z.int();

export const count = z.int().min(0);

/** A file in the scratch folder: a bare name, so that no path can lead out of it. */
export const fileName: z.ZodString = z.string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/)
  .meta({ id: "fileName", description: "Name of a safetensors file in the scratch folder" });

export const capability = z.enum(Object.keys(CAPABILITIES) as Capability[])
  .meta({ id: "capability", description: "What an adapter claims to do" });

const headSpec = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("pattern"),
    pattern: z.enum(["first", "last"]),
    ratio: number,
  }),
  z.strictObject({
    kind: z.literal("layers"),
    kindsByLayer: z.array(z.array(z.enum(["full", "window"]))),
  }),
]).meta({ id: "headSpec", description: "Which heads are window heads" });

export const cacheSpec = z.strictObject({
  layout: z.string(),
  heads: headSpec,
  layers: number,
  kvHeads: number,
  queryHeads: number,
  windowTokens: number,
  sinkTokens: number,
  slots: number,
  pagesPerHead: number,
  pageSizeTokens: number,
  modelLengthTokens: number,
  columns: number.nullable(),
  preallocatedPages: number,
  recycle: z.boolean(),
  prefixSharing: z.boolean(),
  draftTables: z.boolean(),
  shuffleSeed: number.nullable(),
  tensorParallel: z.strictObject({ ranks: number, rank: number }),
}).meta({ id: "cacheSpec", description: "What an allocator is made from" });

/** How a quantised side of a cache is stored. */
const cacheFormat = z.strictObject({
  codes: z.string(),
  granularity: z.string(),
  scaleType: z.string(),
})
  .meta({ id: "cacheFormat", description: "Codes, and what their scales go by" });

export const shape = z.strictObject({
  batch: number,
  queryHeads: number,
  kvHeads: number,
  headSize: number,
  pageSizeTokens: number,
  pages: number,
  poolPages: number.optional(),
  columns: number,
  layout: z.string(),
  storage: z.string(),
  keyFormat: cacheFormat.optional(),
  valueFormat: cacheFormat.optional(),
}).meta({ id: "shape", description: "Sizes of a cache and of a batch" });

export const scaleStrides = z.strictObject({
  keys: z.array(integer).optional(),
  values: z.array(integer).optional(),
}).meta({
  id: "scaleStrides",
  description: "Strides of scales in elements, where they are not said to be row-major",
});

export const problem = z.strictObject({
  shape,
  sinkTokens: number,
  scale: number.nullable(),
  treeQueryTokens: number.nullable(),
  scaleStrides: scaleStrides.optional(),
}).meta({ id: "problem", description: "Numbers of an attention problem; its tensors are a file" });

export const rotary = z.strictObject({
  style: z.string(),
  theta: number,
  rotaryDimensions: number,
}).meta({ id: "rotary", description: "Rotary embedding" });

export const shortage = z.strictObject({
  kind: z.literal("shortage"),
  need: count.optional(),
  free: count.optional(),
  capacity: count.optional(),
}).meta({ id: "shortage", description: "Too few pages; a bare shortage has no figures" });

export const pages = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("allocated") }),
  shortage,
]).meta({ id: "pages", description: "Pages handed out, or a shortage" });

export const tableFault = z.strictObject({
  clause: z.string(),
  slot: integer.optional(),
  head: integer.optional(),
  column: integer.optional(),
  value: integer.optional(),
}).meta({ id: "tableFault", description: "A fault found in a table" });

export const policies = policiesSchema.partial()
  .meta({ id: "policies", description: "Policies that differ from the default" });
