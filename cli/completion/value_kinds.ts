import type { PageArgument, PageOption } from "../manual/mod.ts";

/** A word to resume. */
export interface ProposedWord {
  readonly word: string;
  /** What it means, in one line. */
  readonly brief: string;
}

/** How a command line can continue. */
export interface Proposal {
  /** Words that fit. */
  readonly words: readonly ProposedWord[];
  /** Which paths fit too; the shell lists them. */
  readonly paths: "none" | "files" | "folders";
}

type NameSource = (partial: string) => Promise<readonly ProposedWord[]>;

/** What can stand for a placeholder. */
interface ValueKind {
  readonly paths: Proposal["paths"];
  readonly names?: NameSource;
}

const FILES: ValueKind = { paths: "files" };

/** By placeholder, so that an option says what it takes only once. Any other one takes free text. */
const VALUE_KINDS: Readonly<Record<string, ValueKind>> = {
  "FILE": FILES,
  "BASELINE": FILES,
  "CANDIDATE": FILES,
  "RESULT": FILES,
  "FOLDER": { paths: "folders" },
  "NAME|FILE": { paths: "files", names: listFixtureNames },
  "MODEL": { paths: "files", names: listModelNames },
  "CLAUSE": { paths: "none", names: listClauseIds },
  "QUERY": { paths: "none", names: listQueries },
  "GLOB": { paths: "none", names: listKernelCases },
  "SUBJECT": { paths: "none", names: () => Promise.resolve(SUBJECTS) },
};

const SUBJECTS: readonly ProposedWord[] = [
  { word: "auto", brief: "the kernel on a device, or the oracle" },
  { word: "webgpu", brief: "the kernel on a device" },
  { word: "oracle", brief: "the reference implementation" },
  { word: "exec:", brief: "a program that exchanges JSON lines" },
  { word: "module:", brief: "a TypeScript module" },
  { word: "ffi:", brief: "a shared library" },
  { word: "dump:", brief: "a block table that an implementation dumped" },
];

/** Proposes values of an option or an argument. */
export async function proposeValues(
  taker: Pick<PageOption | PageArgument, "placeholder" | "words" | "brief">,
  partial: string,
): Promise<Proposal> {
  const { placeholder, words, brief } = taker;
  if (words !== null) {
    const comma = words.isList ? partial.lastIndexOf(",") + 1 : 0;
    const given = partial.slice(0, comma);
    const others = words.choices.filter((choice) => !given.split(",").includes(choice));
    const proposed = others.map((choice) => ({ word: `${given}${choice}`, brief }));
    return { words: fitting(proposed, partial), paths: "none" };
  }
  if (placeholder === null || !Object.hasOwn(VALUE_KINDS, placeholder)) {
    return { words: [], paths: "none" };
  }
  const { paths, names } = VALUE_KINDS[placeholder]!;
  return { words: fitting(await names?.(partial) ?? [], partial), paths };
}

function fitting(words: readonly ProposedWord[], partial: string): readonly ProposedWord[] {
  return words.filter(({ word }) => word.startsWith(partial));
}

async function listFixtureNames(): Promise<readonly ProposedWord[]> {
  const { listWorkloads } = await import("../../fixtures/mod.ts");
  return listWorkloads().map(({ name, description }) => ({
    word: name,
    brief: description.trim().split(/[.:]\s/)[0]!,
  }));
}

async function listModelNames(): Promise<readonly ProposedWord[]> {
  const { listModels } = await import("../../fixtures/mod.ts");
  return listModels().map((name) => ({ word: name, brief: "built-in model" }));
}

/** Suites; behind a colon their paths; behind two their tests. */
async function listQueries(partial: string): Promise<readonly ProposedWord[]> {
  const { listCases } = await import("../../conformance/mod.ts");
  const levels = Math.min(partial.split(":").length, 3);
  const counts = new Map<string, number>();
  for (const { query } of listCases()) {
    const begin = query.split(":").slice(0, levels).join(":");
    counts.set(begin, (counts.get(begin) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => ({
    word,
    brief: `${count} case${count === 1 ? "" : "s"}`,
  }));
}

async function listClauseIds(): Promise<readonly ProposedWord[]> {
  const { listClauses } = await import("../../conformance/mod.ts");
  return listClauses().map(({ id, text }) => ({ word: id, brief: text }));
}

async function listKernelCases(): Promise<readonly ProposedWord[]> {
  const { builtinKernelCases } = await import("../../bench/mod.ts");
  return builtinKernelCases().map(({ name, set }) => ({ word: name, brief: `case of '${set}'` }));
}
