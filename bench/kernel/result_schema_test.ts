import assert from "node:assert/strict";
import { ResultError, writeResultAtomically } from "../result/mod.ts";
import { parseKernelResult } from "./result_schema.ts";
import { tinyKernelResult } from "./test_support.ts";

Deno.test("writeResultAtomically() writes what parseKernelResult() gives back", async () => {
  await Deno.mkdir("results", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "results" });
  try {
    const file = `${folder}/kernel.json`;
    const result = tinyKernelResult();
    await writeResultAtomically(file, result);
    const text = await Deno.readTextFile(file);
    assert.match(text, /"samplesMs": \[0\.5,0\.4,0\.6\]/);
    assert.deepEqual(parseKernelResult(text, { file }), result);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("parseKernelResult() names the file and the place when a field is wrong", () => {
  const changed = (change: (copy: Record<string, unknown>) => void): string => {
    const copy = structuredClone(tinyKernelResult()) as unknown as Record<string, unknown>;
    change(copy);
    return JSON.stringify(copy);
  };
  const cases: [string, ResultError["code"], RegExp][] = [
    ["{", "result/not-json", /not JSON/],
    ["[]", "result/shape", /the document/],
    [changed((copy) => copy.schemaVersion = 9), "result/version", /is 9 and this build reads 1/],
    [
      changed((copy) => delete copy.ceilings),
      "result/shape",
      /"ceilings" is missing; write it again with the command/,
    ],
    [
      changed((copy) => copy.cases = [{ case: 3 }]),
      "result/shape",
      /"cases\.0\.case": expected object, found number/,
    ],
  ];
  for (const [text, code, message] of cases) {
    assert.throws(() => parseKernelResult(text, { file: "a.json" }), (error) => {
      assert.ok(error instanceof ResultError);
      assert.equal(error.code, code);
      assert.match(error.message, /^Cannot read the result 'a\.json:\d+:\d+': /);
      assert.match(error.message, message);
      return true;
    });
  }
});
