import assert from "node:assert/strict";
import { listClauses } from "./clause.ts";
import { orderQueries, parseQuery, printQuery } from "./query.ts";
import { listCases, listTests } from "./registry.ts";
import { casesOf, grid, vary } from "./test_definition.ts";

Deno.test("listCases() has unique ids in canonical form and in order", () => {
  const queries = listCases().map((each) => each.query);
  assert.equal(new Set(queries).size, queries.length);
  assert.ok(queries.length >= 400, `${queries.length} cases`);
  for (const query of queries) {
    assert.equal(printQuery(parseQuery(query)), query);
  }
  assert.deepEqual([...queries].sort(orderQueries), queries);
});

Deno.test("listTests() describes every test and names known clauses, each once", () => {
  const known = new Set(listClauses().map((clause) => clause.id));
  const names = new Set<string>();
  for (const { id: name, ...test } of listTests()) {
    assert.ok(!names.has(name), name);
    names.add(name);
    assert.ok(test.description.length > 10 && test.description.length <= 100, name);
    assert.ok(!test.description.endsWith("."), name);
    assert.ok(!/\bshould\b/i.test(test.description), name);
    assert.ok(test.cases.length > 0, name);
    assert.ok(test.clauses.length > 0 && test.clauses.every((id) => known.has(id)), name);
    assert.equal(new Set(test.clauses).size, test.clauses.length, name);
  }
});

Deno.test("listCases() chooses by any of its filters", () => {
  const filters = ["allocator:recycle:tail_race:layout=pooled;page=64;window=128", "kernel:dual"]
    .map(parseQuery);
  const queries = listCases({ filters }).map((each) => each.query);
  assert.equal(queries[0], "allocator:recycle:tail_race:layout=pooled;page=64;window=128");
  assert.ok(queries.slice(1).every((query) => query.startsWith("kernel:dual:")));
  assert.equal(listCases({ filters: [parseQuery("nothing")] }).length, 0);
});

Deno.test("casesOf() prints parameters in the order of their keys", () => {
  const test = listTests().find((each) => each.id.endsWith(":tail_race"));
  const [first] = test === undefined ? [] : casesOf(test);
  assert.equal(first?.query, "allocator:recycle:tail_race:layout=headwise;page=16;window=1");
});

Deno.test("grid() builds every combination and vary() one axis at a time", () => {
  assert.deepEqual(grid({ a: [1, 2], b: ["x", "y"] }), [
    { a: 1, b: "x" },
    { a: 1, b: "y" },
    { a: 2, b: "x" },
    { a: 2, b: "y" },
  ]);
  assert.deepEqual(vary({ a: 1, b: "x" }, { b: ["y", "z"] }), [
    { a: 1, b: "x" },
    { a: 1, b: "y" },
    { a: 1, b: "z" },
  ]);
});
