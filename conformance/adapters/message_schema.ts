/**
 * The messages of the adapter protocol, version 1: one JSON object a line, a request on the
 * adapter's standard input, its reply on the adapter's standard output. There is a command for each
 * method of `AllocatorSubject` and `KernelSubject`, and five for the conversation itself.
 *
 * Requests carry numbers that no implementation should take (a page size of 0, a ratio of NaN), so
 * their schema is lenient about values. Replies are strict: what is not named is refused.
 */
import { z } from "zod";
import { CAPABILITIES, type Capability } from "../subject.ts";

/** Version of the protocol; a change that an old adapter cannot follow raises it. */
export const PROTOCOL_VERSION = 1;

/** JSON has no NaN and no infinity; they travel as texts. */
const number = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])]);
const integer = z.int();
const count = z.int().min(0);

/** A file in the scratch folder: a bare name, so that no path can lead out of it. */
export const fileName: z.ZodString = z.string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/)
  .describe("Name of a safetensors file in the scratch folder");

/** What an adapter may claim; the tool around an implementation has no commands here. */
const ADAPTER_CAPABILITIES = (Object.keys(CAPABILITIES) as Capability[]).filter((name) =>
  !name.startsWith("tool.")
);
const capability = z.enum(ADAPTER_CAPABILITIES);

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
]);

const cacheSpec = z.strictObject({
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
});

const shape = z.strictObject({
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
});

const problem = z.strictObject({
  shape,
  sinkTokens: number,
  scale: number.nullable(),
  treeQueryTokens: number.nullable(),
});

const rotary = z.strictObject({
  style: z.string(),
  theta: number,
  rotaryDimensions: number,
});

const growth = { slot: number, lengthTokens: number };

/** Parameters of each request, beside `id` and `command`. */
export const REQUEST_FIELDS = {
  hello: {
    protocol: z.literal(PROTOCOL_VERSION),
    scratch: z.string().describe("Absolute path of the folder that tensors travel through"),
  },
  capabilities: {},
  create: { spec: cacheSpec },
  admit: growth,
  extend: growth,
  recycle: { ...growth, nextPositionTokens: number },
  release: { slot: number },
  swap: { first: number, second: number },
  condense: { active: z.array(z.boolean()) },
  reorder: { permutation: z.array(number) },
  beginStep: {},
  completeStep: { step: number },
  returnPages: { pool: number, ids: z.array(number) },
  canAdmit: { lengthTokens: number, stepTokens: number },
  snapshot: {},
  shard: { kvHeadsGlobal: number, queryHeadsGlobal: number, ranks: number, rank: number },
  validate: {
    layout: z.string(),
    slots: number,
    sinkTokens: number,
    columns: number,
    pagesPerHead: number,
    pageSizeTokens: number,
    uniformColumns: number,
    tensors: fileName,
  },
  attend: {
    problem,
    walk: z.enum(["row", "visible"]),
    splitTokens: number,
    passes: z.enum(["one", "two"]),
    tensors: fileName,
  },
  append: { shape, rotary, tensors: fileName },
  capture: { problem, tensors: fileName },
  replay: { capture: number, problem, tensors: fileName },
  releaseCapture: { capture: number },
  shutdown: {},
} as const;

/** Name of a command. */
export type CommandName = keyof typeof REQUEST_FIELDS;

/** Every command, in the order of the documentation. */
export const COMMANDS: readonly CommandName[] = Object.keys(REQUEST_FIELDS) as CommandName[];

const pages = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("allocated") }),
  z.strictObject({ kind: z.literal("shortage"), need: count, free: count, capacity: count }),
]);

const fault = z.strictObject({
  clause: z.string(),
  slot: integer.optional(),
  head: integer.optional(),
  column: integer.optional(),
  value: integer.optional(),
});

const attended = { tensors: fileName };

/** Value of a `result` reply to each command. */
export const RESULT_VALUES = {
  hello: z.strictObject({
    protocol: integer,
    name: z.string().min(1).max(64),
    version: z.string().max(64).optional(),
  }),
  capabilities: z.strictObject({ capabilities: z.array(capability) }),
  create: z.null(),
  admit: pages,
  extend: pages,
  recycle: count,
  release: count,
  swap: z.null(),
  condense: z.array(integer),
  reorder: z.null(),
  beginStep: integer,
  completeStep: z.null(),
  returnPages: z.null(),
  canAdmit: z.boolean(),
  snapshot: z.strictObject({
    layout: z.enum(["uniform", "headwise", "pooled"]),
    layerGroups: count,
    slots: count,
    kvHeads: count,
    columns: count,
    availability: z.number(),
    tensors: fileName,
  }),
  shard: z.strictObject({ kvHeads: integer, queryHeads: integer }),
  validate: z.strictObject({ faults: z.array(fault) }),
  attend: z.strictObject(attended),
  append: z.strictObject({ droppedWrites: count, tensors: fileName }),
  capture: integer,
  replay: z.strictObject({ ...attended, readbacks: count, objectsMade: count }),
  releaseCapture: z.null(),
  shutdown: z.null(),
} as const satisfies Record<CommandName, z.ZodType>;

const OTHER_REPLIES = [
  z.strictObject({
    id: count,
    status: z.literal("refused"),
    code: z.string().min(1).max(128),
    message: z.string(),
  }).describe("The implementation does not do this, and left everything as it was"),
  z.strictObject({
    id: count,
    status: z.literal("skipped"),
    missing: z.array(capability).min(1),
    reason: z.string().optional(),
    issueUrl: z.string().optional(),
  }).describe("Needs capabilities that the adapter does not claim"),
  z.strictObject({
    id: count,
    status: z.literal("errored"),
    message: z.string(),
    traceback: z.string().optional(),
  }).describe("The adapter broke; never counts against the implementation"),
] as const;

/** The request of a command. */
export function requestSchema(command: CommandName): z.ZodType {
  return z.strictObject({ id: count, command: z.literal(command), ...REQUEST_FIELDS[command] });
}

/** The replies to a command. */
export function replySchema<C extends CommandName>(command: C): z.ZodType<AnyReply<C>> {
  const result = z.strictObject({
    id: count,
    status: z.literal("result"),
    value: RESULT_VALUES[command],
  });
  return z.discriminatedUnion("status", [result, ...OTHER_REPLIES]) as unknown as z.ZodType<
    AnyReply<C>
  >;
}

/** Parameters of a command. */
export type RequestFields<C extends CommandName> = {
  readonly [K in keyof (typeof REQUEST_FIELDS)[C]]: (typeof REQUEST_FIELDS)[C][K] extends
    z.ZodType<infer T> ? T : never;
};

/** Value of a command's result. */
export type ResultValue<C extends CommandName> = z.infer<(typeof RESULT_VALUES)[C]>;

/** Any reply to a command. */
export type AnyReply<C extends CommandName> =
  | { readonly id: number; readonly status: "result"; readonly value: ResultValue<C> }
  | {
    readonly id: number;
    readonly status: "refused";
    readonly code: string;
    readonly message: string;
  }
  | {
    readonly id: number;
    readonly status: "skipped";
    readonly missing: readonly Capability[];
    readonly reason?: string;
  }
  | {
    readonly id: number;
    readonly status: "errored";
    readonly message: string;
    readonly traceback?: string;
  };
