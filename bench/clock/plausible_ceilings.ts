/** Whether an adapter can have measured the ceilings that it states. */

import type { OpenedCache } from "../../kernel/mod.ts";
import { DATA_SHEETS, findDataSheet } from "../card/mod.ts";

/** Clocks and data sheets agree this well. */
const SLACK = 1.05;
/** Of a card that no data sheet is known of: as far beyond the fastest that is. */
const NEWER_CARD = 4;

/**
 * Finds what contradicts measured ceilings. The rest of every step is computed from them, so that ceilings
 * beyond the card's make a gain in attention a gain of the whole step.
 *
 * @returns What is wrong, or null.
 */
export function findImplausibleCeilings(
  o: Pick<OpenedCache, "card" | "isSoftware" | "memoryBytesPerSecond" | "flopsPerSecond">,
): string | null {
  const sheet = o.isSoftware ? null : findDataSheet(o.card) ?? null;
  const most = (of: "memoryBytesPerSecond" | "bf16FlopsPerSecond"): number =>
    sheet === null
      ? NEWER_CARD * Math.max(...DATA_SHEETS.map((each) => each[of]))
      : SLACK * sheet[of];
  const whose = sheet === null
    ? "no card that is known comes near"
    : `a ${sheet.name}'s data sheet says less`;
  const memory = o.memoryBytesPerSecond ?? 0;
  if (memory > most("memoryBytesPerSecond")) {
    return `'${o.card}' is said to read ${(memory / 1e12).toPrecision(3)} TB/s: ${whose}`;
  }
  const flops = o.flopsPerSecond ?? 0;
  if (flops > most("bf16FlopsPerSecond")) {
    return `'${o.card}' is said to make ${Math.round(flops / 1e12)} TFLOP/s: ${whose}`;
  }
  return null;
}
