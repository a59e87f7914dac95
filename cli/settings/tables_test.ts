import assert from "node:assert/strict";
import { BENCH_DEFAULTS } from "../../bench/mod.ts";
import { buildRoutes } from "../app.ts";
import { commandPageOf, listPages } from "../manual/command_page.ts";
import { BENCH_SETTINGS } from "./bench.ts";
import { optionsOf, type Setting, type SettingTable, variableOf } from "./setting.ts";
import { KNOWN_VARIABLES, SETTING_TABLES } from "./tables.ts";
import { resolveSettings } from "./resolve.ts";

const TABLES: readonly (readonly [string, SettingTable])[] = Object.entries(SETTING_TABLES);
const SETTINGS = TABLES.flatMap(([command, table]) =>
  Object.entries(table).map(([name, setting]): [string, string, Setting<unknown>] => [
    command,
    name,
    setting,
  ])
);

Deno.test("every option of every command is a setting: flag, variable and file key", () => {
  const pages = listPages(commandPageOf(buildRoutes()));
  for (const { path, options } of pages) {
    const plain = options.filter(({ flag }) => !["--config", "--explain-config"].includes(flag));
    for (const { flag, variables } of plain) {
      assert.ok(variables.length > 0, `${path.join(" ")} ${flag} is not a setting`);
    }
  }
  const commands = pages.filter(({ options }) => options.length > 0);
  assert.deepEqual(
    commands.map(({ section }) => section).sort(),
    Object.keys(SETTING_TABLES).sort(),
  );
});

Deno.test("every default is a value that the setting's parser gives for its text", () => {
  for (const [command, name, { defaultValue, parse }] of SETTINGS) {
    if (defaultValue === null) continue;
    assert.deepEqual(parse(String(defaultValue)), defaultValue, `${command} ${name}`);
  }
});

Deno.test("a variable that several commands read has the same words for each", () => {
  const words = new Map<string, unknown>();
  for (const [command, name, setting] of SETTINGS) {
    const variable = variableOf(name, setting);
    const choices = "choices" in setting.parse ? setting.parse.choices : null;
    if (!words.has(variable)) words.set(variable, choices);
    assert.deepEqual(choices, words.get(variable), `${variable} of '${command}'`);
    assert.ok(KNOWN_VARIABLES.includes(variable));
  }
});

Deno.test("optionsOf() gives bench the defaults that the library has by itself", () => {
  const { values } = resolveSettings(BENCH_SETTINGS, { flags: {}, environment: {}, file: {} });
  const options = optionsOf(BENCH_SETTINGS, values);
  for (const [name, value] of Object.entries(BENCH_DEFAULTS)) {
    assert.equal(options[name as keyof typeof options], value, name);
  }
  assert.ok(!("seed" in options), "what is not given is left to the library");
});
