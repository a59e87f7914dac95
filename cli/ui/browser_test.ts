import assert from "node:assert/strict";
import { describeBrowser, explainMissingGpu } from "./browser.ts";

Deno.test("describeBrowser() takes names and versions as data where there are any", async () => {
  const fullVersionList = [
    { brand: "Not(A:Brand", version: "99.0.0.0" },
    { brand: "Chromium", version: "156.0.1.2" },
  ];
  const userAgentData = {
    getHighEntropyValues: () =>
      Promise.resolve({ platform: "Linux", architecture: "x86", bitness: "64", fullVersionList }),
  };
  assert.deepEqual(await describeBrowser({ userAgent: "x", userAgentData }, { adapter: "a GPU" }), {
    os: "Linux",
    arch: "x86 64",
    browser: "Chromium 156.0.1.2",
    adapter: "a GPU",
  });
});

Deno.test("describeBrowser() falls back on the user agent, and invents no architecture", async () => {
  const userAgent = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1.15";
  assert.deepEqual(await describeBrowser({ userAgent }, { adapter: null }), {
    os: "Mac OS",
    arch: null,
    browser: userAgent,
    adapter: null,
  });
});

Deno.test("explainMissingGpu() tells an insecure page, an old browser and a missing driver apart", () => {
  const explain = (hasWebGpu: boolean, isSecure: boolean): string =>
    JSON.stringify(explainMissingGpu({ hasWebGpu, isSecure, reason: "No adapter" }));
  assert.match(explain(false, false), /secure context.*headwise serve --ui/);
  assert.match(explain(false, true), /has no WebGPU.*version 113/);
  assert.match(explain(true, true), /No adapter.*hardware acceleration/);
});
