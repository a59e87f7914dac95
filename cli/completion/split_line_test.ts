import assert from "node:assert/strict";
import { splitLine } from "./split_line.ts";

const BREAKS = " \t\n\"'><=;|&(:";

Deno.test("splitLine() keeps a word whole that bash splits, and tells what bash keeps", () => {
  assert.deepEqual(splitLine("headwise bench --clock=mo", BREAKS), {
    words: ["bench", "--clock=mo"],
    kept: "--clock=",
  });
  assert.deepEqual(splitLine("headwise conformance --filter kernel:at", BREAKS), {
    words: ["conformance", "--filter", "kernel:at"],
    kept: "kernel:",
  });
  assert.equal(splitLine("headwise bench --clock=mo", " ").kept, "");
});

Deno.test("splitLine() gives an empty last word behind a space", () => {
  assert.deepEqual(splitLine("headwise  fixture ", BREAKS), { words: ["fixture", ""], kept: "" });
});

Deno.test("splitLine() reads quotes and backslashes", () => {
  assert.deepEqual(splitLine(`headwise a 'b "c' "d 'e" f\\ g ''`, BREAKS).words, [
    "a",
    'b "c',
    "d 'e",
    "f g",
    "",
  ]);
  assert.deepEqual(splitLine("headwise --subject 'exec:py", BREAKS), {
    words: ["--subject", "exec:py"],
    kept: "",
  });
  assert.deepEqual(splitLine("headwise a\\", BREAKS).words, ["a"]);
});
