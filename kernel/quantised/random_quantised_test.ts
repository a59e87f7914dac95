import assert from "node:assert/strict";
import { createRandom } from "../../allocator/mod.ts";
import { cacheRows, QUANTISED_FORMATS } from "./quantised_format.ts";
import { randomQuantised } from "./random_quantised.ts";
import { quantisedShape } from "./testing_quantised.ts";

Deno.test("randomQuantised() draws codes for every row of every format, the same for a seed", () => {
  for (const format of QUANTISED_FORMATS) {
    const shape = quantisedShape({ keyFormat: format });
    const draw = (seed: number) => randomQuantised(format, { random: createRandom(seed), shape });
    const { codes } = draw(3);
    assert.deepEqual(draw(3), draw(3));
    const rows = cacheRows(shape);
    const stride = codes.length / rows;
    const seen = new Set<string>();
    for (let row = 0; row < rows; row++) {
      const part = codes.subarray(row * stride, (row + 1) * stride);
      assert.ok(part.some((code) => code !== 0), `${row}`);
      seen.add(part.join());
    }
    assert.ok(seen.size > rows / 2, "rows differ");
    assert.ok(new Set(codes).size > 100, "all codes may occur");
  }
});
