import assert from "node:assert/strict";
import { appendReference, compareAppend } from "../append_reference.ts";
import { randomAppend } from "../random_problem.ts";
import { cacheRows, QUANTISED_FORMATS } from "./quantised_format.ts";
import { copyTensor } from "./quantise_row.ts";
import type { QuantisedTensor } from "./quantised_tensor.ts";
import { quantisedShape } from "./testing_quantised.ts";

Deno.test("compareAppend() names any byte or scale that changed where no token was written", () => {
  for (const format of QUANTISED_FORMATS) {
    const problem = randomAppend({
      seed: 3,
      shape: quantisedShape({ keyFormat: format, valueFormat: format, pages: 8, columns: 4 }),
      queryLengths: [1, 5],
      cachedLengths: [31, 2],
      rotary: { style: "none", theta: 10_000, rotaryDimensions: 64 },
    });
    const right = appendReference(problem);
    const rows = cacheRows(problem.shape);
    for (const key of ["quantisedKeys", "quantisedValues"] as const) {
      const [before, after] = [problem[key]!, right[key]!];
      const name = key === "quantisedKeys" ? "key" : "value";
      const judge = (tensor: QuantisedTensor) =>
        compareAppend({ problem, outcome: { ...right, [key]: tensor } });
      const stride = before.codes.length / rows;
      const isWritten = (row: number): boolean =>
        before.codes.subarray(row * stride, (row + 1) * stride).join() !==
          after.codes.subarray(row * stride, (row + 1) * stride).join();
      const rest = [...Array(rows).keys()].filter((row) => !isWritten(row));
      assert.ok(rest.includes(0) && rest.length < rows, "the first row is not written");
      for (const row of [0, ...rest.slice(1, 4), rest.at(-1)!]) {
        for (const at of [row * stride, (row + 1) * stride - 1]) {
          const wrong = copyTensor(after);
          wrong.codes[at]! ^= 1;
          const expected =
            `Byte ${at} of the ${name} codes changed, but no token was written there`;
          assert.equal(judge(wrong).message, expected);
        }
        if (format.granularity !== "token" && format.granularity !== "block") continue;
        const scales = before.scales!.length / rows;
        for (const at of [row * scales, (row + 1) * scales - 1]) {
          const wrong = copyTensor(after);
          wrong.scales![at]! += 1;
          assert.equal(
            judge(wrong).message,
            `Scale ${at} of the ${name}s changed, but no token was written there`,
          );
        }
      }
      for (const cut of [-1, 1]) {
        const codes = new Uint8Array(after.codes.length + cut);
        assert.throws(
          () => judge({ ...after, codes }),
          /Cannot compare codes of the .*whole result/,
        );
      }
    }
  }
});
