/** The other end of the protocol: answers requests by calling a subject. */
import type {
  AllocatorSubject,
  AttendReply,
  CacheSpec,
  PageReply,
  Reply,
  ShardCommand,
  Subject,
  TableDump,
} from "../subject.ts";
import {
  type CommandName,
  COMMANDS,
  PROTOCOL_VERSION,
  type RequestFields,
  requestSchema,
  type ResultValue,
} from "./message_schema.ts";
import { readTensors, type Tensor, type Tensors, writeTensors } from "./safetensors.ts";
import { appendFrom, dataOf, problemFrom, storageType } from "./tensor_fields.ts";

/** Answers requests. */
export interface AdapterServer {
  /** Answers one line with one line; never throws. */
  readonly answer: (line: string) => Promise<string>;
  /** Whether the last request was `shutdown`. */
  readonly isShutDown: () => boolean;
}

/** How tensor files are read and written, given their absolute paths. */
export interface ServerFiles {
  /** Reads a whole file. */
  readonly read: (path: string) => Promise<Uint8Array>;
  /** Writes a new file. */
  readonly write: (path: string, bytes: Uint8Array) => Promise<void>;
}

type Outcome =
  | { readonly status: "result"; readonly value: unknown }
  | { readonly status: "refused"; readonly code: string; readonly message: string };

type GrowthCommand = Parameters<AllocatorSubject["admit"]>[0];
type RecycleCommand = Parameters<AllocatorSubject["recycle"]>[0];

type Handlers = {
  readonly [C in CommandName]: (
    fields: RequestFields<C>,
    id: number,
  ) => Promise<Reply<ResultValue<C>>>;
};

/**
 * Serves a subject.
 *
 * @param subject What answers; commands of a part that it lacks are errors.
 * @param files Reading and writing of tensor files.
 * @returns The server.
 *
 * @example A question without tensors
 * ```ts
 * import { createAdapterServer, createOracleSubject } from "@headwise/headwise/conformance";
 * import assert from "node:assert/strict";
 *
 * const server = createAdapterServer(createOracleSubject(), {
 *   read: Deno.readFile,
 *   write: Deno.writeFile,
 * });
 * const question = { kvHeadsGlobal: 8, queryHeadsGlobal: 32, ranks: 4, rank: 0 };
 * const line = await server.answer(JSON.stringify({ id: 1, command: "shard", ...question }));
 * assert.deepEqual(JSON.parse(line), {
 *   id: 1,
 *   status: "result",
 *   value: { kvHeads: 2, queryHeads: 8 },
 * });
 * ```
 */
export function createAdapterServer(subject: Subject, files: ServerFiles): AdapterServer {
  let shutDown = false;
  const handlers = createHandlers(subject, files);
  const answer = async (line: string): Promise<string> => {
    let id = 0;
    try {
      const request = JSON.parse(line) as { id: number; command: CommandName };
      id = request.id;
      const { command } = request;
      if (!COMMANDS.includes(command)) {
        throw new TypeError(`Cannot answer "${command}": the protocol has no such command`);
      }
      const parsed = requestSchema(command).safeParse(request);
      if (!parsed.success) {
        throw new TypeError(`Cannot answer "${command}": ${parsed.error.issues[0]?.message}`);
      }
      const handler = handlers[command] as (fields: unknown, id: number) => Promise<Reply<unknown>>;
      const outcome = toOutcome(await handler(withNonFinite(request), id));
      shutDown = command === "shutdown";
      return JSON.stringify({ id, ...outcome });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const traceback = error instanceof Error ? { traceback: error.stack ?? "" } : {};
      return JSON.stringify({ id, status: "errored", message, ...traceback });
    }
  };
  return { answer, isShutDown: () => shutDown };
}

function createHandlers(subject: Subject, files: ServerFiles): Handlers {
  let scratch = "";
  const allocator = () => demand(subject.allocator, "allocator");
  const kernel = () => demand(subject.kernel, "kernel");
  const read = async (name: string): Promise<Tensors> =>
    readTensors(await files.read(`${scratch}/${name}`));
  const write = async (id: number, tensors: Tensors): Promise<string> => {
    const name = `reply-${id}.safetensors`;
    await files.write(`${scratch}/${name}`, writeTensors(tensors));
    return name;
  };
  const writeAttended = (id: number, storage: string, reply: AttendReply): Promise<string> => {
    const dtype = storageType(storage) ?? "U16";
    const tensors = new Map([["output", flat(dtype, reply.output)]]);
    if (reply.logSumExp !== null) tensors.set("logSumExp", flat("F32", reply.logSumExp));
    return write(id, tensors);
  };
  return {
    hello: (fields) => {
      scratch = fields.scratch;
      return ok({ protocol: PROTOCOL_VERSION, name: subject.name });
    },
    capabilities: () => ok({ capabilities: [...subject.capabilities] }),
    create: ({ spec }) => allocator().create(spec as CacheSpec),
    admit: async (o) => pagesOf(await allocator().admit(o as GrowthCommand)),
    extend: async (o) => pagesOf(await allocator().extend(o as GrowthCommand)),
    recycle: (o) => allocator().recycle(o as RecycleCommand),
    release: (o) => allocator().release({ slot: Number(o.slot) }),
    swap: (o) => allocator().swap({ first: Number(o.first), second: Number(o.second) }),
    condense: async (o) => mapped(await allocator().condense(o), (order) => [...order]),
    reorder: (o) => allocator().reorder({ permutation: Int32Array.from(o.permutation, Number) }),
    beginStep: () => allocator().beginStep(),
    completeStep: (o) => allocator().completeStep({ step: Number(o.step) }),
    returnPages: (o) =>
      allocator().returnPages({ pool: Number(o.pool), ids: Int32Array.from(o.ids, Number) }),
    canAdmit: (o) =>
      allocator().canAdmit({
        lengthTokens: Number(o.lengthTokens),
        stepTokens: Number(o.stepTokens),
      }),
    snapshot: async (_, id) => {
      const { table, draftTable, freePages, waitingPages, lengthsTokens, ...rest } =
        await allocator().snapshot();
      const tensors = new Map(
        Object.entries({ table, freePages, waitingPages, lengthsTokens }).map((
          [name, data],
        ) => [name, flat("I32", data)]),
      );
      if (draftTable !== null) tensors.set("draftTable", flat("I32", draftTable));
      return await ok({ ...rest, tensors: await write(id, tensors) });
    },
    shard: (o) => allocator().shard(o as ShardCommand),
    validate: async ({ tensors: file, ...fields }) => {
      const tensors = await read(file);
      const faults = await allocator().validate({
        ...fields as Omit<TableDump, "table" | "headWindows" | "lengthsTokens">,
        table: dataOf(tensors, "table"),
        headWindows: dataOf(tensors, "headWindows"),
        lengthsTokens: dataOf(tensors, "lengthsTokens"),
      });
      const named = faults.map(({ clause, slot, head, column, value }) => {
        return { clause, slot, head, column, value };
      });
      return await ok({ faults: named });
    },
    attend: async (o, id) => {
      const tensors = await read(o.tensors);
      const into = tensors.get("into")?.data as Uint16Array | undefined;
      const reply = await kernel().attend(problemFrom(o.problem, tensors), {
        walk: o.walk,
        splitTokens: Number(o.splitTokens),
        passes: o.passes,
        ...(into === undefined ? {} : { into }),
      });
      if (reply.kind === "refused") return reply;
      return await ok({ tensors: await writeAttended(id, o.problem.shape.storage, reply.value) });
    },
    append: async (o, id) => {
      const reply = await kernel().append(appendFrom(o, await read(o.tensors)));
      if (reply.kind === "refused") return reply;
      const { query, keys, values, droppedWrites } = reply.value;
      const dtype = storageType(o.shape.storage) ?? "U16";
      const tensors = new Map(
        Object.entries({ query, keys, values }).map(([name, data]) => [name, flat(dtype, data)]),
      );
      return await ok({ droppedWrites, tensors: await write(id, tensors) });
    },
    capture: async (o) => {
      const tensors = await read(o.tensors);
      const table = (tensors.get("captureTable")?.data ?? null) as Int32Array | null;
      return await kernel().capture(problemFrom(o.problem, tensors), { table });
    },
    replay: async (o, id) => {
      const problem = problemFrom(o.problem, await read(o.tensors));
      const reply = await kernel().replay(Number(o.capture), problem);
      if (reply.kind === "refused") return reply;
      const { readbacks, objectsMade } = reply.value;
      const tensors = await writeAttended(id, o.problem.shape.storage, reply.value);
      return await ok({ readbacks, objectsMade, tensors });
    },
    releaseCapture: async (o) => {
      await kernel().releaseCapture(Number(o.capture));
      return await ok(null);
    },
    shutdown: () => ok(null),
  };
}

function flat(dtype: Tensor["dtype"], data: Tensor["data"]): Tensor {
  return { dtype, shape: [data.length], data };
}

function ok<T>(value: T): Promise<Reply<T>> {
  return Promise.resolve({ kind: "ok", value });
}

function demand<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw new Error(`Cannot answer: the subject has no ${name}`);
  return part;
}

function mapped<V, T>(reply: Reply<V>, map: (value: V) => T): Reply<T> {
  return reply.kind === "ok" ? { kind: "ok", value: map(reply.value) } : reply;
}

function pagesOf(reply: PageReply): Reply<ResultValue<"admit">> {
  return reply.kind === "refused" ? reply : { kind: "ok", value: reply };
}

function toOutcome(reply: Reply<unknown>): Outcome {
  if (reply.kind === "ok") return { status: "result", value: reply.value };
  return { status: "refused", code: reply.code, message: reply.message };
}

/** Turns the texts that stand for numbers which JSON lacks into those numbers. */
function withNonFinite(value: unknown): unknown {
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  if (Array.isArray(value)) return value.map(withNonFinite);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withNonFinite(each)]),
  );
}
