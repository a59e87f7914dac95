import assert from "node:assert/strict";
import { parseFormat } from "../kernel/mod.ts";
import {
  ALL_FORMAT_CAPABILITIES,
  FORMAT_CAPABILITIES,
  formatCapability,
  shortenCapabilities,
} from "./cache_formats.ts";
import { CAPABILITIES } from "./subject.ts";

Deno.test("formatCapability() names a capability of the vocabulary for every format", () => {
  assert.equal(formatCapability(parseFormat("int8")!), "kernel.cache.int8:token:f32");
  assert.equal(new Set(ALL_FORMAT_CAPABILITIES).size, Object.keys(FORMAT_CAPABILITIES).length);
  for (const name of ALL_FORMAT_CAPABILITIES) assert.ok(Object.hasOwn(CAPABILITIES, name), name);
});

Deno.test("shortenCapabilities() writes one entry for all formats of a type, and else each", () => {
  assert.deepEqual(
    shortenCapabilities(["kernel.into", ...ALL_FORMAT_CAPABILITIES]),
    [
      "kernel.cache.fp4_e2m1:block:fp8_e4m3",
      "kernel.cache.fp8_e4m3:*",
      "kernel.cache.fp8_e5m2:*",
      "kernel.cache.int4:*",
      "kernel.cache.int8:*",
      "kernel.into",
    ],
  );
  const some = ALL_FORMAT_CAPABILITIES.filter((name) => name !== "kernel.cache.int8:token:f32");
  const short = shortenCapabilities(some);
  assert.ok(!short.includes("kernel.cache.int8:*") && short.includes("kernel.cache.int8:head:f32"));
});
