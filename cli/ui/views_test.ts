import assert from "node:assert/strict";
import { buildNode, type Element, type ElementMaker, textOf, type View } from "./element.ts";
import { countFamilies } from "./matrix.ts";
import { viewAdapter, viewProblem, viewProgress } from "./run_views.ts";
import { FIRST_STATE } from "./state.ts";
import { viewFailures, viewMatrix, viewVerdict } from "./suite_views.ts";
import { ADAPTER, caseRow, failed, passed, suiteReport } from "./testing_messages.ts";

const CASES = [
  passed("kernel:mask:b:x=1", 0.25),
  passed("kernel:mask:b:x=2", 0.5),
  failed("kernel:attend:a:"),
  caseRow("kernel:attend:c:", { kind: "skip", missing: ["kernel.capture"] }),
];
const BROKEN = caseRow("kernel:dual:d:", {
  kind: "error",
  origin: "subject",
  code: "timeout",
  message: "No answer",
});

function find(views: readonly View[], tag: string): Element[] {
  return views.flatMap((view) =>
    typeof view === "string"
      ? []
      : [...(view.tag === tag ? [view] : []), ...find(view.children, tag)]
  );
}

Deno.test("countFamilies() counts verdicts by family, and takes the largest budget of passes", () => {
  const none = { passed: 0, failed: 0, broken: 0, skipped: 0, budgetUsed: null };
  assert.deepEqual(countFamilies([...CASES, BROKEN]), [
    { ...none, family: "kernel:attend", failed: 1, skipped: 1 },
    { ...none, family: "kernel:dual", broken: 1 },
    { ...none, family: "kernel:mask", passed: 2, budgetUsed: 0.5 },
  ]);
});

Deno.test("viewMatrix() has a row a family, and a column of broken cases only where there are any", () => {
  const rows = find(viewMatrix(CASES), "tr").map(textOf);
  assert.deepEqual(rows, [
    "Tests passed failed skipped budget used",
    "kernel:attend 0 1 1 no budget",
    "kernel:mask 2 0 0  50.0 %",
  ]);
  assert.match(textOf(find(viewMatrix([...CASES, BROKEN]), "tr")[0]!), /failed broken skipped/);
  assert.deepEqual(viewMatrix([]), []);
});

Deno.test("viewFailures() shows each with the command that repeats it, and counts the rest", () => {
  const [failure] = find(viewFailures([CASES[2]!]), "details");
  assert.match(textOf(failure!), /expected <b>2<\/b>, found 1/);
  assert.equal(
    textOf(find([failure!], "pre")[0]!),
    "headwise conformance --filter 'kernel:attend:a:'",
  );
  const many = viewFailures(Array.from({ length: 103 }, (_, i) => failed(`kernel:a:b:x=${i}`)));
  assert.equal(find(many, "details").length, 100);
  assert.match(many.map(textOf).join("\n"), /^103 failed[\s\S]*3 more stand in the report/);
});

Deno.test("viewVerdict() says conformant only of a whole run without a failure or a fault", () => {
  const verdicts = [
    [suiteReport({ passed: 1 }), "Conformant"],
    [suiteReport({ passed: 1, failed: 1 }), "Not conformant"],
    [suiteReport({ passed: 1, subjectErrors: 1 }), "No verdict"],
    [suiteReport({ passed: 1 }, false), "Incomplete"],
    [suiteReport({ skipped: 1 }), "Nothing ran"],
  ] as const;
  for (const [report, word] of verdicts) {
    assert.equal(viewVerdict(report).map(textOf).join(), word);
  }
});

Deno.test("viewAdapter() says of a software adapter that its times say nothing", () => {
  const text = (isSoftware: boolean): string =>
    viewAdapter({ ...FIRST_STATE, adapter: { ...ADAPTER, isSoftware } }).map(textOf).join("\n");
  assert.match(text(true), /a GPU\n.*runs on the CPU/);
  assert.doesNotMatch(text(false), /CPU/);
});

Deno.test("viewAdapter() waits for an adapter only until the browser has answered", () => {
  assert.match(viewAdapter(FIRST_STATE).map(textOf).join(), /^Asking/);
  const idle = { ...FIRST_STATE, phase: { kind: "idle" } } as const;
  assert.equal(viewAdapter(idle).map(textOf).join(), "None");
});

Deno.test("viewProblem() is an alert with every fix", () => {
  const [problem] = viewProblem({ title: "No GPU", fixes: ["one", "two"] });
  assert.ok(typeof problem === "object" && problem.attributes["role"] === "alert");
  assert.equal(find([problem], "li").length, 2);
});

Deno.test("viewProgress() is a share where one is known", () => {
  const bar = (phase: typeof FIRST_STATE.phase): Element | undefined =>
    find(viewProgress({ ...FIRST_STATE, phase }), "progress")[0];
  assert.equal(bar({ kind: "suites", done: 1, cases: 4 })?.attributes["value"], "0.2500");
  assert.equal(bar({ kind: "starting" })?.attributes["value"], undefined);
  assert.equal(bar({ kind: "idle" }), undefined);
});

Deno.test("buildNode() makes text of text, never markup", () => {
  const made: string[] = [];
  const node = (name: string): unknown => ({
    setAttribute: (key: string, value: string) => made.push(`${name}@${key}=${value}`),
    append: (...children: unknown[]) => made.push(`${name} has ${children.length}`),
  });
  const document = {
    createElement: node,
    createTextNode: (text: string) => made.push(`text ${text}`),
  } as unknown as ElementMaker;
  const view = { tag: "p", attributes: { hidden: true, max: 1 }, children: ["<b>"] } as const;
  buildNode(view, document);
  assert.deepEqual(made, ["p@hidden=", "p@max=1", "text <b>", "p has 1"]);
});
