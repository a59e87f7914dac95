import assert from "node:assert/strict";
import {
  ARITHMETIC_FIELDS,
  ArithmeticError,
  declaredFields,
  describeArithmetic,
  FLOAT32_ARITHMETIC,
  parseArithmetic,
} from "./arithmetic.ts";

Deno.test("parseArithmetic() takes nothing declared as float32 throughout", () => {
  assert.deepEqual(parseArithmetic({}), FLOAT32_ARITHMETIC);
  assert.deepEqual(Object.keys(FLOAT32_ARITHMETIC), Object.keys(ARITHMETIC_FIELDS));
});

Deno.test("parseArithmetic() takes every value of every field, and gives it back", () => {
  for (const [name, field] of Object.entries(ARITHMETIC_FIELDS)) {
    const values = "choices" in field ? field.choices : [field.minimum, field.maximum];
    for (const value of values) {
      const parsed = parseArithmetic({ [name]: value });
      assert.equal(parsed[name as keyof typeof parsed], value);
      assert.deepEqual(parseArithmetic(declaredFields(parsed)), parsed);
    }
  }
});

Deno.test("parseArithmetic() refuses what no field takes, and names the field and what it takes", () => {
  for (const [name, field] of Object.entries(ARITHMETIC_FIELDS)) {
    const wrong = "choices" in field
      ? ["", "F32", 1, null, [field.choices[0]]]
      : [field.minimum / 2 - 1, field.maximum * 2, NaN, "0", null];
    for (const value of wrong) {
      assert.throws(() => parseArithmetic({ [name]: value }), (error: unknown) => {
        assert.ok(error instanceof ArithmeticError);
        assert.equal(error.field, name);
        assert.ok(error.message.startsWith(`Cannot declare ${name} `), error.message);
        assert.match(error.message, "choices" in field ? /one of f|one of [a-z]/ : /number from/);
        return true;
      });
    }
  }
});

Deno.test("parseArithmetic() refuses unknown fields and what is not an object", () => {
  assert.throws(() => parseArithmetic({ wieghts: "bf16" }), {
    field: "wieghts",
    message: /weights/,
  });
  for (const value of [null, undefined, "f32", 1, [], [{}]]) {
    assert.throws(() => parseArithmetic(value), { name: "ArithmeticError", field: "" });
  }
});

Deno.test("parseArithmetic() refuses fields that contradict each other", () => {
  assert.throws(
    () => parseArithmetic({ normalised: "before", denominator: "rounded" }),
    { field: "denominator" },
  );
  assert.throws(
    () => parseArithmetic({ weights: "f16", weightScale: 2 ** 8, rescaleThreshold: 8 }),
    { field: "rescaleThreshold" },
  );
  parseArithmetic({ weights: "bf16", weightScale: 2 ** 8, rescaleThreshold: 8 });
  parseArithmetic({ weights: "f16", weightScale: 2 ** 7, rescaleThreshold: 8 });
});

Deno.test("describeArithmetic() names what differs from float32, and nothing else", () => {
  assert.equal(describeArithmetic(FLOAT32_ARITHMETIC), "float32 throughout");
  const flash = parseArithmetic({
    weights: "storage",
    sums: "matrix",
    exponentialError: 2 ** -13,
    rescaleThreshold: 8,
  });
  assert.equal(
    describeArithmetic(flash),
    "sums matrix, exponentialError 2^-13, weights storage, rescaleThreshold 8",
  );
});
