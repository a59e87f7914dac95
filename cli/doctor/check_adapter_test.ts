import assert from "node:assert/strict";
import { checkAdapter, checkSoftwareDrivers } from "./check_adapter.ts";
import type { AdapterFacts } from "./check_adapter.ts";
import { madeUpProbe } from "./testing_probe.ts";

const ADAPTER: AdapterFacts = {
  description: "A GPU",
  isSoftware: false,
  hasTimestamps: true,
  subgroupSize: 32,
  matrixSize: null,
  features: [],
  maxBindingBytes: 2 ** 30,
  maxBufferBytes: 2 ** 31,
  maxWorkgroupInvocations: 1024,
};

const statesOf = (adapter: AdapterFacts | null): string[] =>
  checkAdapter({ adapter, reason: "No adapter", fix: "deno task setup" }).map(({ state }) => state);

Deno.test("checkAdapter() says what an adapter is good for", () => {
  assert.deepEqual(statesOf(ADAPTER), ["ok", "ok"]);
  assert.deepEqual(statesOf({ ...ADAPTER, isSoftware: true }), ["limited", "ok"]);
  assert.deepEqual(statesOf({ ...ADAPTER, hasTimestamps: false }), ["ok", "missing"]);
  assert.deepEqual(statesOf(null), ["missing", "missing"]);
});

Deno.test("checkAdapter() passes on what fixes a missing adapter", () => {
  const [finding] = checkAdapter({ adapter: null, reason: "No adapter", fix: "deno task setup" });
  assert.deepEqual([finding!.detail, finding!.fix], ["No adapter", "deno task setup"]);
});

Deno.test("checkSoftwareDrivers() finds a driver in any of its places, and guesses nothing", async () => {
  const lavapipe = "/usr/share/vulkan/icd.d/lvp_icd.json";
  const swiftshader = "/usr/lib/chromium/vk_swiftshader_icd.json";
  const machine = { paths: [lavapipe], denied: [`read:${swiftshader}`] };
  const findings = await checkSoftwareDrivers(madeUpProbe(machine));
  assert.deepEqual(findings.map(({ state, fix }) => [state, fix]), [
    ["ok", null],
    ["unknown", "start headwise with --allow-read=/usr/lib/chromium"],
  ]);
  const [first, second] = await checkSoftwareDrivers(madeUpProbe());
  assert.equal(first!.fix, "deno task setup");
  assert.match(second!.fix!, /^apt-get install .* chromium$/);
  assert.deepEqual(await checkSoftwareDrivers(madeUpProbe({ os: "darwin" })), []);
});
