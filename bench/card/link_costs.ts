/** Microseconds of an all-reduce between cards. */

import type { Card } from "./card_costs.ts";
import { alongCurve, placeInside } from "./interpolate.ts";
import type { CardProfile } from "./profile_schema.ts";

/** Without a measured all-reduce: the share of a link's rate that large messages reach. */
const REACHED_SHARE = 0.75;
/** Without a measured all-reduce: microseconds of the smallest message, and for each further card. */
const SMALL_US = 8;
const FURTHER_US = 1;

/**
 * Microseconds of an all-reduce of this many bytes over `gpus` cards. Every card sends and receives
 * 2·(n − 1)/n of the message; a profile of another number of cards is carried over by that.
 */
export function allReduceUs(
  card: Card,
  links: readonly CardProfile["allReduce"][number][],
  o: { bytes: number; gpus: number },
): number {
  if (o.gpus < 2 || o.bytes === 0) return 0;
  const share = 2 * (o.gpus - 1) / o.gpus;
  const measured = links.reduce<CardProfile["allReduce"][number] | undefined>(
    (best, link) =>
      best === undefined || Math.abs(link.gpus - o.gpus) < Math.abs(best.gpus - o.gpus)
        ? link
        : best,
    undefined,
  );
  if (measured === undefined) {
    const sent = o.bytes * share / (card.sheet.linkBytesPerSecond * REACHED_SHARE) * 1e6;
    return SMALL_US + FURTHER_US * (o.gpus - 2) + sent;
  }
  // The bytes that let each card send as much as in the question.
  const alike = o.bytes * share / (2 * (measured.gpus - 1) / measured.gpus);
  const { bytes: axis, microseconds } = measured;
  const us = alongCurve(microseconds, placeInside(axis, alike, "bytes of an all-reduce")) ?? 0;
  const grown = us * Math.max(1, alike / axis[axis.length - 1]);
  return grown + FURTHER_US * Math.max(0, o.gpus - measured.gpus);
}
