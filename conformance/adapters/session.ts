/** A conversation with an adapter that outlives the adapter's crashes. */
import { type Policies, resolvePolicies } from "../policies.ts";
import type { Subject } from "../subject.ts";
import { adapterError, AdapterFault } from "./adapter_fault.ts";
import {
  type AdapterCommand,
  type AdapterLimits,
  type AdapterProcess,
  startAdapter,
} from "./adapter_process.ts";
import { printable } from "./line_reader.ts";
import { withoutUndefined } from "./protocol/command.ts";
import { readArithmetic } from "./protocol/declared_arithmetic.ts";
import type { AnyReply, CommandName, RequestFields, ResultValue } from "./protocol/commands.ts";
import { PROTOCOL_VERSION } from "./protocol/conversation_commands.ts";
import { judgeReply, parseReply, type SessionReply } from "./read_reply.ts";
import { createScratch, type Scratch } from "./scratch.ts";

/** What an adapter says of itself. */
export type AdapterClaims = Pick<
  Subject,
  "name" | "capabilities" | "policies" | "arithmetic" | "metadata"
>;

export interface AdapterSession {
  /** What the adapter said at its first start. */
  readonly claims: AdapterClaims;
  /** The folder that tensors travel through. */
  readonly scratch: Scratch;
  /**
   * Sends a request, and starts the adapter where it does not run. One is answered before the next is
   * sent, but for `steps`, of which one may wait behind another.
   *
   * @throws {AdapterFault} Whenever there is no answer of the implementation.
   * @throws {AdapterSkip} When the adapter names a capability that it lacks.
   */
  readonly request: <C extends CommandName>(
    command: C,
    fields: RequestFields<C>,
  ) => Promise<SessionReply<C>>;
  /** Ends the adapter; the next request starts it again. */
  readonly restart: () => Promise<void>;
  /** Tells the adapter to end, sees to it, and removes the scratch folder. */
  readonly close: () => Promise<void>;
}

/** How to start and bound an adapter. */
export interface SessionOptions {
  /** The adapter's command line, given its scratch folder. */
  readonly command: (scratchPath: string) => AdapterCommand;
  readonly limits: AdapterLimits;
  /** Folder that the scratch folder is made in. */
  readonly scratchParent: string;
}

const SHUTDOWN_TIMEOUT_MS = 2000;
const MAX_START_FAULTS = 3;

/**
 * Starts an adapter and hears what it claims.
 *
 * @throws {AdapterFault} If the adapter does not start, or does not follow the protocol.
 */
export async function openSession(o: SessionOptions): Promise<AdapterSession> {
  const { limits } = o;
  const scratch = await createScratch({
    parent: o.scratchParent,
    maxFileBytes: limits.maxFileBytes,
  });
  const command = o.command(scratch.path);
  const faults = new Map<CommandName, AdapterFault[]>();
  let running: AdapterProcess | null = null;
  let claims: AdapterClaims | null = null;
  let startFaults = 0;
  let nextId = 0;
  let last: { readonly name: CommandName | null; readonly answer: Promise<unknown> } = {
    name: null,
    answer: Promise.resolve(),
  };
  let beforeLast: Promise<unknown> = last.answer;

  const restart = async (): Promise<void> => {
    const process = running;
    running = null;
    await process?.kill();
  };

  const talk = async <C extends CommandName>(
    process: AdapterProcess,
    name: C,
    fields: RequestFields<C>,
    timeoutMs: number,
  ): Promise<AnyReply<C>> => {
    const id = nextId++;
    const request = JSON.stringify({ id, command: name, ...fields }, withoutNonFinite);
    try {
      return parseReply(name, id, await process.exchange(request, timeoutMs));
    } catch (error) {
      // After a fault no one knows which reply belongs to which request.
      if (error instanceof AdapterFault) await restart();
      throw error;
    }
  };

  const start = async (): Promise<AdapterProcess> => {
    if (startFaults >= MAX_START_FAULTS) {
      throw new AdapterFault(
        "crash",
        `The adapter did not start ${startFaults} times in a row and is not started again`,
      );
    }
    try {
      running = startAdapter(command, limits);
      const heard = await introduce(
        (name, fields) => talk(running!, name, fields, limits.startTimeoutMs),
        scratch.path,
      );
      claims ??= heard;
      requireSameClaims(claims, heard);
      startFaults = 0;
      return running;
    } catch (error) {
      startFaults++;
      await restart();
      throw error;
    }
  };

  const send = async <C extends CommandName>(
    name: C,
    fields: RequestFields<C>,
  ): Promise<SessionReply<C>> => {
    const before = faults.get(name) ?? [];
    checkCircuitBreaker(name, before, limits);
    const process = running ?? await start();
    try {
      const reply = judgeReply(name, await talk(process, name, fields, limits.requestTimeoutMs), {
        claimed: claims?.capabilities ?? new Set(),
      });
      faults.delete(name);
      return reply;
    } catch (error) {
      if (error instanceof AdapterFault) faults.set(name, [...before, error]);
      throw error;
    }
  };

  try {
    await start();
  } catch (error) {
    await scratch.close();
    throw error;
  }
  return {
    claims: claims!,
    scratch,
    request: (name, fields) => {
      const mayWaitThere = name === "steps" && last.name === "steps";
      const answer = (mayWaitThere ? beforeLast : last.answer).then(() => send(name, fields));
      beforeLast = last.answer;
      last = { name, answer: answer.catch(() => {}) };
      return answer;
    },
    restart,
    close: async () => {
      if (running !== null) {
        await talk(running, "shutdown", {}, SHUTDOWN_TIMEOUT_MS).catch(() => {});
      }
      await restart();
      await scratch.close();
    },
  };
}

/** Refuses to ask what was not answered again and again: a run has to end. */
function checkCircuitBreaker(
  name: CommandName,
  inRow: readonly AdapterFault[],
  limits: AdapterLimits,
): void {
  const timeouts = inRow.filter(({ verdict }) => verdict === "timeout").length;
  if (inRow.length < limits.maxFaultsInRow && timeouts < limits.maxTimeoutsInRow) return;
  const { verdict, message } = inRow.at(-1)!;
  throw new AdapterFault(
    verdict,
    `The adapter failed to answer "${name}" ${inRow.length} times in a row and is not asked ` +
      `again; the last time: ${message}`,
  );
}

type Ask = <C extends CommandName>(name: C, fields: RequestFields<C>) => Promise<AnyReply<C>>;

async function introduce(ask: Ask, scratchPath: string): Promise<AdapterClaims> {
  const hello = requireResult(
    "hello",
    await ask("hello", { protocol: PROTOCOL_VERSION, scratch: scratchPath }),
  );
  if (hello.protocol !== PROTOCOL_VERSION) {
    throw adapterError(
      `The adapter uses protocol ${hello.protocol}, and this suite protocol ${PROTOCOL_VERSION}`,
    );
  }
  const { capabilities, policies, arithmetic, metadata = {} } = requireResult(
    "capabilities",
    await ask("capabilities", {}),
  );
  return {
    name: printable(hello.name),
    capabilities: new Set(capabilities),
    ...(policies === undefined ? {} : { policies: withoutUndefined(policies) }),
    ...(arithmetic === undefined ? {} : { arithmetic: readArithmetic(arithmetic) }),
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([key, value]) => [printable(key), printable(value)]),
    ),
  };
}

function requireSameClaims(first: AdapterClaims, now: AdapterClaims): void {
  const changed: string[] = [...first.capabilities.symmetricDifference(now.capabilities)];
  const [before, after] = [resolvePolicies(first.policies), resolvePolicies(now.policies)];
  for (const [name, value] of Object.entries(before)) {
    const other = after[name as keyof Policies];
    if (JSON.stringify(value) !== JSON.stringify(other)) changed.push(`policy ${name}`);
  }
  if (JSON.stringify(first.arithmetic) !== JSON.stringify(now.arithmetic)) {
    changed.push("arithmetic");
  }
  if (changed.length > 0) {
    throw adapterError(`The adapter changed its claims after a restart: ${changed.join(", ")}`);
  }
}

function requireResult<C extends CommandName>(name: C, reply: AnyReply<C>): ResultValue<C> {
  const judged = judgeReply(name, reply, { claimed: new Set() });
  if (judged.kind === "ok") return judged.value;
  throw adapterError(`The adapter refused "${name}": ${judged.message}`);
}

function withoutNonFinite(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
