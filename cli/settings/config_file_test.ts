import assert from "node:assert/strict";
import { parseConfigFile } from "./config_file.ts";
import { SettingError } from "./setting.ts";

const SCOPE = {
  file: "headwise.yaml",
  command: "bench",
  known: { bench: ["clock", "pairs"], conformance: ["filter"] },
};

function faultOf(text: string): string {
  try {
    parseConfigFile(text, SCOPE);
  } catch (error) {
    assert.ok(error instanceof SettingError);
    return `${error.origin.text}: ${error.message}`;
  }
  assert.fail("expected a SettingError");
}

Deno.test("parseConfigFile() gives the command's own section with places", () => {
  const text = "conformance:\n  filter: kernel\nbench:\n  clock: gpu\n  pairs: 3 # why three\n";
  const values = parseConfigFile(text, SCOPE);
  assert.deepEqual(Object.keys(values), ["clock", "pairs"]);
  assert.equal(values["pairs"]?.text, "3");
  assert.equal(values["pairs"]?.origin.text, "headwise.yaml:5:10");
});

Deno.test("parseConfigFile() gives nothing when file or section is empty", () => {
  assert.deepEqual(parseConfigFile("", SCOPE), {});
  assert.deepEqual(parseConfigFile("bench:\n", SCOPE), {});
});

Deno.test("parseConfigFile() names line, column and the likely name when one is unknown", () => {
  assert.equal(
    faultOf("bench:\n  clok: gpu\n"),
    "headwise.yaml:2:3: Unknown setting of 'bench' 'clok'; did you mean 'clock'?",
  );
  assert.equal(
    faultOf("wherever: {}\n"),
    "headwise.yaml:1:1: Unknown command 'wherever'; known are bench, conformance",
  );
});

Deno.test("parseConfigFile() checks the sections of other commands too", () => {
  assert.match(faultOf("conformance:\n  clock: gpu\n"), /^headwise.yaml:2:3: Unknown setting/);
});

Deno.test("parseConfigFile() refuses lists, other shapes and broken text by place", () => {
  assert.equal(
    faultOf("bench:\n  clock: [gpu]\n"),
    "headwise.yaml:2:3: Cannot use 'clock': expected one value, not a list or map",
  );
  assert.equal(
    faultOf("- bench\n"),
    "headwise.yaml:1:1: The file must be a map of names to values",
  );
  assert.match(faultOf("bench:\n  clock: 'gpu\n"), /^headwise.yaml:\d+:\d+: Cannot read the file/);
  assert.match(faultOf("bench:\n  clock: a\n  clock: b\n"), /^headwise.yaml:3:3: .*unique/);
});

Deno.test("parseConfigFile() refuses maps as names and files nested deep or long", () => {
  assert.match(faultOf(`${"{".repeat(100)}a${"}".repeat(100)}`), /A name must be a plain word/);
  assert.match(faultOf("? ".repeat(100)), /A name must be a plain word/);
  assert.match(faultOf("- ".repeat(20_000)), /nested too deep/);
  assert.match(faultOf("#".repeat(70_000)), /more than 65536 characters/);
});
