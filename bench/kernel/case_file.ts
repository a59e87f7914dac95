/** The file of cases: YAML to checked cases, with positions of what is wrong. */

import { z } from "zod";
import { type Loaded, parseCheckedYaml, type Report, requireLoaded } from "../../fixtures/mod.ts";
import builtinText from "./cases.yaml" with { type: "text" };
import type { KernelCase } from "./case.ts";
import { caseSchema, shapeSchema } from "./case_schema.ts";

const fileSchema = z.strictObject({
  shapes: z.record(z.string(), shapeSchema),
  cases: z.array(caseSchema).min(1),
});

type CaseFile = z.output<typeof fileSchema>;

/**
 * Reads a file of cases.
 *
 * @param o `file` names it in diagnostics.
 * @returns The cases, or diagnostics with positions; it never throws.
 */
export function parseKernelCases(
  text: string,
  o: { readonly file: string },
): Loaded<readonly KernelCase[]> {
  const loaded = parseCheckedYaml(text, { file: o.file, schema: fileSchema, check: checkNames });
  if (loaded.kind === "rejected") return loaded;
  const { shapes, cases } = loaded.value;
  const value = cases.map((each): KernelCase => ({ ...each, shape: shapes[each.shape] }));
  return { ...loaded, value };
}

/** Gives the cases that come with the project. */
export function builtinKernelCases(): readonly KernelCase[] {
  return requireLoaded(parseKernelCases(builtinText, { file: "kernel_cases.yaml" }));
}

function checkNames({ shapes, cases }: CaseFile, report: Report): void {
  const names = cases.map(({ name }) => name);
  cases.forEach((each, index) => {
    const at = (...path: (string | number)[]) => ["cases", index, ...path];
    if (names.indexOf(each.name) !== index) {
      report(at("name"), {
        code: "kernel-case/repeated-name",
        message: `The name "${each.name}" is taken`,
        fix: "give each case a name of its own",
      });
    }
    if (!Object.hasOwn(shapes, each.shape)) {
      report(at("shape"), {
        code: "kernel-case/unknown-shape",
        message: `Shape "${each.shape}" does not exist`,
        fix: `use one of: ${Object.keys(shapes).join(", ")}`,
      });
    } else if (each.windows !== null && each.windows.heads > shapes[each.shape].kvHeads) {
      report(at("windows", "heads"), {
        code: "kernel-case/window-heads",
        message: `${each.windows.heads} window heads exceed the shape's KV heads`,
        fix: `give 1…${shapes[each.shape].kvHeads}`,
      });
    }
    each.requests.forEach(({ contextTokens, queryTokens }, position) => {
      if (queryTokens <= contextTokens) return;
      report(at("requests", position, "queryTokens"), {
        code: "kernel-case/query-length",
        message: `${queryTokens} query tokens exceed a context of ${contextTokens}`,
        fix: "the context counts the step's own tokens too",
      });
    });
    each.goals.forEach((goal, position) => {
      if (!("case" in goal) || names.includes(goal.case)) return;
      report(at("goals", position, "case"), {
        code: "kernel-case/unknown-case",
        message: `Case "${goal.case}" does not exist`,
        fix: "name a case of this file",
      });
    });
  });
}
