import assert from "node:assert/strict";
import { explainSettings, explainSettingsAsData } from "./explain.ts";
import { createPaint } from "../terminal/paint.ts";

const RESOLVED = {
  values: { clock: "model", pairs: null, gate: ["read", "capacity"], json: false },
  origins: {
    clock: { kind: "environment", text: "HEADWISE_CLOCK" },
    pairs: { kind: "default", text: "1 with the model clock" },
    gate: { kind: "file", text: "headwise.yaml:2:9" },
    json: { kind: "default", text: "built in" },
  },
} as const;

Deno.test("explainSettings() shows each value and where it came from", () => {
  assert.deepEqual(explainSettings(RESOLVED, createPaint(false)), [
    "setting  value          from",
    "clock    model          environment HEADWISE_CLOCK",
    "pairs    –              default (1 with the model clock)",
    "gate     read,capacity  file headwise.yaml:2:9",
    "json     off            default (built in)",
  ]);
});

Deno.test("explainSettings() makes what is no default stand out", () => {
  const [, clock, pairs] = explainSettings(RESOLVED, createPaint(true));
  assert.ok(clock!.includes("\x1b[1mmodel\x1b[22m"));
  assert.ok(!pairs!.includes("\x1b[1m"));
});

Deno.test("explainSettingsAsData() keeps the values' types", () => {
  const data = explainSettingsAsData(RESOLVED);
  assert.deepEqual(data["gate"], {
    value: ["read", "capacity"],
    kind: "file",
    from: "headwise.yaml:2:9",
  });
  assert.equal(data["pairs"]!.value, null);
});
