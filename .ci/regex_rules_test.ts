import assert from "node:assert/strict";
import { analyse } from "scslre";
import { IMPORT_DIRECTION } from "./import_rules.ts";
import { isImplementation, readSourceTree } from "./source_tree.ts";

/**
 * Files that build patterns from parts: fixed words of our own, anchored or of bounded length, which
 * were looked at by hand. A pattern is written whole where it can be, so that it is analysed.
 */
const BUILT = new Set([
  "bench/card/data_sheets.ts",
  "bench/result/output_claim.ts",
  "bench/result/output_kinds.ts",
  "cli/terminal/guard.ts",
  "cli/terminal/table.ts",
]);

interface Found {
  readonly pattern: string;
  readonly flags: string;
}

/** Every pattern of a source, and whether it builds others. */
function patternsOf(text: string): { readonly literals: Found[]; readonly builds: boolean } {
  const literals: Found[] = [];
  let builds = false;
  const isRegExp = (node: Deno.lint.Expression): boolean =>
    node.type === "Identifier" && node.name === "RegExp";
  Deno.lint.runPlugin(
    {
      name: "patterns",
      rules: {
        patterns: {
          create: () => ({
            Literal(node) {
              if (!("regex" in node) || typeof node.regex?.pattern !== "string") return;
              literals.push({ ...node.regex });
            },
            NewExpression(node) {
              builds ||= isRegExp(node.callee);
            },
            CallExpression(node) {
              builds ||= isRegExp(node.callee);
            },
          }),
        },
      },
    },
    "source.ts",
    text,
  );
  return { literals, builds };
}

/** What makes a pattern take more than linear time on some text, in words; empty where nothing. */
function slowPartsOf({ pattern, flags }: Found): string[] {
  const { reports } = analyse({ source: pattern, flags });
  return reports.map((report) => `/${pattern}/${flags}: ${report.type}`);
}

Deno.test("no pattern of the program takes more than linear time", () => {
  let patterns = 0;
  const slow = readSourceTree(".")
    .filter(({ path }) => path.split("/")[0]! in IMPORT_DIRECTION && isImplementation(path))
    .filter(({ path }) => path.endsWith(".ts") && !path.includes("/testing_"))
    .flatMap(({ path, text }) => {
      const { literals, builds } = patternsOf(text);
      patterns += literals.length;
      const built = builds && !BUILT.has(path)
        ? [`${path}: builds a pattern; write it whole, or list the file`]
        : [];
      return [...built, ...literals.flatMap(slowPartsOf).map((what) => `${path}: ${what}`)];
    });
  assert.deepEqual(slow, []);
  assert.ok(patterns > 100, `${patterns} patterns found`);
});

Deno.test("slowPartsOf() finds what takes quadratic time on a run, and more", () => {
  const slow = [
    /\s*\n\s*/g,
    /\s+$/,
    /\/+$/,
    /^(.+?)\s*$/,
    /\s+(?=(?:[^"']|"[^"]*"|'[^']*')*$)/g,
    /^(a+)+$/,
    /<[^>]+>/g,
  ];
  for (const { source, flags } of slow) {
    assert.notEqual(slowPartsOf({ pattern: source, flags }).length, 0, source);
  }
  for (const { source, flags } of [/^\s*a/, /[^,]+,/y, /a|b/g, /^\d+$/]) {
    assert.deepEqual(slowPartsOf({ pattern: source, flags }), [], source);
  }
});

Deno.test("patternsOf() sees literals and patterns that are built", () => {
  assert.deepEqual(patternsOf("const a = x.replace(/b+c/g, '');"), {
    literals: [{ pattern: "b+c", flags: "g" }],
    builds: false,
  });
  assert.equal(patternsOf("const a = new RegExp(b);").builds, true);
  assert.equal(patternsOf("const a = RegExp(b);").builds, true);
});
