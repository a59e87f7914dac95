/**
 * The adapter protocol, version 1, as one table: one JSON object per line, a request on the adapter's
 * standard input, its reply on the adapter's standard output. The client, the server, the fuzzing,
 * the JSON Schema and the documentation follow from the table.
 */
import { z } from "zod";
import { ALLOCATOR_COMMANDS } from "./allocator_commands.ts";
import { CLOCK_COMMANDS } from "./clock_commands.ts";
import type { AnyPartCommand, ConversationCommand, FieldsOf } from "./command.ts";
import { CONVERSATION_COMMANDS } from "./conversation_commands.ts";
import { KERNEL_COMMANDS } from "./kernel_commands.ts";
import { capability, count } from "./values.ts";

/** Every command by name, in the order of the documentation. */
export const COMMANDS = {
  ...CONVERSATION_COMMANDS,
  ...ALLOCATOR_COMMANDS,
  ...KERNEL_COMMANDS,
  ...CLOCK_COMMANDS,
};

export type CommandName = keyof typeof COMMANDS;

/** Name of a command that a part of a subject answers. */
export type PartCommandName = Exclude<CommandName, keyof typeof CONVERSATION_COMMANDS>;

export const COMMAND_NAMES: readonly CommandName[] = Object.keys(COMMANDS) as CommandName[];

/** Parameters of a command's request, beside `id` and `command`. */
export type RequestFields<C extends CommandName> = FieldsOf<(typeof COMMANDS)[C]["request"]>;

/** Value of a command's result. */
export type ResultValue<C extends CommandName> = z.infer<(typeof COMMANDS)[C]["result"]>;

/** Replies that are not a result, alike for all commands. */
export const OTHER_REPLIES = [
  z.strictObject({
    id: count,
    status: z.literal("refused"),
    code: z.string().min(1).max(128),
    message: z.string(),
  }).meta({
    id: "refused",
    description: "The implementation does not do this, and left everything as it was",
  }),
  z.strictObject({
    id: count,
    status: z.literal("skipped"),
    missing: z.array(capability).min(1),
    reason: z.string().optional(),
    issueUrl: z.string().optional(),
  }).meta({ id: "skipped", description: "Needs capabilities that the adapter does not claim" }),
  z.strictObject({
    id: count,
    status: z.literal("errored"),
    message: z.string(),
    traceback: z.string().optional(),
  }).meta({
    id: "errored",
    description: "The adapter broke; never counts against the implementation",
  }),
] as const;

/** An entry of the table, with the types of its method erased. */
export function commandOf(name: CommandName): ConversationCommand | AnyPartCommand {
  return COMMANDS[name] as ConversationCommand | AnyPartCommand;
}

export function requestSchema(name: CommandName): z.ZodType {
  return z.strictObject({ id: count, command: z.literal(name), ...commandOf(name).request });
}

export function replySchema<C extends CommandName>(name: C): z.ZodType<AnyReply<C>> {
  const result = z.strictObject({
    id: count,
    status: z.literal("result"),
    value: commandOf(name).result,
  });
  return z.discriminatedUnion("status", [result, ...OTHER_REPLIES]) as unknown as z.ZodType<
    AnyReply<C>
  >;
}

export type AnyReply<C extends CommandName> =
  | { readonly id: number; readonly status: "result"; readonly value: ResultValue<C> }
  | Readonly<z.infer<typeof OTHER_REPLIES[number]>>;
