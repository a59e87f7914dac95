/** The other end of the protocol: answers requests by calling a subject. */
import type { Refusal, Subject } from "../subject.ts";
import type { AnyPartCommand } from "./protocol/command.ts";
import {
  COMMAND_NAMES,
  type CommandName,
  commandOf,
  type RequestFields,
  requestSchema,
} from "./protocol/commands.ts";
import { PROTOCOL_VERSION } from "./protocol/conversation_commands.ts";
import { readTensors, type Tensors, writeTensors } from "./safetensors.ts";

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

type Method = (...o: unknown[]) => Promise<unknown>;

/** Serves a subject; commands of a part that it lacks are errors. */
export function createAdapterServer(subject: Subject, files: ServerFiles): AdapterServer {
  let scratch = "";
  let shutDown = false;
  const read = async (name: unknown): Promise<Tensors> =>
    name === undefined ? new Map() : readTensors(await files.read(`${scratch}/${name}`));
  const write = async (id: number, tensors: Tensors): Promise<{ tensors: string }> => {
    const name = `reply-${id}.safetensors`;
    await files.write(`${scratch}/${name}`, writeTensors(tensors));
    return { tensors: name };
  };
  const carryOut = async (
    name: CommandName,
    id: number,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<Outcome> => {
    const command = commandOf(name);
    if (command.part === "conversation") {
      if (name === "hello") scratch = (fields as unknown as RequestFields<"hello">).scratch;
      shutDown = name === "shutdown";
      return { status: "result", value: introduce(subject, name) };
    }
    const o = command.unpack(fields, await read(fields["tensors"]));
    const answer = unwrap(command, await call(subject, { part: command.part, name }, o));
    if (isRefusal(answer)) {
      return { status: "refused", code: answer.code, message: answer.message };
    }
    const packed = command.packResult(answer, fields);
    if (packed.tensors === undefined) return { status: "result", value: packed.fields };
    const value = { ...packed.fields as object, ...await write(id, packed.tensors) };
    return { status: "result", value };
  };
  const answer = async (line: string): Promise<string> => {
    let id = 0;
    try {
      const request = JSON.parse(line) as { id: number; command: CommandName };
      id = request.id;
      const name = request.command;
      if (!COMMAND_NAMES.includes(name)) {
        throw new TypeError(`Cannot answer "${name}": the protocol has no such command`);
      }
      const parsed = requestSchema(name).safeParse(request);
      if (!parsed.success) {
        // Not `describeIssues` of fixtures: a host of adapters has packages for `conformance/` alone.
        throw new TypeError(`Cannot answer "${name}": ${parsed.error.issues[0]?.message}`);
      }
      const { id: _, command: __, ...fields } = withNonFinite(request) as Record<string, unknown>;
      return JSON.stringify({ id, ...await carryOut(name, id, fields) });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const traceback = error instanceof Error ? { traceback: error.stack ?? "" } : {};
      return JSON.stringify({ id, status: "errored", message, ...traceback });
    }
  };
  return { answer, isShutDown: () => shutDown };
}

/** What the server itself says of the subject. */
function introduce(subject: Subject, name: CommandName): unknown {
  switch (name) {
    case "hello":
      return { protocol: PROTOCOL_VERSION, name: subject.name };
    case "capabilities": {
      // What is not declared is undefined, and no field of the reply then.
      const { policies, arithmetic, metadata } = subject;
      return { capabilities: [...subject.capabilities], policies, arithmetic, metadata };
    }
    default:
      return null;
  }
}

function call(
  subject: Subject,
  command: { readonly part: AnyPartCommand["part"]; readonly name: CommandName },
  o: readonly unknown[],
): Promise<unknown> {
  const part = subject[command.part];
  if (part === undefined) throw new Error(`Cannot answer: the subject has no ${command.part}`);
  const method = part[command.name as keyof typeof part] as Method | undefined;
  if (method === undefined) {
    throw new Error(`Cannot answer: the subject's ${command.part} has no "${command.name}"`);
  }
  return method.apply(part, [...o]);
}

function unwrap(command: AnyPartCommand, answer: unknown): unknown {
  const reply = answer as { kind: string; value: unknown };
  return command.answers === "reply" && reply.kind === "ok" ? reply.value : answer;
}

function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === "object" && answer !== null && "kind" in answer &&
    answer.kind === "refused";
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
