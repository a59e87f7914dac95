/** What holds a verdict back whatever the interval says: where the times come from, and how many there are. */

import { findDataSheet } from "../card/mod.ts";
import { type BenchResult, contentText, type SideResult, type Verdict } from "../result/mod.ts";
import { planLooks } from "../statistics/mod.ts";

/** Fewer pairs of a clock that measures would pass a true gain too rarely to be worth a verdict. */
const LEAST_MEASURED_PAIRS = 4;

/** A verdict, and what was said of it. */
export interface HeldVerdict {
  readonly verdict: Verdict;
  /** Why it was held back; empty where it stands. */
  readonly notes: readonly string[];
}

/**
 * Holds a verdict back where nothing follows from the times: of a device that runs on the CPU, of a card
 * that is not named or whose ceilings are another's, of runs that repeat each other to the last bit though
 * a clock measured them, of a run that was stopped; and a PASS of a few pairs.
 *
 * @param o Both results and their sides, and the pairs.
 */
export function holdBack(verdict: Verdict, o: {
  readonly results: readonly BenchResult[];
  readonly sides: readonly SideResult[];
  readonly pairs: number;
  /** Pairs that each result holds. */
  readonly held: readonly number[];
  readonly deterministic: boolean;
}): HeldVerdict {
  if (o.results.some(({ clock }) => clock.software)) {
    return { verdict: "INCONCLUSIVE", notes: ["a device that runs on the CPU gives no verdict"] };
  }
  const notes = [
    ...new Set(o.results.map(describeForeignRest).filter((note) => note !== null)),
    ...(o.deterministic ? [] : o.sides.map(describeRepeated).filter((note) => note !== null)),
    ...(o.deterministic ? [] : describeStopped(o)),
  ];
  if (notes.length > 0) return { verdict: "INCONCLUSIVE", notes };
  const few = o.deterministic ? null : describeFewPairs(o.pairs);
  return verdict !== "PASS" || few === null
    ? { verdict, notes }
    : { verdict: "INCONCLUSIVE", notes: [few] };
}

/** Why measured pairs are too few for a PASS, or null. */
export function describeFewPairs(pairs: number): string | null {
  if (pairs >= LEAST_MEASURED_PAIRS) return null;
  const count = pairs === 1 ? "1 pair" : `${pairs} pairs`;
  return `${count} of a clock that measures; a PASS needs at least ${LEAST_MEASURED_PAIRS}`;
}

/**
 * Holds a verdict back where the runs of two sides were measured at different times: a card is some
 * percent faster or slower in another session, for all runs of it alike, so that no interval shows it.
 */
export function holdUnpaired(verdict: Verdict, o: {
  readonly interleaved: boolean;
  readonly deterministic: boolean;
  readonly accepted: boolean;
}): HeldVerdict {
  if (o.interleaved || o.deterministic) return { verdict, notes: [] };
  const note = "runs of two files were not interleaved, so drift between them is not cancelled";
  return verdict === "INCONCLUSIVE" || o.accepted
    ? { verdict, notes: [note] }
    : { verdict: "INCONCLUSIVE", notes: [`${note}; accept it with --accept-unpaired`] };
}

/** Attention that was timed on a card beside a rest that was computed for another, or for none. */
function describeForeignRest({ clock, environment }: BenchResult): string | null {
  if (clock.kind === "model") return null;
  const card = clock.kind === "table" ? clock.table?.card ?? null : environment.adapter;
  if (card === null) {
    return clock.kind === "table"
      ? "the file of times names no card; begin it with '# card: NAME'"
      : "no card is named that the times are of";
  }
  const { calibration, ceilings } = clock;
  // A card that data sheets know is refused beside another before anything is replayed.
  const timed = nameOf(card);
  if (calibration === undefined && ceilings.source === "measured") return null;
  const stated = calibration === undefined
    ? findDataSheet(ceilings.note)?.name ?? null
    : nameOf(calibration.card);
  if (timed === stated) return null;
  const source = calibration === undefined
    ? `ceilings of ${stated ?? `no known card (${ceilings.note})`}`
    : `the profile of ${stated}`;
  return `attention was timed on ${timed}, and the rest of a step computed from ${source}: give the ` +
    "profile of the card with --card, or let the clock measure its ceilings";
}

/** The name that data sheets have for a card, or its own. */
function nameOf(card: string): string {
  return findDataSheet(card)?.name ?? card;
}

/** Whoever stops a run when its verdict pleases has looked more often than the interval allows for. */
function describeStopped(
  { results, held }: {
    readonly results: readonly BenchResult[];
    readonly held: readonly number[];
  },
): string[] {
  const notes = results.flatMap(({ options: { sequential, pairs: planned } }, index) => {
    const pairs = held[index];
    const looks = sequential === null ? [Math.max(planned, pairs)] : planLooks(sequential).looks;
    if (looks.includes(pairs)) return [];
    const whose = results[0] === results[1] ? "the run" : `the run of ${ROLES[index]}`;
    const after = looks.find((look) => look > pairs) ?? looks.at(-1);
    return [`${whose} was stopped after ${pairs} of ${after} pairs; resume it with --resume`];
  });
  return [...new Set(notes)];
}

/** What messages call two results without names of their own. */
export const ROLES = ["the baseline", "the candidate"] as const;

/** Two measured runs that are equal to the last bit are one run, or were not measured. */
function describeRepeated({ name, runs }: SideResult): string | null {
  const seen = new Map<string, number>();
  for (const { pair, performance } of runs) {
    if (performance === null) continue;
    const text = contentText(performance);
    const earlier = seen.get(text);
    if (earlier !== undefined) {
      return `side '${name}': pairs ${earlier + 1} and ${pair + 1} have the same times to the ` +
        "last bit, which no clock measures twice";
    }
    seen.set(text, pair);
  }
  return null;
}
