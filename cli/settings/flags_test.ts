import assert from "node:assert/strict";
import { BENCH_SETTINGS } from "./bench.ts";
import { flagsOf } from "./flags.ts";
import { parseSwitch, parseText } from "./parsers.ts";

Deno.test("flagsOf() says the default of every value", () => {
  const flags = flagsOf({
    out: { brief: "Where", placeholder: "FILE", defaultValue: "a.json", parse: parseText },
    seed: {
      brief: "Seed",
      placeholder: "N",
      defaultValue: null,
      defaultText: "the fixture's",
      parse: parseText,
    },
    headWise: { brief: "Take part", defaultValue: true, parse: parseSwitch },
  });
  assert.equal(flags["out"]!.brief, "Where [a.json]");
  assert.equal(flags["seed"]!.brief, "Seed [the fixture's]");
  assert.equal(flags["headWise"]!.brief, "Take part [on]");
});

Deno.test("flagsOf() gives a flag to every setting of bench, and the two of every command", () => {
  const names = [...Object.keys(BENCH_SETTINGS), "config", "explainConfig"];
  assert.deepEqual(Object.keys(flagsOf(BENCH_SETTINGS)), names);
});
