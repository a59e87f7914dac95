import assert from "node:assert/strict";
import { createPaint, wantsColor } from "./paint.ts";

Deno.test("wantsColor() follows NO_COLOR, then FORCE_COLOR, then the terminal", () => {
  const cases: [Record<string, string>, boolean, boolean][] = [
    [{}, true, true],
    [{}, false, false],
    [{ TERM: "dumb" }, true, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
  ];
  for (const [environment, isTerminal, expected] of cases) {
    assert.equal(wantsColor({ environment, isTerminal }), expected, JSON.stringify(environment));
  }
});

Deno.test("createPaint() opens and closes a style when enabled", () => {
  assert.equal(createPaint(true).red("FAIL"), "\x1b[31mFAIL\x1b[39m");
  assert.equal(createPaint(false).red("FAIL"), "FAIL");
});
