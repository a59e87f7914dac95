/** How a case is written. */

import { z } from "zod";
import { FORMAT_NAMES, parseFormat } from "../../kernel/mod.ts";

/** Every peer, in the order of reports. */
export const PEER_NAMES = [
  "sdpa-flash",
  "sdpa-cudnn",
  "flex-attention",
  "triton",
  "ort-webgpu",
  "llama-vulkan",
] as const;

/** Name of a peer. */
export const peerSchema = z.enum(PEER_NAMES);

/** Name of a format in which keys or values are stored. */
const formatSchema = z.string().refine((name) => parseFormat(name) !== null, {
  error: ({ input }) =>
    `"${input}" is not a format of a quantised cache: use one of ${FORMAT_NAMES.join(", ")}`,
});

/** Heads and pages. */
export const shapeSchema = z.strictObject({
  kvHeads: z.int().min(1).max(256).describe("H"),
  /** G. */
  group: z.int().min(1).max(64).describe("Query heads of a KV head"),
  /** D. */
  headSize: z.union([z.literal(64), z.literal(128), z.literal(256)]),
  /** P. */
  pageSizeTokens: z.union([16, 32, 64, 128, 256].map((size) => z.literal(size))).default(64),
  /** Storage type of query, output and C16 cache. */
  storage: z.enum(["bf16", "f16"]).default("bf16"),
  keyFormat: formatSchema.exactOptional().describe(
    "Format of quantised keys, such as int8:token:f32",
  ),
  valueFormat: formatSchema.exactOptional().describe("Format of quantised values"),
});

const windowsSchema = z.strictObject({
  heads: z.int().min(1).describe("Window heads, the first ones"),
  /** W. */
  windowTokens: z.int().min(1),
  /** S. */
  sinkTokens: z.int().min(0).default(0),
});

const requestsSchema = z.strictObject({
  count: z.int().min(1).max(4096),
  /** Tokens in the cache once the step's own are appended. */
  contextTokens: z.int().min(1).max(2 ** 24),
  queryTokens: z.int().min(1).max(65536).default(1),
});

/** What a case is built to show. */
export const goalSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("ceiling"), atLeast: z.number().positive() }),
  z.strictObject({ kind: z.literal("flops"), atLeast: z.number().positive() }),
  z.strictObject({ kind: z.literal("overhead"), atMostMicroseconds: z.number().positive() }),
  z.strictObject({ kind: z.literal("host"), atMostMs: z.number().positive() }),
  z.strictObject({ kind: z.literal("times"), case: z.string(), atMost: z.number().positive() }),
  z.strictObject({ kind: z.literal("walk"), case: z.string(), within: z.number().positive() }),
  z.strictObject({
    kind: z.literal("peer"),
    peer: z.union([peerSchema, z.literal("any")]),
    atLeast: z.number().positive(),
  }),
]);

/** A case that names its shape. */
export const caseSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/, "write lower-case letters, digits and hyphens"),
  /** What is special about it. */
  description: z.string().default(""),
  set: z.enum(["smoke", "h200", "sized", "matrix", "quantised"]),
  shape: z.string().describe("Name of one of the shapes"),
  /** Null where every head sees everything. */
  windows: windowsSchema.nullable().default(null),
  layout: z.enum(["uniform", "headwise", "pooled"]).default("headwise"),
  /** Pages that the kernel reads. */
  walk: z.enum(["row", "visible"]).default("visible"),
  pages: z.enum(["scattered", "ascending"]).exactOptional().describe(
    "Where a request's pages lie: anywhere, or in the order of their addresses",
  ),
  requests: z.array(requestsSchema).min(1),
  /** Peers to time on the same step. */
  peers: z.array(peerSchema).default(["sdpa-flash", "sdpa-cudnn", "triton"]),
  goals: z.array(goalSchema).default([]),
});

/** A case with its shape, as a result has it. */
export const storedCaseSchema = caseSchema.extend({ shape: shapeSchema });
