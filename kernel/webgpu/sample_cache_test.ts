import assert from "node:assert/strict";
import { parseFormat } from "../quantised/quantised_format.ts";
import type { DeviceCache } from "./device_cache.ts";
import { decodeSample, type SamplePages, sampleRanges } from "./sample_cache.ts";

const HEAD_SIZE = 16;
const PAGE_TOKENS = 2;
const KV_HEADS = 3;

/** Two pages of head 1 of a cache whose keys and values take `bindings` buffers of two pages each. */
function sample(formats: Partial<DeviceCache["shape"]>): SamplePages {
  const buffer = (name: string) => ({ label: name }) as GPUBuffer;
  const cache = {
    shape: {
      layout: "per-head",
      pages: 4,
      kvHeads: KV_HEADS,
      headSize: HEAD_SIZE,
      pageSizeTokens: PAGE_TOKENS,
      ...formats,
    },
    pageRows: KV_HEADS * PAGE_TOKENS,
    headRows: PAGE_TOKENS,
    rowsPerBinding: 2 * KV_HEADS * PAGE_TOKENS,
    layers: [{
      keys: [buffer("keys 0"), buffer("keys 1")],
      values: [buffer("values 0"), buffer("values 1")],
      scales: [buffer("key scales"), buffer("value scales")],
    }],
  } as unknown as DeviceCache;
  return { cache, layer: 0, ids: [3, 0], head: 1 };
}

const flat = (o: SamplePages) =>
  sampleRanges(o).map((each) => [each.buffer.label, each.offsetBytes, each.sizeBytes]);

Deno.test("sampleRanges() finds a head's pages in the binding that holds them", () => {
  // A page has 6 rows of 32 bytes, head 1 begins at its row 2; page 3 is the second of binding 1.
  assert.deepEqual(flat(sample({})), [
    ["keys 1", (6 + 2) * 32, 64],
    ["keys 0", 2 * 32, 64],
    ["values 1", (6 + 2) * 32, 64],
    ["values 0", 2 * 32, 64],
  ]);
});

Deno.test("sampleRanges() reads the scales that tokens have for themselves", () => {
  // Scales are one buffer a side: page 3 begins at row 18, whatever the bindings of the codes.
  const int8 = parseFormat("int8:token:f16")!;
  assert.deepEqual(flat(sample({ keyFormat: int8, valueFormat: int8 })).slice(4), [
    ["key scales", 20 * 2, 4],
    ["key scales", 2 * 2, 4],
    ["value scales", 20 * 2, 4],
    ["value scales", 2 * 2, 4],
  ]);
});

Deno.test("sampleRanges() reads no scales that all tokens share", () => {
  const fp8 = parseFormat("fp8")!;
  assert.equal(sampleRanges(sample({ keyFormat: fp8, valueFormat: fp8 })).length, 4);
});

Deno.test("decodeSample() takes keys, values and scales apart", () => {
  const int8 = parseFormat("int8:token:f16")!;
  const o = sample({ keyFormat: int8 });
  const codes = new Uint8Array(4 * HEAD_SIZE).map((_, index) => index);
  const values = new Uint16Array(4 * HEAD_SIZE).map((_, index) => 1000 + index);
  const scales = Uint16Array.of(7, 8, 9, 10);
  const bytes = new Uint8Array([codes, values, scales].flatMap((part) => [
    ...new Uint8Array(part.buffer),
  ]));
  const shape = { ...o.cache.shape, queryHeads: KV_HEADS } as unknown as Parameters<
    typeof decodeSample
  >[0]["shape"];
  const read = decodeSample(
    { ...o, shape, shared: { quantisedKeys: { codes: new Uint8Array(0) } } },
    bytes.buffer,
  );
  assert.equal(read.keys.length, 0);
  assert.deepEqual(read.values, values);
  assert.deepEqual(read.quantisedKeys, { codes, scales });
  assert.equal(read.quantisedValues, undefined);
});

Deno.test("decodeSample() keeps the head's own part of shared scales", () => {
  const fp8 = parseFormat("fp8_e4m3:head:f32")!;
  const o = sample({ keyFormat: fp8, valueFormat: fp8 });
  const shape = { ...o.cache.shape, queryHeads: KV_HEADS } as unknown as Parameters<
    typeof decodeSample
  >[0]["shape"];
  const side = { codes: new Uint8Array(0), scales: Float32Array.of(0.5, 0.25, 2) };
  const shared = { quantisedKeys: side, quantisedValues: side };
  const read = decodeSample({ ...o, shape, shared }, new ArrayBuffer(8 * HEAD_SIZE));
  assert.deepEqual(read.quantisedKeys!.scales, Float32Array.of(0.25));
  assert.deepEqual(read.quantisedValues!.scales, Float32Array.of(0.25));
});
