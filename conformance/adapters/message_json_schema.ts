/** JSON Schemas of the protocol's messages, for adapters in other languages. */
import { z } from "zod";
import { type CommandName, replySchema, requestSchema } from "./message_schema.ts";

/** One JSON Schema node. */
export type JsonSchemaNode = Record<string, unknown>;

/**
 * Builds the JSON Schema (draft 2020-12) of a command, as `schema/COMMAND.schema.json` holds it.
 *
 * @param command Name of the command.
 * @returns A schema that accepts the request; its reply is under `$defs/reply`.
 */
export function commandJsonSchema(command: CommandName): JsonSchemaNode {
  const { $schema, ...request } = z.toJSONSchema(requestSchema(command));
  const { $schema: _, ...reply } = z.toJSONSchema(replySchema(command));
  return { $schema, title: `headwise adapter: ${command}`, ...request, $defs: { reply } };
}
