/**
 * The report of a run, as stored: rows that are only ever appended, one JSON object per line. This is
 * the one declaration of file and types; fields that it does not know are left out.
 */
import { z } from "zod";
import type { Stored } from "../fixtures/mod.ts";

/** Version of the row format. */
export const REPORT_VERSION = 2;

const text = z.string();

const outcomeSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("pass"),
    /** Largest share of an error budget that was used, 1 being all of it; null without one. */
    budgetUsed: z.number().nullable(),
    /** How much was tried, where that is not fixed. */
    note: text.exactOptional(),
  }),
  z.object({
    kind: z.literal("fail"),
    /** What was seen in place of what. */
    message: text,
    /** Largest share of an error budget that was used, where the failure is one. */
    budgetUsed: z.number().nullable(),
    /** The smallest input found that shows it, as plain data. */
    counterexample: z.unknown().exactOptional(),
  }),
  z.object({
    kind: z.literal("skip"),
    /** Capabilities that the subject lacks; another suite's report may name ones unknown here. */
    missing: z.array(text),
  }),
  z.object({
    kind: z.literal("error"),
    /** Whose fault it is: never a verdict about conformance. */
    origin: z.enum(["subject", "suite"]),
    /** How it came about. */
    code: text,
    message: text,
  }),
]);

const runSchema = z.object({
  kind: z.literal("run"),
  /** {@linkcode REPORT_VERSION} of the writer. */
  version: z.literal(REPORT_VERSION),
  suiteVersion: text,
  subject: text,
  /** What else the subject reports itself, such as its device. */
  metadata: z.record(text, text),
  /** Machine and runtime that the suite ran on. */
  environment: z.record(text, text),
  /** What the subject claims, sorted. */
  capabilities: z.array(text),
  /** What the subject decides otherwise than the default, by declaration; absent where nothing. */
  policies: z.array(z.object({
    policy: text,
    declared: text,
    /** The default, as text. */
    standard: text,
  })).exactOptional(),
  /** Filters of the run, printed; none means everything. */
  filters: z.array(text),
  /** Seed of random sequences; every other seed follows from a case's id. */
  seed: z.number(),
  /** Command that started the run; empty where a program did. */
  commandLine: text,
  /** Part of the run that this is, from 1, and the number of parts; null for the whole. */
  shard: z.object({ index: z.number(), count: z.number() }).nullable(),
  /** Cases of this report. */
  cases: z.number(),
  /** Cases of all shards together. */
  selectedCases: z.number(),
  /** SHA-256 of all that shards of one run have in common. */
  runDigest: text,
});

const caseSchema = z.object({
  kind: z.literal("case"),
  /** Id of the case. */
  query: text,
  clauses: z.array(text),
  outcome: outcomeSchema,
  /** What an expectations file says of it; absent where it says nothing that matters. */
  expectation: z.object({
    /** `expected`: a failure that is known; `unexpected-pass`; `expired`: one known too long. */
    state: z.enum(["expected", "unexpected-pass", "expired"]),
    /** Why the case fails. */
    reason: text,
    /** Where the failure is tracked. */
    issue: text,
    /** Last day on which the failure is accepted, YYYY-MM-DD. */
    expires: text,
  }).exactOptional(),
  /** Time that it took, in milliseconds. */
  elapsedMs: z.number(),
  /** Command that repeats it; empty unless it failed. */
  repeat: text,
});

const endSchema = z.object({
  kind: z.literal("end"),
  /** SHA-256 of every line before this one, line ends included. */
  digest: text,
  /** Counts. */
  summary: z.object({
    passed: z.number(),
    /** Cases that failed, known failures left out. */
    failed: z.number(),
    /** Cases that failed as an expectations file says. */
    expectedFailures: z.number(),
    /** Cases that passed where an expectations file says that they fail; counted as passed too. */
    unexpectedPasses: z.number(),
    /** Cases that need a capability that the subject lacks. */
    skipped: z.number(),
    /** Cases in which the subject threw or did not answer in time. */
    subjectErrors: z.number(),
    /** Cases in which the suite itself broke. */
    suiteErrors: z.number(),
    /** Capabilities that were missing, sorted. */
    missingCapabilities: z.array(text),
    /** Largest share of an error budget that a passed case used; null if none has a budget. */
    worstBudgetUsed: z.number().nullable(),
    /** Time of the whole run, in milliseconds. */
    elapsedMs: z.number(),
  }),
});

/** Any row of a report. */
export const rowSchema = z.discriminatedUnion("kind", [runSchema, caseSchema, endSchema], {
  error: ({ code }) =>
    code === "invalid_union" ? "expected a row of kind run, case or end" : undefined,
});

/** First row. */
export type RunRow = Stored<typeof runSchema>;
/** A part of a run, from 1. */
export type Shard = NonNullable<RunRow["shard"]>;
/** A policy that is not the default. */
export type PolicyDifference = NonNullable<RunRow["policies"]>[number];
/** One case. */
export type CaseRow = Stored<typeof caseSchema>;
/** What an expectations file says of a case. */
export type CaseExpectation = NonNullable<CaseRow["expectation"]>;
/** Outcome of one case: a verdict, or the reason why there is none. */
export type Outcome = Stored<typeof outcomeSchema>;
/** Verdict of a test about a subject that answered. */
export type Verdict = Extract<Outcome, { readonly kind: "pass" | "fail" }>;
/** Last row. */
export type EndRow = Stored<typeof endSchema>;
/** Counts of a run. */
export type ReportSummary = EndRow["summary"];
/** A row of a report. */
export type ReportRow = Stored<typeof rowSchema>;
