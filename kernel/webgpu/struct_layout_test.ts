import assert from "node:assert/strict";
import { FILL_PARAMS, ITEM, MERGE, PARAMS, type StructLayout } from "./struct_layout.ts";

const STRUCTS: Readonly<Record<string, StructLayout<string>>> = {
  PARAMS,
  ITEM,
  MERGE,
  FILL_PARAMS,
};

/** Offsets in bytes by WGSL's rules for structs of 32-bit scalars, read off the text itself. */
function offsetsInText(wgsl: string): Record<string, number> {
  const fields = [...wgsl.matchAll(/^\s*(\w+): (?:u32|f32),$/gm)].map(([, name]) => name!);
  return Object.fromEntries(fields.map((name, index) => [name, index * 4]));
}

for (const [name, struct] of Object.entries(STRUCTS)) {
  Deno.test(`${name}: packers write every field where the shader reads it`, () => {
    const expected = offsetsInText(struct.wgsl);
    assert.equal(Object.keys(expected).length, struct.words);
    for (const [field, index] of Object.entries(struct.at)) {
      assert.equal(index * 4, expected[field], field);
    }
  });
}

Deno.test("structs in arrays and uniforms have sizes that WGSL takes", () => {
  assert.equal(PARAMS.words * 4 % 16, 0);
  // The strides of arrays of items and merges are their sizes: the largest alignment is 4 bytes.
  assert.deepEqual([ITEM.words, MERGE.words], [20, 8]);
});
