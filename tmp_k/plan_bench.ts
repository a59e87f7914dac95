import { builtinKernelCases } from "/work/wt/kern/bench/mod.ts";
import { buildKernelStep } from "/work/wt/kern/bench/kernel/step.ts";
import { createWorkPlan, planBatch } from "/work/wt/kern/kernel/webgpu/plan.ts";
import { listTiles, createTileList } from "/work/wt/kern/kernel/webgpu/plan_tiles.ts";
const c = builtinKernelCases().find((x) => x.name === "decode-256x4k-g5")!;
const { batch, runner } = buildKernelStep(c, { seed: 1, layers: 1 });
const shape = runner.shape;
console.log(shape.columns, batch.table.ids.length);
const plan = createWorkPlan();
const o = { group: 5, pageSizeTokens: shape.pageSizeTokens, pageRows: 256, headRows: 64, walk: "visible" as const, rowSizes: { leastMatrixRows: Infinity, rowGroups: 1 as const }, subgroups: 2, isChained: false, parallelItems: 528, mergesInside: false,
  short: { subgroups: 4, parallelItems: 264, isChained: false, mergesInside: true } };
const b = { ...batch, headWindows: runner.headWindows[0], sinkTokens: runner.sinkTokens };
const t: number[] = [], u: number[] = [];
const list = createTileList();
for (let i = 0; i < 400; i++) { const s = performance.now(); planBatch(plan, b, o); const m = performance.now(); listTiles(list, b, o); const e = performance.now(); t.push(m - s); u.push(e - m); }
const med = (a: number[]) => a.slice(100).sort((x, y) => x - y)[150];
console.log("plan", med(t), "tiles", med(u), plan.items.map((l) => l.length / 17), plan.merges.length, plan.partialRows);
