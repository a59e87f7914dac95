import assert from "node:assert/strict";
import { findAgain } from "./again.ts";
import {
  describeChange,
  type Judgement,
  openJudgements,
  parseJudgements,
  type Plan,
} from "./judgement_file.ts";
import { drawMutants, type Mutant } from "./sample.ts";
import { summarize } from "./summary.ts";
import { createRandom } from "../../allocator/mod.ts";
import { MUTANT } from "./testing.ts";

const PLAN: Plan = { seed: 1, count: 2, tests: 3, suites: false, again: null, checkout: "0a" };

const judged = (index: number, o: Partial<Judgement> = {}, mutant: Mutant = MUTANT): Judgement => ({
  index,
  ...describeChange(mutant),
  kind: "survived",
  by: "",
  passed: 4,
  unsound: [],
  elapsedS: 1.5,
  ...o,
});

async function inFolder(use: (path: string) => void | Promise<void>): Promise<void> {
  await Deno.mkdir("results", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "results", prefix: "judgements-" });
  try {
    await use(`${folder}/mutants.jsonl`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("openJudgements() resumes a cut file, and drops only the line that was cut", async () => {
  await inFolder(async (path) => {
    const first = await openJudgements(path, { plan: PLAN, resume: true });
    first.append(judged(2));
    first.append(judged(1, { kind: "killed", by: "a_test.ts" }));
    first.close();
    const whole = Deno.readTextFileSync(path);
    Deno.writeTextFileSync(path, whole.slice(0, -20));
    const second = await openJudgements(path, { plan: PLAN, resume: true });
    assert.deepEqual([...second.earlier], [[2, judged(2)]]);
    second.append(judged(1, { kind: "killed", by: "a_test.ts" }));
    second.close();
    assert.equal(Deno.readTextFileSync(path), whole);
    assert.equal(parseJudgements(whole, path).judgements.length, 2);
  });
});

Deno.test("openJudgements() replaces no file, and resumes only what has the same plan", async () => {
  await inFolder(async (path) => {
    (await openJudgements(path, { plan: PLAN, resume: false })).close();
    const text = Deno.readTextFileSync(path);
    await assert.rejects(openJudgements(path, { plan: PLAN, resume: false }), /give --resume/);
    for (
      const [name, plan] of Object.entries({
        seed: { ...PLAN, seed: 2 },
        tests: { ...PLAN, tests: 6 },
        checkout: { ...PLAN, checkout: "0b" },
        again: { ...PLAN, again: "a.jsonl" },
      })
    ) {
      await assert.rejects(openJudgements(path, { plan, resume: true }), new RegExp(name));
    }
    assert.equal(Deno.readTextFileSync(path), text);
    assert.throws(() => parseJudgements(`${text}{"index":\n`, path), /\.jsonl:2: /);
  });
});

Deno.test("findAgain() makes every kind of change again where lines have moved", () => {
  const text = [
    "export function f(a: number, b: boolean[]): number {",
    "  if (a < 7 && b.some(Boolean)) throw new RangeError(`no`);",
    "  let c = Math.min(a, 3) + 1;",
    "  for (const each of b) {",
    "    if (!each) continue;",
    "    c += a * 2;",
    "  }",
    "  return c;",
    "}",
    "",
  ].join("\n");
  const files = [{ path: "allocator/a.ts", text }];
  const mutants = drawMutants(files, { count: 1000, random: createRandom(5) });
  assert.ok(new Set(mutants.map(({ change }) => change.kind)).size >= 8);
  const moved = [{ path: "allocator/a.ts", text: `// moved\n${text}` }];
  const again = findAgain(mutants.map((each, at) => judged(at + 1, {}, each)), moved);
  assert.deepEqual(again.gone, []);
  assert.deepEqual(
    again.mutants.map((each) => [each.line, each.text]),
    mutants.map((each) => [each.line + 1, `// moved\n${each.text}`]),
  );
});

Deno.test("findAgain() finds a line again when those around it have changed", () => {
  const original = "const b = 1;\nif (a < 7) throw b;\nconst c = 2;\n";
  const start = original.indexOf("<");
  const mutant: Mutant = {
    path: "allocator/a.ts",
    line: 2,
    change: { kind: "boundary", start, end: start + 1, replacement: "<=" },
    original,
    text: original.replace("<", "<="),
  };
  const now = "const b = 5;\n// new\nif (a < 7) throw b;\nconst c = 3;\n";
  const { mutants, gone } = findAgain([judged(1, {}, mutant)], [{ path: mutant.path, text: now }]);
  assert.deepEqual(gone, []);
  assert.deepEqual(mutants.map(({ text, line }) => [text, line]), [[now.replace("<", "<="), 3]]);
});

Deno.test("findAgain() takes what no sound test noticed, and names what is gone", () => {
  const files = [{ path: MUTANT.path, text: MUTANT.original }];
  const all = (["survived", "undecided", "killed", "hung"] as const).map((kind, at) =>
    judged(at + 1, { kind })
  );
  assert.equal(findAgain(all, files).mutants.length, 2);
  const changed = [{ path: MUTANT.path, text: "if (a > b) c();\n" }];
  assert.deepEqual(findAgain(all, changed), {
    mutants: [],
    gone: ["allocator/a.ts:1: boundary", "allocator/a.ts:1: boundary"],
  });
});

Deno.test("summarize() lists what is open, and takes its share of what was decided", () => {
  const text = summarize([
    judged(5, { kind: "undecided", unsound: ["b_test.ts"] }),
    judged(1),
    judged(2, { kind: "hung", by: "a_test.ts" }),
    judged(3, { kind: "killed", by: "types" }),
    judged(4, { kind: "killed", by: "a_test.ts" }),
  ]);
  assert.match(text, /^survived: allocator\/a\.ts:1: boundary: if \(a < b.* → if \(a <= b.*;$/m);
  assert.match(text, /^undecided: /m);
  assert.match(text, /^hung: .*: a_test\.ts$/m);
  assert.match(text, /^b_test\.ts fails without any change/m);
  assert.match(text, /5 changes: 3 noticed \(1 .*\), 1 survived \(25\.0 % of 4\), 1 undecided$/);
});
