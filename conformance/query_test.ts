import assert from "node:assert/strict";
import fc from "fast-check";
import {
  matchesQuery,
  orderQueries,
  parseQuery,
  printQuery,
  type Query,
  QueryError,
} from "./query.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,5}$/);
const key = fc.stringMatching(/^[a-z][A-Za-z0-9_]{0,5}$/);
const value = fc.stringMatching(/^[A-Za-z0-9_.+-]{1,6}$/);

const anyQuery: fc.Arbitrary<Query> = fc.record({
  suite: fc.option(name),
  path: fc.array(name, { maxLength: 3 }),
  pathOpen: fc.boolean(),
  test: fc.option(name),
  params: fc.uniqueArray(fc.tuple(key, value), { selector: ([each]) => each, maxLength: 3 })
    .map((params) => [...params].sort(([a], [b]) => (a < b ? -1 : 1))),
  paramsOpen: fc.boolean(),
}).map((query) => ({ ...query, pathOpen: query.pathOpen || query.path.length === 0 }));

const caseQuery = anyQuery.map((query) => ({
  ...query,
  suite: query.suite ?? "suite",
  path: query.path.length === 0 ? ["path"] : query.path,
  pathOpen: false,
  test: query.test ?? "test",
  paramsOpen: false,
}));

Deno.test("parseQuery() reads back what printQuery() wrote", () => {
  fc.assert(
    fc.property(anyQuery, (query) => {
      assert.deepEqual(parseQuery(printQuery(query)), query);
    }),
    { seed: 1 },
  );
});

Deno.test("printQuery() gives one text for every spelling of a query", () => {
  const spellings = [
    ["a", "a:*", "a:*:*", "a:*:*:*"],
    ["a:b", "a:b:*", "a:b:*:*"],
    ["a:b,*", "a:b,*:*", "a:b,*:*:*"],
    ["a:b:c", "a:b:c:*"],
    ["a:b:c:"],
    ["a:b:c:p=1;q=2", "a:b:c:q=2;p=1"],
    ["a:b:c:p=1;q=2;*", "a:b:c:q=2;p=1;*"],
    ["*", "*:*:*:*"],
    ["*:*:*:p=1;*"],
  ];
  const printed = spellings.map((texts) => {
    const forms = new Set(texts.map((text) => printQuery(parseQuery(text))));
    assert.equal(forms.size, 1, texts.join(" "));
    return [...forms][0];
  });
  assert.equal(new Set(printed).size, spellings.length);
});

Deno.test("parseQuery() refuses every forbidden character when it stands in any place", () => {
  const printable = Array.from({ length: 96 }, (_, index) => String.fromCharCode(32 + index));
  const places: readonly [before: string, after: string, allowed: RegExp][] = [
    ["a", "b", /[a-z0-9_:]/],
    ["a:b", "b", /[a-z0-9_:,]/],
    ["a:b:c", "c:", /[a-z0-9_]/],
    ["a:b:c:k", "k=1", /[A-Za-z0-9_]/],
    ["a:b:c:k=1", "1", /[A-Za-z0-9_.+-]/],
  ];
  for (const [before, after, allowed] of places) {
    for (const character of [...printable, "\n", "\t", "\0", "é", "😀"]) {
      const text = before + character + after;
      if (allowed.test(character) && character.length === 1) {
        assert.doesNotThrow(() => parseQuery(text), text);
      } else {
        assert.throws(() => parseQuery(text), QueryError, JSON.stringify(text));
      }
    }
  }
});

Deno.test("parseQuery() refuses texts that do not follow the grammar", () => {
  const bad = ["", ":", "A", "1a", "a:", "a:,", "a:b,", "a:*,b", "a:b:c:d=1:e", "a:b:c:d=1;d=2"];
  for (
    const text of [...bad, "a:b:c:=1", "a:b:c:d", "a:b:c:d=", "a:b:c:;", "a:b:c:*;d=1", "a:b:C"]
  ) {
    assert.throws(() => parseQuery(text), QueryError, text);
  }
});

Deno.test("QueryError says at which offset reading stopped", () => {
  const offsets = { "ab?c": 2, "a:b:cd!": 6, "a:b,c?": 5, "a:b:c:k=1;m": 10, "a:b:c:k=1:x": 9 };
  for (const [text, offset] of Object.entries(offsets)) {
    assert.throws(
      () => parseQuery(text),
      (error) => error instanceof QueryError && error.offset === offset && error.text === text,
    );
  }
});

Deno.test("matchesQuery() is a partial order over queries", () => {
  fc.assert(
    fc.property(anyQuery, anyQuery, anyQuery, (a, b, c) => {
      assert.ok(matchesQuery(a, a));
      if (matchesQuery(a, b) && matchesQuery(b, c)) {
        assert.ok(matchesQuery(a, c));
      }
      if (matchesQuery(a, b) && matchesQuery(b, a)) {
        assert.equal(printQuery(a), printQuery(b));
      }
    }),
    { seed: 2, numRuns: 2000 },
  );
});

Deno.test("matchesQuery() covers a case by every generalisation of its id", () => {
  fc.assert(
    fc.property(caseQuery, fc.integer({ min: 0, max: 3 }), (query, dropped) => {
      const general = [
        { ...query, suite: null },
        { ...query, path: query.path.slice(0, -1), pathOpen: true },
        { ...query, test: null },
        { ...query, params: query.params.slice(1), paramsOpen: true },
      ][dropped] ?? query;
      assert.ok(matchesQuery(general, query));
      assert.equal(matchesQuery(query, general), false);
    }),
    { seed: 3 },
  );
});

Deno.test("matchesQuery() tells names apart where one begins with the other", () => {
  assert.equal(matchesQuery(parseQuery("alloc"), parseQuery("allocator:a:b:")), false);
  assert.equal(matchesQuery(parseQuery("a:b:t:p=1;*"), parseQuery("a:b:t:p=16")), false);
  assert.equal(matchesQuery(parseQuery("a:b"), parseQuery("a:b,c:t:")), false);
  assert.equal(matchesQuery(parseQuery("a:b,*"), parseQuery("a:b,c:t:")), true);
  // A filter that is open covers none that is closed on less, and is not covered by it.
  assert.equal(matchesQuery(parseQuery("a:b:t"), parseQuery("a:b,*:t")), false);
  assert.equal(matchesQuery(parseQuery("a:b,c"), parseQuery("a:b,*")), false);
});

Deno.test("orderQueries() orders numbers by value and levels before depth", () => {
  const sorted = ["a:b:c:p=2", "a:b:c:p=16", "a:b:c:p=128", "a:b:d:p=1", "a:c:a:p=1", "b:a:a:"];
  assert.deepEqual([...sorted].reverse().sort(orderQueries), sorted);
});
