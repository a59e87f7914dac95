import { changedLines, type Judgement } from "./judgement_file.ts";

/** Longest text of a change in a line. */
const SHOWN_CHARACTERS = 160;

/** `path:line: kind: before → after`, in one line. */
export function describeJudgement(judgement: Judgement): string {
  const { path, line, change } = judgement;
  const { before, after } = changedLines(judgement);
  return `${path}:${line}: ${change}: ${oneLine(before)} → ${oneLine(after)}`;
}

/** Every change that no sound test noticed or that hung, with its line, and the figure. */
export function summarize(judgements: readonly Judgement[]): string {
  const ordered = [...judgements].sort((a, b) => a.index - b.index);
  const of = (wanted: Judgement["kind"]) => ordered.filter(({ kind }) => kind === wanted);
  const survived = of("survived").length;
  const decided = ordered.length - of("undecided").length;
  const share = decided === 0 ? 0 : 100 * survived / decided;
  const unsound = new Set(ordered.flatMap((each) => each.unsound));
  return [
    ...of("survived").map((each) => `survived: ${describeJudgement(each)}`),
    ...of("undecided").map((each) => `undecided: ${describeJudgement(each)}`),
    ...of("hung").map((each) => `hung: ${describeJudgement(each)}: ${each.by}`),
    ...[...unsound].sort().map((name) => `${name} fails without any change: it counts for nothing`),
    `${ordered.length} changes: ${of("killed").length + of("hung").length} noticed ` +
    `(${of("hung").length} of them by a test that did not end), ${survived} survived ` +
    `(${share.toFixed(1)} % of ${decided}), ${of("undecided").length} undecided`,
  ].join("\n");
}

function oneLine(lines: string): string {
  const text = lines.replaceAll(/\s+/g, " ").trim();
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS - 1)}…`;
}
