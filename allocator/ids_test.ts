import assert from "node:assert/strict";
import { IdSpaceError, toHead, toLayerGroup, toSlot } from "./ids.ts";

const CONVERTERS = [
  ["Slot", toSlot],
  ["Head", toHead],
  ["LayerGroup", toLayerGroup],
] as const;

for (const [space, convert] of CONVERTERS) {
  Deno.test(`to${space}() keeps a value inside the space`, () => {
    for (const value of [0, 1, 7]) assert.equal(convert(value, { limit: 8 }), value);
  });

  Deno.test(`to${space}() refuses by error, never modulo, when the value is outside`, () => {
    for (const value of [8, 9, 16, -1, -2, 0.5, NaN, Infinity]) {
      assert.throws(() => convert(value, { limit: 8 }), (error) => {
        assert.ok(error instanceof IdSpaceError);
        assert.equal(error.code, "id/out-of-space");
        assert.equal(error.space, space);
        assert.equal(error.limit, 8);
        assert.ok(Object.is(error.value, value));
        return true;
      });
    }
  });
}
