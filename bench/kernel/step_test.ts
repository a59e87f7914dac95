import assert from "node:assert/strict";
import { HOLE, validateTable } from "../../allocator/mod.ts";
import type { KernelCase } from "./case.ts";
import { builtinKernelCases } from "./case_file.ts";
import { buildKernelStep, kernelLayerBytes, kernelLayers } from "./step.ts";
import { builtinCase } from "./test_support.ts";

const MAIN = builtinCase("decode-32x16k-g5");

Deno.test("buildKernelStep() counts the bytes and operations that a step cannot do without", () => {
  const { work } = buildKernelStep(MAIN, { seed: 1, layers: 1 });
  const keys = 32 * 16384 * 4;
  assert.equal(work.keyValueBytes, keys * 4 * 128);
  assert.equal(work.flops, keys * 5 * 4 * 128);
  assert.equal(work.tableBytes, 32 * 256 * 4 * 4);
  assert.equal(work.queryOutputBytes, 32 * 20 * 128 * 4);
  assert.equal(work.bytes, work.walkedBytes);
  const row = buildKernelStep(builtinCase("decode-32x16k-g5-uniform-row"), { seed: 1, layers: 1 });
  const clipped = buildKernelStep(builtinCase("decode-32x16k-g5-window"), { seed: 1, layers: 1 });
  assert.equal(row.work.keyValueBytes, clipped.work.keyValueBytes);
  assert.equal(clipped.work.keyValueBytes, 32 * 2 * (16384 + 4096 + 64) * 4 * 128);
  assert.ok(row.work.walkedBytes > 1.5 * clipped.work.walkedBytes);
});

Deno.test("buildKernelStep() gives each table a page of its own wherever someone sees it", () => {
  for (const kernelCase of builtinKernelCases().filter(({ set }) => set === "smoke")) {
    for (const layout of ["uniform", "headwise", "pooled"] as const) {
      checkTable({ ...kernelCase, layout });
    }
  }
});

function checkTable(kernelCase: KernelCase): void {
  const { batch, runner } = buildKernelStep(kernelCase, { seed: 7, layers: 1 });
  const { kvHeads } = kernelCase.shape;
  const { windows } = kernelCase;
  const violations = validateTable({
    table: batch.table,
    pagesPerHead: runner.shape.pages,
    pageSizeTokens: runner.shape.pageSizeTokens,
    heads: {
      kvHeads,
      windowTokens: windows?.windowTokens ?? 0,
      sinkTokens: windows?.sinkTokens ?? 0,
      groups: [{
        layers: [0],
        kinds: Array.from(
          { length: kvHeads },
          (_, head) => windows !== null && head < windows.heads ? "window" : "full",
        ),
      }],
    },
    lengthsTokens: batch.cachedLengths.map((cached, slot) => cached + batch.queryLengths[slot]),
    nextPositions: batch.cachedLengths,
  });
  assert.deepEqual(violations, [], `${kernelCase.name} ${kernelCase.layout}`);
  const named = [...batch.table.ids].filter((id) => id !== HOLE);
  assert.notDeepEqual(named, named.toSorted((a, b) => a - b));
}

Deno.test("buildKernelStep() leaves a hole where a window head sees nothing", () => {
  const { batch } = buildKernelStep(builtinCase("smoke-window"), { seed: 1, layers: 1 });
  const { columns } = batch.table;
  const row = (head: number) => [...batch.table.ids.subarray(head * columns, (head + 1) * columns)];
  // 200 tokens of 16 a page, window 64, 4 sinks: pages 0 and 8…12 are seen from position 199.
  const held = row(0).map((id) => id !== HOLE);
  assert.deepEqual(held, Array.from({ length: 13 }, (_, page) => page === 0 || page >= 8));
  assert.ok(row(1).every((id) => id !== HOLE));
});

Deno.test("kernelLayers() lets caches alternate until they exceed any cache of the device", () => {
  const gpu = { isSoftware: false };
  for (const kernelCase of builtinKernelCases().filter(({ set }) => set === "h200")) {
    const layers = kernelLayers(kernelCase, gpu);
    const bytes = kernelLayerBytes(kernelCase) * layers;
    assert.ok(bytes >= 2 ** 27, `${kernelCase.name}: ${bytes}`);
    assert.ok(layers > 1 || bytes >= 2 ** 32, kernelCase.name);
    assert.ok(bytes < 100e9, kernelCase.name);
  }
  assert.equal(kernelLayers(MAIN, gpu), 2);
  assert.equal(kernelLayers(builtinCase("decode-128x128k-g8"), gpu), 1);
  assert.equal(kernelLayers(builtinCase("smoke-decode"), { isSoftware: true }), 2);
});
