import type { SourceFile } from "../../.ci/source_tree.ts";
import type { Mutant } from "./sample.ts";
import { changedLines, type Judgement } from "./judgement_file.ts";

/** Verdicts that a new test may turn. */
const OPEN: readonly string[] = ["survived", "undecided"];

/**
 * The changes of a file of judgements that no sound test noticed, made in the checkout as it is now.
 * `gone` lists those whose lines are no longer there.
 */
export function findAgain(
  judgements: readonly Judgement[],
  files: readonly SourceFile[],
): { mutants: Mutant[]; gone: string[] } {
  const mutants: Mutant[] = [];
  const gone: string[] = [];
  for (const judged of judgements.filter(({ kind }) => OPEN.includes(kind))) {
    const original = files.find(({ path }) => path === judged.path)?.text ?? "";
    const whole = { before: judged.before, after: judged.after };
    const lines = [whole, changedLines(whole)].find((each) =>
      placeOf(each.before, { text: original, line: judged.line }) >= 0
    );
    if (lines === undefined) {
      gone.push(`${judged.path}:${judged.line}: ${judged.change}`);
      continue;
    }
    const at = placeOf(lines.before, { text: original, line: judged.line });
    mutants.push(remake({ ...judged, ...lines }, { original, at }));
  }
  return { mutants, gone };
}

/** Where lines stand, nearest to where they stood; -1 where they do not. */
function placeOf(lines: string, o: { text: string; line: number }): number {
  let place = -1;
  let least = Infinity;
  for (let at = o.text.indexOf(lines); at >= 0; at = o.text.indexOf(lines, at + 1)) {
    const distance = Math.abs(o.text.slice(0, at).split("\n").length - o.line);
    if (distance < least) [place, least] = [at, distance];
  }
  return place;
}

function remake(judged: Judgement, o: { original: string; at: number }): Mutant {
  const { before, after, path } = judged;
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  let tail = 0;
  const most = Math.min(before.length, after.length) - same;
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const start = o.at + same;
  const change = {
    kind: judged.change,
    start,
    end: o.at + before.length - tail,
    replacement: after.slice(same, after.length - tail),
  };
  const text = o.original.slice(0, o.at) + after + o.original.slice(o.at + before.length);
  const line = o.original.slice(0, start).split("\n").length;
  return { path, line, change, original: o.original, text };
}
