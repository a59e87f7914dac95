import { runTimeEdges } from "./import_rules.ts";
import {
  type Breach,
  countLines,
  isImplementation,
  type SourceFile,
  withoutDocComments,
} from "./source_tree.ts";

/** The most lines that a TypeScript file may have. */
export const MAX_FILE_LINES = 400;
/** The most lines that the median implementation file may have. */
export const MAX_MEDIAN_LINES = 150;

/** Tests themselves, proved by the mutants that they reject. */
const SUITES = "conformance/suites/";
/** Imports between a test and a file that the test counts for. */
const MAX_HOPS = 2;

/** No TypeScript file is longer than {@link MAX_FILE_LINES}. */
export function checkFileSizes(files: readonly SourceFile[]): Breach[] {
  return files.filter(({ path, text }) => path.endsWith(".ts") && countLines(text) > MAX_FILE_LINES)
    .map(({ path, text }) => ({
      rule: "file-size",
      path,
      message: `File has ${countLines(text)} lines, more than ${MAX_FILE_LINES}; split it`,
    }));
}

/** The median implementation file has at most {@link MAX_MEDIAN_LINES} lines. */
export function checkMedianSize(files: readonly SourceFile[]): Breach[] {
  const sizes = files.filter(({ path }) => isImplementation(path) && !path.endsWith("mod.ts"))
    .map(({ text }) => countLines(text)).sort((a, b) => a - b);
  const median = sizes[Math.floor(sizes.length / 2)] ?? 0;
  if (median <= MAX_MEDIAN_LINES) return [];
  const message = `Median file has ${median} lines, more than ${MAX_MEDIAN_LINES}`;
  return [{ rule: "median-size", path: ".", message }];
}

/**
 * A file with logic has a test beside it, or is reached from a test of its top folder in at most
 * {@link MAX_HOPS} imports: small helpers are tested through what uses them.
 */
export function checkTestsBeside(files: readonly SourceFile[]): Breach[] {
  const paths = new Set(files.map(({ path }) => path));
  const reached = reachedFromTests(files);
  return files.filter(({ path, text }) =>
    isImplementation(path) && !path.startsWith(SUITES) && hasLogic(text) && !reached.has(path) &&
    !paths.has(path.replace(/\.ts$/, "_test.ts"))
  ).map(({ path }) => ({
    rule: "test-beside",
    path,
    message: `File has no test; add '${path.replace(/\.ts$/, "_test.ts")}'`,
  }));
}

function reachedFromTests(files: readonly SourceFile[]): Set<string> {
  const edges = runTimeEdges(files);
  const reached = new Set<string>();
  for (const test of edges.keys()) {
    if (!test.endsWith("_test.ts")) continue;
    let front = [test];
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      const next = front.flatMap((path) => edges.get(path) ?? []).map(({ target }) => target)
        // A top folder's mod.ts leads to everything, so it proves nothing; a room's is passed.
        .filter((target) =>
          topFolder(target) === topFolder(test) && target !== `${topFolder(test)}/mod.ts`
        )
        .flatMap((target) =>
          target.endsWith("/mod.ts")
            ? (edges.get(target) ?? []).map((entry) => entry.target)
            : target
        );
      for (const target of next) reached.add(target);
      front = next;
    }
  }
  return reached;
}

function topFolder(path: string): string {
  return path.split("/")[0]!;
}

/** Only exported functions and classes count: types, tables and re-exports have no logic. */
function hasLogic(text: string): boolean {
  return /^export (?:default )?(?:async )?(?:function|class)\b/m.test(withoutDocComments(text));
}
