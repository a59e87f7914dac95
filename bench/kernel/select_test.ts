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

Deno.test("selectKernelCases() matches as a pattern of any text does, for every pattern", () => {
  const texts = (length: number): string[] =>
    length === 0 ? [""] : texts(length - 1).flatMap((text) => ["a", "b"].map((c) => text + c));
  const names = [1, 2, 3, 4].flatMap(texts);
  const patterns = [1, 2, 3, 4, 5].flatMap((length) =>
    Array.from(
      { length: 3 ** length },
      (_, n) =>
        [...n.toString(3).padStart(length, "0")].map((digit) => "ab*"[Number(digit)]).join(""),
    )
  );
  const cases = names.map((name) => ({ ...CASES[0]!, name, set: "smoke" as const }));
  for (const glob of patterns) {
    const wanted = names.filter((name) => new RegExp(`^${glob.replaceAll("*", ".*")}$`).test(name));
    if (wanted.length === 0) {
      assert.throws(() => selectKernelCases(cases, { set: "all", glob }), /Cannot find/);
    } else {
      const found = selectKernelCases(cases, { set: "all", glob });
      assert.deepEqual(found.map(({ name }) => name), wanted, glob);
    }
  }
});

Deno.test("selectKernelCases() answers a pattern of many stars at once", () => {
  const glob = `${"*a".repeat(40)}*b`;
  const cases = [{ ...CASES[0]!, name: "a".repeat(200), set: "smoke" as const }];
  assert.throws(() => selectKernelCases(cases, { set: "all", glob }), /Cannot find/);
});
