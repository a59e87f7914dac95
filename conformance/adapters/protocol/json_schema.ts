/** The JSON Schema of the protocol, for adapters in other languages. */
import { z } from "zod";
import { COMMAND_NAMES, commandOf, replySchema, requestSchema } from "./commands.ts";

/** One JSON Schema node. */
export type JsonSchemaNode = Record<string, unknown>;

/**
 * Builds the JSON Schema (draft 2020-12) of all messages.
 *
 * @returns A schema that accepts any request. `$defs` has `COMMAND.request` and `COMMAND.reply` of
 *   every command; the tensors that travel beside them are named under `tensors`.
 */
export function protocolJsonSchema(): JsonSchemaNode {
  const messages: Record<string, z.ZodType> = {};
  for (const name of COMMAND_NAMES) {
    const command = commandOf(name);
    const [request, reply] = command.part === "conversation"
      ? []
      : [command.requestTensors, command.resultTensors];
    messages[`${name}.request`] = requestSchema(name).meta({
      description: command.about,
      ...(request === undefined ? {} : { tensors: request }),
    });
    messages[`${name}.reply`] = replySchema(name).meta(
      reply === undefined ? {} : { tensors: reply },
    );
  }
  const named = Object.entries(messages).map(([id, schema]) => [id, schema.meta({ id })]);
  const { $schema, $defs } = z.toJSONSchema(z.object(Object.fromEntries(named)));
  return {
    $schema,
    title: "headwise adapter protocol",
    oneOf: COMMAND_NAMES.map((name) => ({ $ref: `#/$defs/${name}.request` })),
    $defs,
  };
}
