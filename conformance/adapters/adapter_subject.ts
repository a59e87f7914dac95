/** An adapter behind the command interfaces of a subject. */
import { declareArithmetic } from "../declare_arithmetic.ts";
import { describeArithmetic, FLOAT32_ARITHMETIC, type StepTimer } from "../../kernel/mod.ts";
import type { AllocatorSubject, KernelSubject, Subject } from "../subject.ts";
import { adapterError } from "./adapter_fault.ts";
import type { AnyPartCommand } from "./protocol/command.ts";
import {
  COMMAND_NAMES,
  commandOf,
  type PartCommandName,
  type RequestFields,
} from "./protocol/commands.ts";
import type { SessionReply } from "./read_reply.ts";
import type { Tensors } from "./safetensors.ts";
import type { AdapterSession } from "./session.ts";

/** Makes a subject of a conversation, which the caller closes. */
export function createAdapterSubject(session: AdapterSession): Subject {
  const { name, capabilities, policies, arithmetic, metadata } = session.claims;
  const claims = (prefix: string): boolean =>
    [...capabilities].some((capability) => capability.startsWith(prefix));
  const hasKernel = claims("kernel");
  const described = describeArithmetic({ ...FLOAT32_ARITHMETIC, ...arithmetic });
  return {
    name,
    capabilities,
    ...(policies && { policies }),
    ...((claims("allocator") || claims("validator")) && {
      allocator: partOf<AllocatorSubject>(session, "allocator"),
    }),
    ...(hasKernel && {
      kernel: declareArithmetic(partOf<KernelSubject>(session, "kernel"), arithmetic),
    }),
    ...(hasKernel && arithmetic && { arithmetic }),
    metadata: { ...metadata, ...(hasKernel && { arithmetic: described }) },
    ...(claims("clock") && { clock: partOf<StepTimer>(session, "clock") }),
    recover: session.restart,
  };
}

/** A part of a subject whose every method sends the command of its name. */
function partOf<Part>(session: AdapterSession, part: AnyPartCommand["part"]): Part {
  const methods: Record<string, (...o: unknown[]) => Promise<unknown>> = {};
  for (const name of COMMAND_NAMES) {
    const command = commandOf(name);
    if (command.part === "conversation" || command.part !== part) continue;
    methods[name] = (...o) => invoke(session, { name: name as PartCommandName, command }, o);
  }
  return methods as Part;
}

async function invoke(
  session: AdapterSession,
  { name, command }: { readonly name: PartCommandName; readonly command: AnyPartCommand },
  o: unknown[],
): Promise<unknown> {
  const { fields, tensors } = command.pack(...o);
  const reply = await send(session, name, { fields, tensors });
  if (reply.kind === "refused") {
    if (command.answers !== "value") return reply;
    throw adapterError(`The adapter refused "${name}", which nothing may refuse: ${reply.message}`);
  }
  const { value } = reply;
  const answered = command.resultTensors === undefined
    ? new Map()
    : session.scratch.take((value as { tensors: string }).tensors);
  const answer = command.unpackResult(value, answered, o);
  return command.answers === "reply" ? { kind: "ok", value: answer } : answer;
}

/** Sends a request; the file of its tensors goes when it is answered, whatever the answer. */
async function send(
  session: AdapterSession,
  name: PartCommandName,
  { fields, tensors }: { readonly fields: object; readonly tensors: Tensors | undefined },
): Promise<SessionReply<PartCommandName>> {
  const request = (all: object) =>
    session.request(name, all as unknown as RequestFields<typeof name>);
  if (tensors === undefined) return await request(fields);
  const file = session.scratch.write(tensors);
  try {
    return await request({ ...fields, tensors: file });
  } finally {
    session.scratch.remove(file);
  }
}
