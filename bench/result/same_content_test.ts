import assert from "node:assert/strict";
import fc from "fast-check";
import { contentText, findRepeated, refuseRepeated } from "./same_content.ts";

/** The same value with the keys of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).reverse().map(([key, part]) => [key, reversed(part)]),
  );
}

Deno.test("contentText() is the same for every order of keys and tells other values apart", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
    assert.equal(contentText(reversed(left)), contentText(left));
    const isSame = contentText(left) === contentText(right);
    const [one, other] = [left, right].map((value) => JSON.parse(JSON.stringify(value)));
    let isEqual = true;
    try {
      assert.deepEqual(one, other);
    } catch {
      isEqual = false;
    }
    assert.equal(isSame, isEqual);
  }));
  assert.notEqual(contentText([1, 2]), contentText([2, 1]));
});

Deno.test("findRepeated() names two samples that share anything, but not within a group", () => {
  const sample = (name: string, ...contents: readonly unknown[]) => ({ name, contents });
  const one = sample("a.json", { x: 1, y: [1, 2] });
  const same = sample("b.json", { z: 0 }, { y: [1, 2], x: 1 });
  const other = sample("c.json", { x: 1, y: [2, 1] });
  assert.deepEqual(findRepeated([[one], [other], [same]]), ["a.json", "b.json"]);
  assert.equal(findRepeated([[one, same], [other]]), null);
  assert.equal(findRepeated([]), null);
  assert.throws(() => refuseRepeated([[one], [same]]), /'a\.json' and 'b\.json' hold the same/);
});
