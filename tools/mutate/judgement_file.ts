import { ifThere } from "../../fixtures/mod.ts";
import type { Mutant } from "./sample.ts";
import type { Verdict } from "./verdict.ts";

/** What a run judges: two runs with equal plans judge the same changes by the same checks. */
export interface Plan {
  /** Seed of the sample. */
  readonly seed: number;
  /** Changes asked for. */
  readonly count: number;
  /** Test files tried for each change. */
  readonly tests: number;
  /** Whether the conformance suite is tried too. */
  readonly suites: boolean;
  /** File whose survivors are judged again; null for a new sample. */
  readonly again: string | null;
  /** SHA-256 of the checkout's files. */
  readonly checkout: string;
}

/** A change with its verdict: one line of the file. */
export interface Judgement extends Verdict {
  /** Place in the sample, from 1. */
  readonly index: number;
  /** Path of the changed file. */
  readonly path: string;
  /** Line of the change, from 1. */
  readonly line: number;
  /** What kind of change it is. */
  readonly change: string;
  /** The lines around the change, before it. */
  readonly before: string;
  /** The same lines, after it. */
  readonly after: string;
  /** Seconds that all its checks took. */
  readonly elapsedS: number;
}

/** A file that grows by one judgement at a time. */
export interface JudgementFile {
  /** What an earlier run judged, by place in the sample. */
  readonly earlier: ReadonlyMap<number, Judgement>;
  /** Adds a line, whole and flushed. */
  append(judgement: Judgement): void;
  close(): void;
}

const LINES_AROUND = 2;

/** What the file tells of a mutant: enough to find it again when lines have moved. */
export function describeChange(
  { path, line, change, original, text }: Mutant,
): Omit<Judgement, keyof Verdict | "index" | "elapsedS"> {
  let start = change.start;
  for (let lines = 0; start > 0 && lines <= LINES_AROUND; lines++) {
    start = original.lastIndexOf("\n", start - 1);
  }
  start = start <= 0 ? 0 : start + 1;
  let end = change.end;
  for (let lines = 0; end >= 0 && end < original.length && lines <= LINES_AROUND; lines++) {
    end = original.indexOf("\n", end + 1);
  }
  if (end < 0) end = original.length;
  const after = text.slice(start, end + text.length - original.length);
  return { path, line, change: change.kind, before: original.slice(start, end), after };
}

/** Only the lines that the change is in: those around it may be others by now. */
export function changedLines(
  o: { before: string; after: string },
): { before: string; after: string } {
  const [before, after] = [o.before.split("\n"), o.after.split("\n")];
  const isChanged = (): boolean => before.length > 1 && after.length > 1;
  while (isChanged() && before[0] === after[0]) [before, after].forEach((each) => each.shift());
  while (isChanged() && before.at(-1) === after.at(-1)) {
    [before, after].forEach((each) => each.pop());
  }
  return { before: before.join("\n"), after: after.join("\n") };
}

/**
 * Opens a file of judgements: a new one, or with `resume` one that a run with the same plan began. A
 * last line that was cut off is dropped.
 *
 * @throws {Error} When there is a file and `resume` is false, or its plan differs.
 */
export async function openJudgements(
  path: string,
  o: { readonly plan: Plan; readonly resume: boolean },
): Promise<JudgementFile> {
  const found = await ifThere(() => Deno.readTextFile(path));
  const earlier = new Map<number, Judgement>();
  let kept = "";
  if (found !== null) {
    if (!o.resume) {
      throw new Error(`Cannot write '${path}': it is there; give --resume, or --out another file`);
    }
    kept = found.slice(0, found.lastIndexOf("\n") + 1);
    const { plan, judgements } = parseJudgements(kept, path);
    const differing = (Object.keys(o.plan) as (keyof Plan)[])
      .filter((key) => plan[key] !== o.plan[key]);
    if (differing.length > 0) {
      throw new Error(
        `Cannot resume '${path}': its ${
          differing.join(", ")
        } differ; give the options that it was ` +
          "begun with, in the checkout that it was begun in, or judge its survivors with --again",
      );
    }
    for (const each of judgements) earlier.set(each.index, each);
  } else {
    kept = `${JSON.stringify(o.plan)}\n`;
  }
  Deno.writeTextFileSync(path, kept);
  const file = Deno.openSync(path, { append: true });
  return {
    earlier,
    append: (judgement) => {
      writeWhole(file, new TextEncoder().encode(`${JSON.stringify(judgement)}\n`));
      file.syncDataSync();
    },
    close: () => file.close(),
  };
}

/**
 * Reads a file of judgements: its plan, and a judgement a line.
 *
 * @throws {Error} When a line is none, naming it.
 */
export function parseJudgements(
  text: string,
  path: string,
): { plan: Plan; judgements: Judgement[] } {
  const [plan, ...judgements] = text.trimEnd().split("\n").map((line, index) => {
    try {
      return JSON.parse(line);
    } catch {
      throw new Error(`${path}:${index + 1}: Cannot read a judgement: this line is not JSON`);
    }
  });
  return { plan, judgements };
}

function writeWhole(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
