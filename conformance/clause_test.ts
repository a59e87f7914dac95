import assert from "node:assert/strict";
import {
  ClauseError,
  listClauses,
  listPendingClauses,
  parseClauses,
  parsePendingClauses,
} from "./clause.ts";

const GOOD = `
section: 1
title: Layouts
clauses:
  - { id: layout/a, level: MUST, kind: safety, text: A., rationale: B. }
`;

Deno.test("listClauses() holds every clause of the declarations and the eight sections", () => {
  const clauses = listClauses();
  assert.deepEqual([...new Set(clauses.map((clause) => clause.section))], [
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
  ]);
  assert.equal(clauses.length, 90);
  assert.equal(new Set(clauses.map((clause) => clause.id)).size, clauses.length);
  for (const clause of clauses) {
    assert.ok(clause.text.endsWith("."), clause.id);
    assert.ok(clause.rationale.endsWith("."), clause.id);
  }
});

Deno.test("listPendingClauses() says of every clause that has no test why", () => {
  const known = new Set(listClauses().map(({ id }) => id));
  for (const { id, reason } of listPendingClauses()) {
    assert.ok(known.has(id), id);
    assert.ok(reason.length > 20, id);
  }
});

Deno.test("parseClauses() refuses a file when a part is missing, unknown or malformed", () => {
  const bad = [
    GOOD.replace("level: MUST", "level: must"),
    GOOD.replace("layout/a", "Layout-a"),
    GOOD.replace("kind: safety", "kind: danger"),
    GOOD.replace("kind: safety, ", ""),
    GOOD.replace(", rationale: B.", ""),
    GOOD.replace("rationale: B.", "rationale: B., note: C."),
    GOOD.replace("section: 1", "section: one"),
    "section: 1\ntitle: Layouts\nclauses: []\n",
    "section: [",
  ];
  assert.equal(parseClauses(GOOD, "good.yaml").length, 1);
  for (const text of bad) {
    assert.throws(
      () => parseClauses(text, "bad.yaml"),
      (error) => error instanceof ClauseError && error.file === "bad.yaml",
      text,
    );
  }
});

Deno.test("parsePendingClauses() refuses an entry when it has no reason", () => {
  assert.throws(() => parsePendingClauses("pending: [{ id: gate/read }]", "p.yaml"), ClauseError);
});
