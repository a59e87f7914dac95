import type { SourceFile } from "../../.ci/source_tree.ts";
import type { Mutant } from "./sample.ts";
import type { Judgement } from "./judgement_file.ts";

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
    const at = placeOf(judged, original);
    if (at < 0) {
      gone.push(`${judged.path}:${judged.line}: ${judged.change}`);
      continue;
    }
    mutants.push(remake(judged, { original, at }));
  }
  return { mutants, gone };
}

/** Where the lines of a change stand, nearest to where they stood; -1 where they do not. */
function placeOf({ before, line }: Judgement, text: string): number {
  let place = -1;
  let least = Infinity;
  for (let at = text.indexOf(before); at >= 0; at = text.indexOf(before, at + 1)) {
    const distance = Math.abs(text.slice(0, at).split("\n").length - line);
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
