/** An adapter behind the command interfaces of a subject. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import type {
  AllocatorSnapshot,
  AllocatorSubject,
  AttendReply,
  HeadSpec,
  KernelSubject,
  Reply,
  Subject,
} from "../subject.ts";
import { AdapterFault } from "./adapter_fault.ts";
import type { CommandName, RequestFields } from "./message_schema.ts";
import type { Tensors } from "./safetensors.ts";
import type { SessionReply } from "./read_reply.ts";
import type { AdapterSession } from "./session.ts";
import {
  appendTensors,
  dumpTensors,
  expectTensor,
  problemFields,
  problemTensors,
  storageType,
} from "./tensor_fields.ts";

/**
 * Makes a subject of a conversation.
 *
 * @param session The conversation; the caller closes it.
 * @returns A subject with the adapter's name and claims.
 */
export function createAdapterSubject(session: AdapterSession): Subject {
  const { name, capabilities } = session.claims;
  const claims = (prefix: string): boolean =>
    [...capabilities].some((capability) => capability.startsWith(prefix));
  return {
    name,
    capabilities,
    ...(claims("allocator") || claims("validator")
      ? { allocator: createAdapterAllocator(session) }
      : {}),
    ...(claims("kernel") ? { kernel: createAdapterKernel(session) } : {}),
    recover: session.restart,
  };
}

function createAdapterAllocator(session: AdapterSession): AllocatorSubject {
  const pages = async (
    command: "admit" | "extend",
    o: { slot: number; lengthTokens: number },
  ): ReturnType<AllocatorSubject["admit"]> => {
    const reply = await session.request(command, o);
    return reply.kind === "ok" ? reply.value : reply;
  };
  return {
    create: (spec) =>
      session.request("create", { spec: { ...spec, heads: copyHeads(spec.heads) } }),
    admit: (o) => pages("admit", o),
    extend: (o) => pages("extend", o),
    recycle: (o) => session.request("recycle", o),
    release: (o) => session.request("release", o),
    swap: (o) => session.request("swap", o),
    condense: async ({ active }) =>
      mapReply(
        await session.request("condense", { active: [...active] }),
        (order) => Int32Array.from(order),
      ),
    reorder: ({ permutation }) => session.request("reorder", { permutation: [...permutation] }),
    beginStep: () => session.request("beginStep", {}),
    completeStep: (o) => session.request("completeStep", o),
    returnPages: ({ pool, ids }) => session.request("returnPages", { pool, ids: [...ids] }),
    canAdmit: (o) => session.request("canAdmit", o),
    snapshot: () => takeSnapshot(session),
    shard: (o) => session.request("shard", o),
    validate: async (o) => {
      const { table: _table, headWindows: _windows, lengthsTokens: _lengths, ...fields } = o;
      const reply = await sendTensors(
        session,
        dumpTensors(o),
        (tensors) => session.request("validate", { ...fields, tensors }),
      );
      return required("validate", reply).faults.map(withoutUndefined);
    },
  };
}

function copyHeads(heads: HeadSpec): RequestFields<"create">["spec"]["heads"] {
  return heads.kind === "pattern"
    ? heads
    : { kind: "layers", kindsByLayer: heads.kindsByLayer.map((kinds) => [...kinds]) };
}

async function takeSnapshot(session: AdapterSession): Promise<AllocatorSnapshot> {
  const value = required("snapshot", await session.request("snapshot", {}));
  const { tensors: file, ...fields } = value;
  const tensors = await session.scratch.take(file);
  const int32 = (name: string): Int32Array =>
    expectTensor(tensors, { name, dtype: "I32", elements: null });
  return {
    ...fields,
    table: int32("table"),
    draftTable: tensors.has("draftTable") ? int32("draftTable") : null,
    freePages: int32("freePages"),
    waitingPages: int32("waitingPages"),
    lengthsTokens: int32("lengthsTokens"),
  };
}

function createAdapterKernel(session: AdapterSession): KernelSubject {
  return {
    attend: async (problem, o) => {
      const { walk, splitTokens, passes, into } = o;
      const reply = await sendTensors(session, problemTensors(problem, { into }), (tensors) => {
        const fields = { problem: problemFields(problem), walk, splitTokens, passes, tensors };
        return session.request("attend", fields);
      });
      const elements = into?.length ?? problem.query.length;
      return await takeReply(session, reply, (tensors) => attended(tensors, problem, elements));
    },
    append: async (problem) => {
      const { shape, rotary } = problem;
      const reply = await sendTensors(
        session,
        appendTensors(problem),
        (tensors) => session.request("append", { shape, rotary, tensors }),
      );
      return await takeReply(session, reply, (tensors, { droppedWrites }) => {
        const { queryHeads, kvHeads, headSize, storage } = shape;
        const tokens = problem.packed.length / ((queryHeads + 2 * kvHeads) * headSize);
        const bits = (name: string, elements: number): Uint16Array =>
          expectTensor(tensors, { name, dtype: storageType(storage), elements });
        return {
          query: bits("query", tokens * queryHeads * headSize),
          keys: bits("keys", problem.keys.length),
          values: bits("values", problem.values.length),
          droppedWrites,
        };
      });
    },
    capture: (problem, { table }) =>
      sendTensors(
        session,
        problemTensors(problem, { captureTable: table }),
        (tensors) => session.request("capture", { problem: problemFields(problem), tensors }),
      ),
    replay: async (capture, problem) => {
      const reply = await sendTensors(session, problemTensors(problem), (tensors) => {
        const fields = { capture, problem: problemFields(problem), tensors };
        return session.request("replay", fields);
      });
      return await takeReply(session, reply, (tensors, { readbacks, objectsMade }) => ({
        ...attended(tensors, problem, problem.query.length),
        readbacks,
        objectsMade,
      }));
    },
    releaseCapture: async (capture) => {
      required("releaseCapture", await session.request("releaseCapture", { capture }));
    },
  };
}

function attended(tensors: Tensors, problem: AttentionProblem, elements: number): AttendReply {
  const { storage, headSize } = problem.shape;
  const dtype = storageType(storage);
  const rows = problem.query.length / headSize;
  return {
    output: expectTensor(tensors, { name: "output", dtype, elements }),
    logSumExp: tensors.has("logSumExp")
      ? expectTensor(tensors, { name: "logSumExp", dtype: "F32", elements: rows })
      : null,
  };
}

/** Writes tensors for one request and removes them after it, whatever became of it. */
async function sendTensors<T>(
  session: AdapterSession,
  tensors: Tensors,
  send: (file: string) => Promise<T>,
): Promise<T> {
  const file = await session.scratch.write(tensors);
  try {
    return await send(file);
  } finally {
    await session.scratch.remove(file);
  }
}

async function takeReply<V extends { readonly tensors: string }, T>(
  session: AdapterSession,
  reply: Reply<V>,
  read: (tensors: Tensors, value: V) => T,
): Promise<Reply<T>> {
  if (reply.kind === "refused") return reply;
  return { kind: "ok", value: read(await session.scratch.take(reply.value.tensors), reply.value) };
}

function mapReply<V, T>(reply: Reply<V>, map: (value: V) => T): Reply<T> {
  return reply.kind === "ok" ? { kind: "ok", value: map(reply.value) } : reply;
}

function required<C extends CommandName>(
  name: C,
  reply: SessionReply<C>,
): (SessionReply<C> & { kind: "ok" })["value"] {
  if (reply.kind === "ok") return reply.value;
  throw new AdapterFault(
    "adapter-error",
    `The adapter refused "${name}", which nothing may refuse: ${reply.message}`,
  );
}

/** Drops fields that the parser left undefined, which an exact type does not allow. */
function withoutUndefined<T extends object>(
  value: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
