import assert from "node:assert/strict";
import type { Workload } from "../../fixtures/mod.ts";
import { describeRestOfLayer, expectedExperts, restMs, restOfLayer } from "./rest_of_layer.ts";
import { tinyWorkload } from "../run/test_support.ts";

const CEILINGS = {
  memoryBytesPerSecond: 1e9,
  flopsPerSecond: 1e12,
  source: "fixture",
  note: "",
} as const;

/** Projections of one layer: hidden 128, D 64, 4 query and 2 KV heads. */
const ATTENTION = 128 * 64 * (4 + 2 + 2 + 4);

function mixture(): Workload {
  const { model } = tinyWorkload();
  return tinyWorkload({
    model: {
      ...model,
      layers: 3,
      feedForward: {
        denseLayers: 1,
        denseIntermediate: 256,
        experts: 8,
        expertsPerToken: 2,
        sharedExperts: 1,
        expertIntermediate: 32,
      },
    },
  });
}

Deno.test("restOfLayer() counts every weight of a dense model once", () => {
  const rest = restOfLayer(tinyWorkload(), CEILINGS);
  const weights = 2 * (ATTENTION + 3 * 128 * 256);
  assert.equal(rest.fixedWeightBytes, 2 * weights);
  assert.equal(rest.flopsPerToken, 2 * weights);
  assert.equal(rest.expertBytes, 0);
  assert.equal(rest.outputProjectionBytes, 2 * 128 * 1000);
  assert.equal(describeRestOfLayer(rest).fixedWeightBytes, 2 * weights + 2 * 128 * 1000);
});

Deno.test("restOfLayer() reads routed experts apart from what every token visits", () => {
  const rest = restOfLayer(mixture(), CEILINGS);
  const expert = 3 * 128 * 32;
  const fixed = 3 * ATTENTION + 3 * 128 * 256 + 2 * (128 * 8 + expert);
  assert.equal(rest.fixedWeightBytes, 2 * fixed);
  assert.equal(rest.expertBytes, 2 * expert);
  assert.equal(rest.expertLayers, 2);
  assert.equal(rest.flopsPerToken, 2 * (fixed + 2 * 2 * expert));
});

Deno.test("restOfLayer() shares weights among ranks", () => {
  const { model } = tinyWorkload();
  const one = restOfLayer(tinyWorkload(), CEILINGS);
  const two = restOfLayer(tinyWorkload({ model, tensorParallel: 2 }), CEILINGS);
  assert.equal(two.fixedWeightBytes, one.fixedWeightBytes / 2);
  assert.equal(two.flopsPerSampledRow, one.flopsPerSampledRow / 2);
});

Deno.test("expectedExperts() is k for one token and all for many", () => {
  const rest = restOfLayer(mixture(), CEILINGS);
  assert.equal(expectedExperts(rest, 1), 2);
  assert.equal(expectedExperts(rest, 2), 8 * (1 - 0.75 ** 2));
  assert.ok(8 - expectedExperts(rest, 200) < 1e-9);
  assert.equal(expectedExperts(restOfLayer(tinyWorkload(), CEILINGS), 5), 0);
});

Deno.test("restMs() takes the longer of reading weights and doing products", () => {
  const rest = restOfLayer(tinyWorkload(), CEILINGS);
  // One token: bytes bind; the output projection is read only when a row is sampled.
  const layersMs = rest.fixedWeightBytes / 1e9 * 1000;
  const outputMs = rest.outputProjectionBytes / 1e9 * 1000;
  assert.equal(restMs(rest, { tokens: 1, sampledRows: 0 }), layersMs);
  assert.ok(Math.abs(restMs(rest, { tokens: 1, sampledRows: 1 }) - layersMs - outputMs) < 1e-12);
  // A million tokens: operations bind.
  const operationsMs = 1e6 * rest.flopsPerToken / 1e12 * 1000;
  assert.equal(restMs(rest, { tokens: 1e6, sampledRows: 0 }), operationsMs);
  assert.equal(restMs(rest, { tokens: 0, sampledRows: 0 }), 0);
});
