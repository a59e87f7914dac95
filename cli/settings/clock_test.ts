import assert from "node:assert/strict";
import { isOutsideClock, parseClock } from "./clock.ts";

Deno.test("parseClock() takes this program's clocks, adapters and tables", () => {
  for (const text of ["auto", "gpu", "model"] as const) {
    assert.equal(parseClock(text), text);
    assert.equal(isOutsideClock(parseClock(text)), false);
  }
  for (const text of ["exec:python3 a.py", "module:a.ts", "ffi:a.so", "table:a.csv"]) {
    assert.equal(parseClock(text), text);
    assert.equal(isOutsideClock(parseClock(text)), true);
  }
});

Deno.test("parseClock() names the likely word", () => {
  assert.throws(() => parseClock("gpuu"), /did you mean 'gpu'/);
  assert.throws(() => parseClock("exec"), /did you mean 'exec:'/);
  assert.throws(() => parseClock("table: "), /expected auto, gpu, model, exec:COMMAND/);
});
