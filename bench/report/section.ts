/** What a report is made of, before it becomes a page or Markdown. */

import type { Spec } from "vega";
import type { MarkdownColumn } from "./markdown.ts";

/** What a section concludes. */
export interface ReportVerdict {
  /** The word, such as `PASS`. */
  readonly word: string;
  /** How it is meant: `none` where nothing was judged. */
  readonly tone: "good" | "bad" | "open" | "none";
}

/** A table of text. */
export interface ReportTable {
  /** Says what the rows are. */
  readonly caption: string;
  /** Headings. */
  readonly columns: readonly MarkdownColumn[];
  /** Cells, as many a row as there are headings. */
  readonly rows: readonly (readonly string[])[];
}

/** Headings of words, then of figures, then of words again. */
export function tableColumns(
  words: readonly string[],
  figures: readonly string[] = [],
  more: readonly string[] = [],
): MarkdownColumn[] {
  const left = (title: string): MarkdownColumn => ({ title });
  const right = (title: string): MarkdownColumn => ({ title, align: "right" });
  return [...words.map(left), ...figures.map(right), ...more.map(left)];
}

/** A table as a part of a section. */
export function tableBlock(table: ReportTable): ReportBlock {
  return { kind: "table", table };
}

/** A colour of a picture and what it stands for. */
export interface LegendEntry {
  /** What it stands for. */
  readonly name: string;
  /** Colour, a variable of the page's style. */
  readonly color: string;
  /** Lengths of dashes and gaps of a line; a square stands for an area. */
  readonly mark: readonly number[] | "square";
}

/** One picture. */
export interface ReportChart {
  /** What it shows, in a few words. */
  readonly title: string;
  /** What can be read off it, for people who do not see it. */
  readonly description: string;
  /** What its colours stand for; empty where it says so itself. */
  readonly legend: readonly LegendEntry[];
  /** A specification to be drawn, or SVG that is drawn already. */
  readonly drawing:
    | {
      readonly kind: "vega";
      /** What is drawn. */
      readonly spec: Spec;
      /** Whether areas meet, so that edges between them must not be smoothed. */
      readonly hasTiles?: boolean;
    }
    | { readonly kind: "svg"; readonly svg: string };
}

/** A part of a section. */
export type ReportBlock =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "table"; readonly table: ReportTable }
  | {
    readonly kind: "charts";
    /** Heading. */
    readonly title: string;
    /** How to read them. */
    readonly note: string;
    /** Pictures of the same kind. */
    readonly charts: readonly ReportChart[];
    readonly figures: ReportTable;
  }
  | {
    /** Something that the file does not hold. */
    readonly kind: "missing";
    /** What would stand here. */
    readonly title: string;
    /** Why it does not, and how to get it. */
    readonly text: string;
  }
  | {
    readonly kind: "facts";
    /** Heading. */
    readonly title: string;
    readonly facts: readonly (readonly [name: string, value: string])[];
    /** Command that repeats the run, or null where the file names none. */
    readonly command: string | null;
  };

/** What a report says of one file. */
export interface ReportSection {
  /** Name of the file. */
  readonly file: string;
  /** What kind of result it is, and of what. */
  readonly title: string;
  /** What it concludes. */
  readonly verdict: ReportVerdict;
  /** Why, one line a finding; the first is shown at the top of the report. */
  readonly findings: readonly string[];
  /** Parts in the order of reading. */
  readonly blocks: readonly ReportBlock[];
}

/** A gate's verdict as a report shows it. */
export function verdictOf(word: "PASS" | "FAIL" | "INCONCLUSIVE"): ReportVerdict {
  return { word, tone: word === "PASS" ? "good" : word === "FAIL" ? "bad" : "open" };
}

/** The verdict of a section that judges nothing. */
export const NO_VERDICT: ReportVerdict = { word: "measured", tone: "none" };

/** The verdict that stands for several: the worst of them. */
export function worstVerdict(verdicts: readonly ReportVerdict[]): ReportVerdict {
  for (const tone of ["bad", "open", "good"] as const) {
    const found = verdicts.find((verdict) => verdict.tone === tone);
    if (found !== undefined) return found;
  }
  return NO_VERDICT;
}
