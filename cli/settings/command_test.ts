import assert from "node:assert/strict";
import { buildSettingsCommand } from "./command.ts";
import { parseSwitch, parseText } from "./parsers.ts";

Deno.test("buildSettingsCommand() loads the command's module only when it runs", async () => {
  let loads = 0;
  const command = buildSettingsCommand({
    table: {
      out: { brief: "Where", placeholder: "FILE", defaultValue: "a", parse: parseText },
      json: { brief: "JSON", defaultValue: false, parse: parseSwitch },
    },
    loader: () => {
      loads += 1;
      return Promise.resolve({ default: () => Promise.resolve() });
    },
    brief: "Do nothing",
    description: "",
  });
  assert.equal(loads, 0);
  assert.ok(command.usesFlag("json", "original"));
  assert.ok(!command.usesFlag("jason", "original"));
  await command.loader();
  assert.equal(loads, 1);
});
