import assert from "node:assert/strict";
import { headMapFromPattern } from "../../allocator/mod.ts";
import { predictCapacity } from "./capacity_prediction.ts";

/** Gain of one pool on four heads of which `windowHeads` keep W tokens. */
function gain(windowHeads: number, windowTokens: number, lengthTokens: number): string {
  const heads = headMapFromPattern({
    layers: 28,
    kvHeads: 4,
    pattern: "first",
    ratio: windowHeads / 4,
    windowTokens,
    sinkTokens: 0,
  });
  const prediction = predictCapacity({ heads, pageSizeTokens: 64, lengthsTokens: [lengthTokens] });
  return prediction.pooledGain.toFixed(3);
}

Deno.test("predictCapacity() gives the known gains of ERNIE's head maps", () => {
  assert.equal(gain(1, 512, 32768), "1.326");
  assert.equal(gain(1, 1024, 32768), "1.319");
  assert.equal(gain(1, 4096, 32768), "1.279");
  assert.equal(gain(1, 512, 8192), "1.303");
  assert.equal(gain(1, 4096, 8192), "1.140");
  assert.equal(gain(3, 4096, 32768), "2.897");
});

Deno.test("predictCapacity() predicts no gain a head unless every head has a window", () => {
  const of = (ratio: number, windowTokens: number) =>
    predictCapacity({
      heads: headMapFromPattern({
        layers: 1,
        kvHeads: 4,
        pattern: "first",
        ratio,
        windowTokens,
        sinkTokens: 64,
      }),
      pageSizeTokens: 64,
      lengthsTokens: [6400, 12800],
    });
  assert.equal(of(0.75, 64).perHeadGain, 1);
  assert.match(of(0.75, 64).explanation, /1 full heads still needs 150.0 pages/);
  // ceil(63 / 64) + 1 pages of window and 1 of sinks stay of 150 on the mean.
  assert.equal(of(1, 64).perHeadGain, 50);
  assert.equal(of(1, 64).pooledGain, 50);
  assert.equal(of(0.75, 0).pooledGain, 1);
  assert.match(of(0.75, 0).explanation, /No head has a window/);
});

Deno.test("predictCapacity() predicts nothing when there are no requests", () => {
  const heads = headMapFromPattern({
    layers: 1,
    kvHeads: 2,
    pattern: "first",
    ratio: 0.5,
    windowTokens: 64,
    sinkTokens: 0,
  });
  const prediction = predictCapacity({ heads, pageSizeTokens: 64, lengthsTokens: [] });
  assert.equal(prediction.pooledGain, 1);
});
