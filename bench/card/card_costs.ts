/**
 * Microseconds of an operation on a card.
 *
 * Answers come from a measured profile. For a card without one, the profile of another stands in:
 * what a measured operation took beside the ceilings of its card is carried over to the ceilings of
 * this one. `basis` says which of the two it is.
 */

import { BenchError } from "../result/mod.ts";
import { DATA_SHEETS, type DataSheet, findDataSheet } from "./data_sheets.ts";
import { alongCurve, between, placeInside, placeOnAxis } from "./interpolate.ts";
import type { CardProfile, ProductType } from "./profile_schema.ts";

/** Rates that operations are measured against. */
export interface CardCeilings {
  /** Bytes per second from device memory. */
  readonly bytesPerSecond: number;
  /** Operations per second by storage type of the operands. */
  readonly flopsPerSecond: Readonly<Record<ProductType, number>>;
}

/** A card that can be asked. */
export interface Card {
  /** Name of the card. */
  readonly name: string;
  /** Profile that answers. */
  readonly profile: CardProfile;
  /** Whether the profile is of this very card. */
  readonly basis: "measured" | "scaled";
  /** CardCeilings of the card that was measured, as its profile reached them. */
  readonly reference: CardCeilings;
  /** CardCeilings of this card. */
  readonly ceilings: CardCeilings;
  /** Data sheet of this card. */
  readonly sheet: DataSheet;
  /** Whether fp8 operands are multiplied as such; weights of fp8 alone otherwise. */
  readonly hasFp8: boolean;
  /** Whether fp4 operands are multiplied as such. */
  readonly hasFp4: boolean;
}

/** From this share of a ceiling on, an operation's time scales with that ceiling alone. */
const BOUND_SHARE = 0.7;

/**
 * Opens a card by name.
 *
 * @param name Card, as a driver, a result or a fixture calls it.
 * @param profiles Profiles at hand; one of the same card answers, else the first.
 * @throws {BenchError} When no data sheet and no profile knows the card.
 */
export function openCard(name: string, profiles: readonly CardProfile[]): Card {
  const sheet = findDataSheet(name);
  if (sheet === undefined) {
    throw new BenchError(
      "bench/unknown-card",
      `The card "${name}" is not known; use one of ${
        DATA_SHEETS.map((each) => each.name).join(", ")
      }, or measure this machine's with 'headwise calibrate --profile'`,
    );
  }
  const own = profiles.find((profile) => findDataSheet(profile.card.name) === sheet);
  const profile = own ?? profiles[0];
  const reference = reachedCeilings(profile);
  const from = findDataSheet(profile.card.name) ?? sheet;
  const rates = (type: ProductType): number => {
    const [here, there] = type === "bf16"
      ? [sheet.bf16FlopsPerSecond, from.bf16FlopsPerSecond]
      : [sheet.fp8FlopsPerSecond, from.fp8FlopsPerSecond];
    return reference.flopsPerSecond[type] * sheet.reached.matrices *
      (here ?? 2 * sheet.bf16FlopsPerSecond) / (there ?? 2 * from.bf16FlopsPerSecond);
  };
  const ceilings: CardCeilings = own !== undefined ? reference : {
    bytesPerSecond: reference.bytesPerSecond * sheet.reached.memory *
      sheet.memoryBytesPerSecond / from.memoryBytesPerSecond,
    flopsPerSecond: { bf16: rates("bf16"), fp8: rates("fp8") },
  };
  return {
    name: sheet.name,
    profile,
    basis: own === undefined ? "scaled" : "measured",
    reference,
    ceilings,
    sheet,
    hasFp8: sheet.fp8FlopsPerSecond !== null &&
      profile.products.some(({ dtype }) => dtype === "fp8"),
    hasFp4: sheet.hasFp4,
  };
}

/** The highest rates that a profile's products and reads reached. */
export function reachedCeilings(profile: CardProfile): CardCeilings {
  const best = (type: ProductType): number => {
    let rate = 0;
    for (const { dtype, outer, inner, tokens, microseconds } of profile.products) {
      if (dtype !== type) continue;
      microseconds.forEach((line, o) =>
        line.forEach((cells, i) =>
          cells.forEach((us, t) => {
            if (us === null) return;
            rate = Math.max(rate, 2 * outer[o] * inner[i] * tokens[t] / us * 1e6);
          })
        )
      );
    }
    return rate;
  };
  const bf16 = best("bf16");
  return {
    bytesPerSecond: profile.memory.readBytesPerSecond,
    flopsPerSecond: { bf16, fp8: best("fp8") || bf16 },
  };
}

/** Microseconds at the ceilings: the longer one of reading and of computing. */
export function roofUs(
  ceilings: CardCeilings,
  { bytes, flops, type }: { bytes: number; flops: number; type: ProductType },
): number {
  return Math.max(bytes / ceilings.bytesPerSecond, flops / ceilings.flopsPerSecond[type]) * 1e6;
}

/** Carries a time over from the measured card to this one, by the time at the ceilings of both. */
export function carryOver(measuredUs: number, roofs: { there: number; here: number }): number {
  const share = Math.max(BOUND_SHARE, Math.min(1.25, roofs.there / measuredUs));
  return Math.max(roofs.here, measuredUs + (roofs.here - roofs.there) / share);
}

/** Bytes that move between memory and the units in one product. */
function productBytes(
  { tokens, outer, inner }: { tokens: number; outer: number; inner: number },
  weightBytes: number,
  operandBytes: number,
): number {
  return outer * inner * weightBytes + tokens * (inner * operandBytes + outer * 2);
}

/**
 * Microseconds of y = x·Wᵀ: x [tokens, inner], W [outer, inner]. `weightBytes` below the operands'
 * own size stands for weights that are widened on the way in.
 */
export function productUs(
  card: Card,
  o: {
    tokens: number;
    outer: number;
    inner: number;
    type: ProductType;
    /** Bytes of one stored weight. */
    weightBytes: number;
  },
): number {
  const { type, weightBytes } = o;
  const grid = card.profile.products.find(({ dtype }) => dtype === type);
  if (grid === undefined) throw missing(card, `products of ${type}`);
  const outer = placeOnAxis(grid.outer, o.outer, "the width of a product");
  const inner = placeOnAxis(grid.inner, o.inner, "the depth of a product");
  const tokens = placeOnAxis(grid.tokens, o.tokens, "tokens of a product");
  const operandBytes = type === "bf16" ? 2 : 1;
  // What varies little is interpolated: the share of the ceiling that each neighbour reached.
  const share = (o1: number, i1: number): number => {
    const shareOf = (us: number, t: number): number => {
      const at = { tokens: grid.tokens[t], outer: grid.outer[o1], inner: grid.inner[i1] };
      return us / roofUs(card.reference, {
        bytes: productBytes(at, operandBytes, operandBytes),
        flops: 2 * at.tokens * at.outer * at.inner,
        type,
      });
    };
    return alongCurve(grid.microseconds[o1][i1], tokens, shareOf) ?? 1;
  };
  const slow = between(
    between(share(outer.low, inner.low), share(outer.low, inner.high), inner.share),
    between(share(outer.high, inner.low), share(outer.high, inner.high), inner.share),
    outer.share,
  );
  const flops = 2 * o.tokens * o.outer * o.inner;
  const there = roofUs(card.reference, {
    bytes: productBytes(o, operandBytes, operandBytes),
    flops,
    type,
  });
  const here = roofUs(card.ceilings, {
    bytes: productBytes(o, weightBytes, operandBytes),
    flops,
    type,
  });
  return carryOver(there * slow, { there, here });
}

/** Microseconds of an element-wise pass that moves this many bytes. */
export function passUs(card: Card, bytes: number): number {
  return byteCurveUs(card, card.profile.passes.elementwise, bytes);
}

function byteCurveUs(
  card: Card,
  curve: { bytes: readonly number[]; microseconds: readonly (number | null)[] },
  bytes: number,
): number {
  const place = placeInside(curve.bytes, bytes, "bytes of a pass");
  const measured = alongCurve(curve.microseconds, place);
  if (measured === null) throw missing(card, "passes");
  const grown = measured * Math.max(1, bytes / curve.bytes[curve.bytes.length - 1]);
  const roofs = {
    there: bytes / card.reference.bytesPerSecond * 1e6,
    here: bytes / card.ceilings.bytesPerSecond * 1e6,
  };
  return carryOver(grown, roofs);
}

/** Microseconds of greedy sampling over rows of a vocabulary. */
export function samplingUs(card: Card, elements: number): number {
  const { elements: axis, microseconds } = card.profile.passes.sampling;
  const bytes = axis.map((count) => count * 2);
  return byteCurveUs(card, { bytes, microseconds }, elements * 2);
}

/** The error of a profile that lacks something. */
export function missing(card: Card, what: string): BenchError {
  return new BenchError(
    "bench/outside-profile",
    `The profile of ${card.profile.card.name} has no ${what}: measure it again, and see its ` +
      `"leftOut"`,
  );
}
