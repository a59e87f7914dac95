import assert from "node:assert/strict";
import type { CliStream } from "./context.ts";
import { createProgress } from "./progress.ts";

function recorder(isTerminal: boolean): CliStream & { readonly parts: string[] } {
  const parts: string[] = [];
  const write = (text: string): void => void parts.push(text);
  return { parts, write, getColorDepth: () => 1, isTerminal, columns: 60 };
}

Deno.test("createProgress() writes one line for each label when no one watches", () => {
  const stream = recorder(false);
  const progress = createProgress(stream, { now: () => 0 });
  for (const fraction of [0, 0.4, 0.9]) progress.update({ label: "a", fraction, detail: "" });
  for (const label of ["b", "a", "b"]) progress.update({ label, fraction: 1, detail: "" });
  progress.close();
  assert.deepEqual(stream.parts, ["a\n", "b\n"]);
});

Deno.test("createProgress() redraws one line in place on a terminal, and removes it", () => {
  const stream = recorder(true);
  let nowMs = 0;
  const progress = createProgress(stream, { now: () => nowMs });
  progress.update({ label: "replay", fraction: 0.5, detail: "1 of 2" });
  progress.update({ label: "replay", fraction: 0.6, detail: "too soon" });
  nowMs = 200;
  progress.update({ label: "replay", fraction: 2, detail: "2 of 2" });
  progress.close();
  assert.deepEqual(stream.parts, [
    `\r\x1b[2K${"█".repeat(12)}${"░".repeat(12)}  50 %  replay  1 of 2`,
    `\r\x1b[2K${"█".repeat(24)} 100 %  replay  2 of 2`,
    "\r\x1b[2K",
  ]);
});

Deno.test("createProgress() never fills the last column", () => {
  const stream = recorder(true);
  createProgress(stream, { now: () => 0 }).update({
    label: "x".repeat(100),
    fraction: 0,
    detail: "",
  });
  assert.equal(stream.parts[0]!.length, "\r\x1b[2K".length + 59);
});

Deno.test("createProgress() writes nothing on close when nothing was shown", () => {
  const stream = recorder(true);
  createProgress(stream, { now: () => 0 }).close();
  assert.deepEqual(stream.parts, []);
});

Deno.test("createProgress() keeps a label in its line, whatever stands in it", () => {
  for (const isTerminal of [false, true]) {
    const stream = recorder(isTerminal);
    const progress = createProgress(stream, { now: () => 0 });
    progress.update({ label: "a\r\nb\x1b[2J", fraction: 0, detail: "c\nd" });
    const line = stream.parts[0]!.replace("\r\x1b[2K", "");
    if (isTerminal) assert.ok(line.endsWith("a b\\u001b[2J  c d"), line);
    else assert.equal(line, "a b\\u001b[2J\n");
  }
});
