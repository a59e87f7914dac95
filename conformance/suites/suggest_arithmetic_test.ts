import assert from "node:assert/strict";
import { emulateAttention, parseArithmetic, rowOfKind } from "../../kernel/mod.ts";
import { judgeReply } from "./kernel_case.ts";
import { suggestArithmetic } from "./suggest_arithmetic.ts";

const FLASH = parseArithmetic({ sums: "matrix", weights: "storage" });
const problem = rowOfKind("random", { seed: 2, storage: "bf16", keys: 40 });

Deno.test("judgeReply() names the arithmetic that an answer is right by, where nothing was declared", () => {
  const reply = emulateAttention(problem, FLASH, { seed: 1 });
  assert.throws(
    () => judgeReply(problem, reply),
    /; it lies inside the bound of sums matrix, weights storage: .* declares it \(docs\/arithmetic.md\)$/,
  );
  assert.equal(judgeReply(problem, { ...reply, arithmetic: [FLASH] }).kind, "pass");
});

Deno.test("judgeReply() suggests no arithmetic to a kernel that loses a key", () => {
  const reply = emulateAttention(problem, FLASH, { seed: 1, skip: (key) => key === 7 });
  assert.throws(
    () => judgeReply(problem, reply),
    (error: Error) => !/declares/.test(error.message),
  );
});

Deno.test("suggestArithmetic() tries none where no rounding explains the answer", () => {
  const isRight = () => true;
  assert.equal(suggestArithmetic({ factor: Infinity, isRight }), "");
  assert.equal(suggestArithmetic({ factor: NaN, isRight }), "");
  assert.match(suggestArithmetic({ factor: 30, isRight }), /weights storage/);
});
