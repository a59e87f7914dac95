/**
 * Writes the JSON Schema of the adapter protocol and the table of commands in the documentation:
 * `deno run --allow-read=docs --allow-write=conformance/adapters,docs
 * conformance/adapters/generate_schemas.ts`.
 */
import { fillCommandTable } from "./protocol/command_table.ts";
import { protocolJsonSchema } from "./protocol/json_schema.ts";

const text = `${JSON.stringify(protocolJsonSchema(), null, 2)}\n`;
await Deno.writeTextFile(new URL("./protocol.schema.json", import.meta.url), text);

const page = new URL("../../docs/adapters.md", import.meta.url);
await Deno.writeTextFile(page, fillCommandTable(await Deno.readTextFile(page)));
