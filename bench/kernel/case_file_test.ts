import assert from "node:assert/strict";
import { builtinKernelCases, parseKernelCases } from "./case_file.ts";

const GOOD = `shapes:
  small: { kvHeads: 2, group: 2, headSize: 64 }
cases:
  - name: one
    set: smoke
    shape: small
    windows: { heads: 1, windowTokens: 8 }
    requests: [{ count: 2, contextTokens: 9, queryTokens: 3 }]
    goals: [{ kind: ceiling, atLeast: 0.9 }]
`;

function findings(text: string): unknown[][] {
  const result = parseKernelCases(text, { file: "a.yaml" });
  assert.equal(result.kind, "rejected");
  return result.diagnostics.map(({ code, line, column }) => [code, line, column]);
}

Deno.test("parseKernelCases() fills in defaults", () => {
  const result = parseKernelCases(GOOD, { file: "a.yaml" });
  assert.ok(result.kind === "loaded");
  const [only] = result.value;
  assert.deepEqual(only.shape, {
    kvHeads: 2,
    group: 2,
    headSize: 64,
    pageSizeTokens: 64,
    storage: "bf16",
  });
  assert.deepEqual(only.windows, { heads: 1, windowTokens: 8, sinkTokens: 0 });
  assert.deepEqual([only.layout, only.walk], ["headwise", "visible"]);
});

Deno.test("parseKernelCases() names line and column when something is wrong", () => {
  // What is changed, into what, the finding, and the text of the change at which it points.
  const cases: [string, string, string, string][] = [
    ["headSize: 64", "headSize: 65", "fixture/head-size", "65"],
    ["shape: small", "shape: smal", "kernel-case/unknown-shape", "smal"],
    ["heads: 1", "heads: 3", "kernel-case/window-heads", "3"],
    ["queryTokens: 3", "queryTokens: 10", "kernel-case/query-length", "10"],
    ["atLeast", "atleast", "fixture/unknown-key", "atleast"],
    ["ceiling, atLeast: 0.9", "walk, case: x, within: 1", "kernel-case/unknown-case", "x"],
  ];
  for (const [from, to, code, pointed] of cases) {
    const text = GOOD.replace(from, to);
    const before = text.slice(0, GOOD.indexOf(from) + to.indexOf(pointed)).split("\n");
    const place = [code, before.length, before.at(-1)!.length + 1];
    const all = findings(text);
    assert.ok(all.some((each) => String(each) === String(place)), `${to}: ${String(all)}`);
  }
  const twice = GOOD + GOOD.slice(GOOD.indexOf("  - name"));
  assert.deepEqual(findings(twice), [["kernel-case/repeated-name", 10, 11]]);
});

Deno.test("builtinKernelCases() has every kind of step", () => {
  const cases = builtinKernelCases().filter(({ set }) => set === "h200");
  const decodeGroup8 = cases.filter(({ name }) => /^decode-\d+x\d+k-g8/.test(name));
  assert.equal(decodeGroup8.length, 18);
  const tokens = new Set(cases.flatMap(({ requests }) => requests.map((r) => r.queryTokens)));
  assert.deepEqual([...tokens].sort((a, b) => a - b), [1, 4, 8, 2048, 8192]);
  assert.ok(cases.some(({ layout, walk }) => layout === "uniform" && walk === "row"));
  assert.ok(cases.some(({ requests }) => requests.length > 1));
});
