/**
 * Writes the JSON Schemas of the adapter protocol:
 * `deno run --allow-write=conformance/adapters/schema conformance/adapters/generate_schemas.ts`.
 */
import { commandJsonSchema } from "./message_json_schema.ts";
import { COMMANDS } from "./message_schema.ts";

for (const command of COMMANDS) {
  const text = `${JSON.stringify(commandJsonSchema(command), null, 2)}\n`;
  await Deno.writeTextFile(new URL(`./schema/${command}.schema.json`, import.meta.url), text);
}
