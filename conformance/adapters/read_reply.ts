/** Replies of adapters: from a line to an answer of the implementation, or a fault. */
import type { Capability } from "../subject.ts";
import { adapterError, AdapterSkip } from "./adapter_fault.ts";
import { printable } from "./line_reader.ts";
import {
  type AnyReply,
  type CommandName,
  replySchema,
  type ResultValue,
} from "./protocol/commands.ts";
import { describeIssues } from "../../fixtures/mod.ts";

/** A reply that a subject may give. */
export type SessionReply<C extends CommandName> =
  | { readonly kind: "ok"; readonly value: ResultValue<C> }
  | { readonly kind: "refused"; readonly code: string; readonly message: string };

/**
 * Reads a line of an adapter as the reply to a request.
 *
 * @throws {AdapterFault} `adapter-error` if the line is no reply to this request.
 */
export function parseReply<C extends CommandName>(
  name: C,
  id: number,
  line: string,
): AnyReply<C> {
  const shown = line.length > 200 ? `${line.slice(0, 200)}…` : line;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw adapterError(`The adapter answered "${name}" with what is not JSON: ${printable(shown)}`);
  }
  const parsed = replySchema(name).safeParse(value);
  if (!parsed.success) {
    const what = describeIssues(parsed.error);
    throw adapterError(
      `The adapter answered "${name}" with what the protocol does not know (${what}): ` +
        printable(shown),
    );
  }
  if (parsed.data.id !== id) {
    throw adapterError(
      `The adapter answered out of order: reply ${parsed.data.id} to request ${id}, "${name}"`,
    );
  }
  return parsed.data;
}

/**
 * Tells an answer of the implementation from a fault of its adapter.
 *
 * @throws {AdapterFault} `adapter-error` if the adapter broke, or skipped what it claims.
 * @throws {AdapterSkip} If the adapter names a capability that it lacks.
 */
export function judgeReply<C extends CommandName>(
  name: C,
  reply: AnyReply<C>,
  o: { readonly claimed: ReadonlySet<Capability> },
): SessionReply<C> {
  switch (reply.status) {
    case "result":
      return { kind: "ok", value: reply.value };
    case "refused":
      return { kind: "refused", code: printable(reply.code), message: printable(reply.message) };
    case "skipped": {
      const broken = reply.missing.filter((capability) => o.claimed.has(capability));
      if (broken.length > 0) {
        throw adapterError(
          `The adapter claims ${broken.join(", ")} but skipped "${name}" for lack of it`,
        );
      }
      throw new AdapterSkip(reply.missing, printable(reply.reason ?? ""));
    }
    case "errored": {
      const trace = reply.traceback === undefined ? "" : `\n${printable(reply.traceback)}`;
      const text = `The adapter broke in "${name}": ${printable(reply.message)}${trace}`;
      throw adapterError(text);
    }
    default:
      return reply satisfies never;
  }
}
