/** Every kind of file that a command writes, and how one is known again by its beginning. */

import { isJsonOf, type OutputClaim, type OutputSize } from "./output_claim.ts";

/** A suite and a path: how the cases of the suite begin. */
const QUERY = String.raw`\w+:\w+`;

/** What each kind is, and how it begins. */
export const OUTPUT_KINDS = {
  bench: ["a result of 'headwise bench'", isJsonOf("kind", "headwise/bench-result")],
  live: ["a result of 'headwise bench --endpoint'", isJsonOf("kind", "headwise/live-result")],
  kernel: ["a result of 'headwise kernel bench'", isJsonOf("kind", "headwise/kernel-result")],
  sweep: ["a sweep of headwise", isJsonOf("kind", "headwise/sweep")],
  conformance: ["a report of 'headwise conformance'", begins(/\{"kind":"run","version":\d+,/)],
  fit: ["a fit of 'headwise calibrate --from'", isJsonOf("format", "headwise-fit")],
  batches: ["what 'headwise calibrate --batches' wrote", isJsonOf("format", "headwise-batches")],
  card: ["a profile of 'headwise calibrate'", isJsonOf("format", "headwise-card-profile")],
  allReduce: ["a measurement of 'headwise calibrate'", begins(/\{"allReduce": ?\[/)],
  requests: [
    "what 'headwise fixture import' wrote",
    begins(/\{"id":\d+,"arrivalMs":[\d.e+-]+,"inputTokens":\d+,"outputTokens":\d+[,}]/),
  ],
  roofline: ["a roofline of headwise", begins(/<svg [^>]*>\s*<style>[^]*class="paper"/)],
  text: ["a report that can be known again", () => false],
  github: ["a report that can be known again", () => false],
  html: [
    "a page of headwise",
    (beginning) =>
      beginning.startsWith("<!doctype html>") &&
      (/<title>Conformance of head-wise/.test(beginning) || /--pass|\.verdict/.test(beginning)),
  ],
  markdown: ["a report of headwise", begins(/(?:# Conformance of |## [A-Z][A-Z ]*: )/)],
  csv: ["values of headwise", begins(/file,side,pair,request,arrival_ms,/)],
  "csv-gaps": ["values of headwise", begins(/file,side,pair,gap_ms,tokens\b/)],
  perfetto: ["a trace of headwise", begins(/\{"displayTimeUnit":"ms","traceEvents":\[/)],
  junit: [
    "a report of headwise",
    begins(new RegExp(`<\\?xml [^>]*>\\s*<testsuites [^>]*>\\s*<testsuite name="${QUERY}"`)),
  ],
  tap: [
    "a report of headwise",
    begins(new RegExp(`TAP version 14\\s+1\\.\\.\\d+\\s+(?:not )?ok 1 - ${QUERY}:`)),
  ],
  sarif: [
    "a report of headwise",
    (beginning) =>
      /^\{\s*"\$schema": ?"[^"]*sarif/.test(beginning) && /"name": ?"headwise"/.test(beginning),
  ],
  badge: ["a badge of headwise", begins(/<svg [^>]*aria-label="head-wise cache: /)],
} as const satisfies Readonly<Record<string, readonly [string, OutputClaim["isOwn"]]>>;

/** A kind of file that a command writes. */
export type OutputKind = keyof typeof OUTPUT_KINDS;

/**
 * Makes the claim of a command to replace a file.
 *
 * @param o Whether whatever is there may go, and how much the new file will hold.
 */
export function claimOf(
  kind: OutputKind,
  o: { readonly force: boolean; readonly size?: OutputSize },
): OutputClaim {
  const [what, isOwn] = OUTPUT_KINDS[kind];
  return { what, isOwn, ...o };
}

function begins(pattern: RegExp): OutputClaim["isOwn"] {
  const whole = new RegExp(`^(?:${pattern.source})`);
  return (beginning) => whole.test(beginning);
}
