import assert from "node:assert/strict";
import { BenchError } from "../result/bench_error.ts";
import { builtinKernelCases } from "./case_file.ts";
import { selectKernelCases } from "./select.ts";

const CASES = builtinKernelCases();

function names(set: "smoke" | "h200" | "all", glob: string): string[] {
  return selectKernelCases(CASES, { set, glob }).map(({ name }) => name);
}

Deno.test("selectKernelCases() matches whole names by list and pattern", () => {
  assert.equal(names("all", "*").length, CASES.length);
  assert.deepEqual(names("smoke", "*-window, smoke-prefill"), ["smoke-window", "smoke-prefill"]);
  assert.deepEqual(names("h200", "decode-32x16k-g5"), ["decode-32x16k-g5"]);
});

Deno.test("selectKernelCases() lists what there is when nothing matches", () => {
  for (const glob of ["decode", "quantum", ""]) {
    assert.throws(() => names("smoke", glob), (error) => {
      assert.ok(error instanceof BenchError);
      assert.match(error.message, /in the set 'smoke'; use one of: smoke-decode, /);
      return true;
    });
  }
});

Deno.test("selectKernelCases() names the likely case", () => {
  assert.throws(
    () => names("smoke", "smoke.windw"),
    /in the set 'smoke'; did you mean 'smoke-window'\?/,
  );
});
