/** Microseconds of a block of routed experts on a card. */

import { type Card, carryOver, missing, roofUs } from "./card_costs.ts";
import { alongCurve, placeOnAxis } from "./interpolate.ts";
import type { CardProfile, ProductType } from "./profile_schema.ts";

/** One block of routed experts, of one rank. */
export interface ExpertBlock {
  /** Width of the residual stream. */
  readonly hidden: number;
  /** Intermediate size of one expert on this rank. */
  readonly intermediate: number;
  /** Experts on this rank. */
  readonly experts: number;
  /** Experts of this rank that one token visits on the mean. */
  readonly expertsPerToken: number;
  /** Type that is multiplied. */
  readonly type: ProductType;
  /** Bytes of one stored weight. */
  readonly weightBytes: number;
}

type Measured = CardProfile["experts"][number]["blocks"][number];

/** Experts that at least one of `tokens` tokens visits, expected under uniform routing. */
export function visitedExperts(experts: number, perToken: number, tokens: number): number {
  return experts * (1 - (1 - Math.min(1, perToken / experts)) ** tokens);
}

function blockRoofUs(
  rates: Card["ceilings"],
  block: Omit<ExpertBlock, "weightBytes" | "type">,
  o: { tokens: number; type: ProductType; weightBytes: number },
): number {
  const { hidden, intermediate, experts, expertsPerToken } = block;
  const rows = o.tokens * expertsPerToken;
  const weights = 3 * hidden * intermediate;
  return roofUs(rates, {
    bytes: visitedExperts(experts, expertsPerToken, o.tokens) * weights * o.weightBytes +
      rows * (2 * hidden + 6 * intermediate),
    flops: 2 * rows * weights,
    type: o.type,
  });
}

/**
 * Microseconds of router, sorting, the grouped products and their combination for `tokens` tokens.
 *
 * Measured blocks are compared at the same number of rows an expert. How far each stays from the
 * ceilings is averaged in logarithms, those weighing most whose time at the ceilings, experts and
 * size of an expert are most alike.
 */
export function expertsUs(card: Card, block: ExpertBlock, tokens: number): number {
  const { type, weightBytes } = block;
  const grid = card.profile.experts.find(({ dtype }) => dtype === type);
  if (grid === undefined) throw missing(card, `experts of ${type}`);
  const operandBytes = type === "bf16" ? 2 : 1;
  const there = blockRoofUs(card.reference, block, { tokens, type, weightBytes: operandBytes });
  const here = blockRoofUs(card.ceilings, block, { tokens, type, weightBytes });
  let [sum, weights] = [0, 0];
  for (const measured of grid.blocks) {
    const slow = measuredShare(card, measured, {
      rows: tokens * block.expertsPerToken / block.experts,
      type,
      operandBytes,
      tokens,
    });
    if (slow === null) continue;
    const distance = Math.log(there / slow.roof) ** 2 +
      0.3 * Math.log(block.experts / measured.experts) ** 2 +
      0.1 * Math.log(
            block.hidden * block.intermediate /
              (measured.hidden * measured.intermediate),
          ) ** 2;
    const weight = 1 / (0.02 + distance) ** 2;
    sum += weight * Math.log(slow.share);
    weights += weight;
  }
  if (weights === 0) throw missing(card, `experts of ${type}`);
  return carryOver(there * Math.exp(sum / weights), { there, here });
}

/** Measured time over time at the ceilings, at so many rows an expert. */
function measuredShare(
  card: Card,
  measured: Measured,
  o: { rows: number; tokens: number; type: ProductType; operandBytes: number },
): { share: number; roof: number } | null {
  const first = measured.tokens[0];
  const last = measured.tokens[measured.tokens.length - 1];
  // Few tokens: as many of them, since each visits experts of its own. Many: as many rows a expert.
  const alike = o.rows * measured.experts / measured.expertsPerToken;
  const few = o.rows < 1 ? Math.min(1, o.rows) : 1;
  const tokens = Math.min(last, Math.max(first, o.tokens ** (1 - few) * alike ** few));
  const roofAt = (count: number): number =>
    blockRoofUs(card.reference, measured, {
      tokens: count,
      type: o.type,
      weightBytes: o.operandBytes,
    });
  const share = alongCurve(
    measured.microseconds,
    placeOnAxis(measured.tokens, tokens, "tokens of experts"),
    (us, t) => us / roofAt(measured.tokens[t]),
  );
  return share === null ? null : { share, roof: roofAt(tokens) };
}
