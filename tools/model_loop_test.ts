import assert from "node:assert/strict";
import { loadModel, requireLoaded } from "../fixtures/mod.ts";
import { compareLoop, drawLoop, loopErrors, type LoopFile, renderLoops } from "./model_loop.ts";

const read = async (name: string) => JSON.parse(await Deno.readTextFile(`docs/results/${name}`));
const loop: LoopFile = await read("model-loop-h100.json");
const steps = compareLoop(
  await read("model-loop-batches.json"),
  loop,
  requireLoaded(await loadModel("ernie-4.5-21b-a3b")),
);

Deno.test("compareLoop() predicts the steps of the shipped loop as docs/validation.md says", async () => {
  const document = (await Deno.readTextFile("docs/validation.md")).replace(/ {2,}/g, " ");
  for (const line of renderLoops([{ name: "model-loop-h100", loop, steps }])) {
    if (line.startsWith("| NVIDIA H100")) assert.ok(document.includes(line), line);
  }
  for (const kind of ["decode", "mixed"] as const) {
    const { count, median, p90 } = loopErrors(steps, kind);
    assert.equal(count, 44);
    assert.ok(median <= 0.05 && p90 <= 0.1, `${kind}: ${median}, ${p90}`);
  }
});

Deno.test("drawLoop() puts a step that is predicted exactly on the diagonal", () => {
  const exact = { kind: "decode", tokens: 1, measuredMs: 20, predictedMs: 20 } as const;
  const svg = drawLoop([exact, { ...exact, measuredMs: 100, predictedMs: 50, kind: "mixed" }], "x");
  const [, cx, cy] = /cx="([\d.]+)" cy="([\d.]+)"/.exec(svg)!;
  // The axes are alike: x from the left is y from the bottom.
  assert.ok(Math.abs(Number(cx) - 60 - (540 - Number(cy))) < 0.2);
});
