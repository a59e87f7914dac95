import assert from "node:assert/strict";
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";
import { describeWorkloadSettings } from "./workload_settings.ts";

Deno.test("describeWorkloadSettings() tells overrides apart that leave the file's hash alone", async () => {
  const settingsOf = async (path: string, value: unknown) => {
    const overrides = [{ path, value, origin: "--set" }];
    const workload = requireLoaded(await loadWorkload("smoke", { overrides }));
    return describeWorkloadSettings(workload);
  };
  const few = await settingsOf("cache.pages", 96);
  const many = await settingsOf("cache.pages", 128);
  const differing = Object.keys(few).filter((path) => few[path] !== many[path]);
  assert.deepEqual(differing, ["cache.pagesPerHead", "cache.kvBytes"]);
  const map = { kind: "pattern", pattern: "first", ratio: 0.5, windowTokens: 64 };
  const { headMap } = await settingsOf("headMap", map);
  assert.match(String(headMap), /^layers 0-\d+: window .*full; window 64, sinks 0$/);
});

Deno.test("describeWorkloadSettings() keeps numbers, texts and null as they are, and lists as JSON", async () => {
  const settings = describeWorkloadSettings(requireLoaded(await loadWorkload("smoke")));
  assert.equal(typeof settings["cache.pagesPerHead"], "number");
  assert.doesNotMatch(String(settings["scheduler.profile"]), /"/);
  assert.equal(typeof settings["scheduler.profile"], "string");
  for (const [path, value] of Object.entries(settings)) {
    assert.ok(value === null || typeof value !== "object", path);
    if (typeof value !== "string" || path === "headMap") continue;
    assert.doesNotMatch(value, /^[{"]/, path);
  }
});
