import assert from "node:assert/strict";
import { notWhere, notWith, onlyWhere, onlyWith } from "./idle_settings.ts";

Deno.test("onlyWith() is content with one of the settings that it names, and knows the command's own", () => {
  const needs = onlyWith("out", "json");
  assert.equal(needs({ out: "a", json: false }), null);
  assert.equal(needs({ out: null, json: true }), null);
  assert.equal(needs({ out: "a", json: true }), null);
  assert.equal(needs({ out: null, json: false }), "without --out or --json");
  assert.equal(needs({ json: false }), "without --json");
  assert.equal(needs({}), null);
});

Deno.test("notWith(), onlyWhere() and notWhere() tell what is in the way", () => {
  assert.equal(notWith("trace")({ trace: "a.csv" }), "with --trace");
  assert.equal(notWith("trace")({ trace: null }), null);
  const needs = onlyWhere("clock", ["model", "auto"]);
  assert.equal(needs({ clock: "gpu" }), "without --clock model or auto");
  assert.equal(needs({ clock: "auto" }), null);
  assert.equal(needs({}), null);
  assert.equal(notWhere("clock", /^exec:/)({ clock: "exec:a" }), "with --clock exec:a");
  assert.equal(notWhere("clock", /^exec:/)({ clock: "model" }), null);
});
