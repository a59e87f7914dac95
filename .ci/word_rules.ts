import type { Breach, SourceFile } from "./source_tree.ts";

/** Private words, and what the field says for them; see docs/glossary.md. */
const REFUSED_WORDS: Readonly<Record<string, string>> = {
  anew: "again",
  anybody: "anyone",
  heed: "follow",
  intake: "admission",
  mend: "fix",
  mended: "fixed",
  mends: "fixes",
  nobody: "no one, or what there is none of",
  "go on with": "resume, or continue with",
  "took no turns": "were not interleaved",
  "written over": "overwritten",
};

const ENDINGS = /\.(?:ts|md|yaml|yml|py|wgsl|sh)$/;
const REFUSED = new RegExp(
  `\\b(${Object.keys(REFUSED_WORDS).map((word) => word.replaceAll(" ", "\\s+")).join("|")})\\b`,
  "gi",
);

/** Texts, comments and names use the words of the field, not words of our own. */
export function checkWords(files: readonly SourceFile[]): Breach[] {
  return files.filter(({ path }) =>
    ENDINGS.test(path) && !path.startsWith(".ci/word_rules") && !path.startsWith("docs/results/")
  ).flatMap(({ path, text }) =>
    [...text.matchAll(REFUSED)].map((match) => {
      const word = match[1]!.toLowerCase().replaceAll(/\s+/g, " ");
      const line = text.slice(0, match.index).split("\n").length;
      const message = `Line ${line} says '${word}'; say '${REFUSED_WORDS[word]}'`;
      return { rule: "words", path, message };
    })
  );
}
