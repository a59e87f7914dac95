import assert from "node:assert/strict";
import { flagOf, SettingError, variableOf } from "./setting.ts";

Deno.test("flagOf() and variableOf() derive both names from one", () => {
  assert.deepEqual([flagOf("seed"), variableOf("seed")], ["--seed", "HEADWISE_SEED"]);
  assert.deepEqual(
    [flagOf("warmupSteps"), variableOf("warmupSteps")],
    ["--warmup-steps", "HEADWISE_WARMUP_STEPS"],
  );
});

Deno.test("SettingError carries who gave the value", () => {
  const error = new SettingError("Cannot use 'x'", { kind: "flag", text: "--clock" });
  assert.equal(error.code, "setting/invalid");
  assert.equal(error.origin.text, "--clock");
});
