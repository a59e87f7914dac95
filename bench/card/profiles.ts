/** Reading of card profiles, and those that are shipped. */

import { BenchError } from "../result/mod.ts";
import h100 from "./profile/cards/h100-sxm.json" with { type: "json" };
import h200 from "./profile/cards/h200-sxm.json" with { type: "json" };
import { type CardProfile, cardProfileSchema } from "./profile_schema.ts";
import { describeIssues } from "../../fixtures/mod.ts";

/**
 * Reads a card's profile.
 *
 * @param text JSON of `measure_profile.py`.
 * @param options `file` names it in the error.
 * @throws {BenchError} When it is no profile, naming the first field that is wrong and the fix.
 */
export function parseCardProfile(text: string, { file }: { file: string }): CardProfile {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw refuse(file, `it is not JSON: ${(error as Error).message}`);
  }
  return checkCardProfile(data, { file });
}

function checkCardProfile(data: unknown, { file }: { file: string }): CardProfile {
  const checked = cardProfileSchema.safeParse(data);
  if (!checked.success) throw refuse(file, describeIssues(checked.error));
  const uneven = findUneven(checked.data);
  if (uneven !== null) throw refuse(file, uneven);
  return checked.data;
}

function refuse(file: string, why: string): BenchError {
  return new BenchError(
    "bench/calibration",
    `Cannot read the card profile "${file}": ${why}; write one with headwise calibrate --profile`,
  );
}

/** The first grid whose cells do not go with its axes, in words, or null. */
function findUneven(profile: CardProfile): string | null {
  const fits = (cells: readonly unknown[], axis: readonly unknown[]): boolean =>
    cells.length === axis.length;
  const ascends = (axis: readonly number[]): boolean =>
    axis.every((value, index) => index === 0 || value > axis[index - 1]);
  for (const { dtype, outer, inner, tokens, microseconds: grid } of profile.products) {
    const where = `products of ${dtype}`;
    if (![outer, inner, tokens].every(ascends)) return `${where}: an axis does not ascend`;
    const even = fits(grid, outer) &&
      grid.every((line) => fits(line, inner) && line.every((cells) => fits(cells, tokens)));
    if (!even) {
      return `${where}: the grid does not have ${outer.length} × ${inner.length} × ${tokens.length} cells`;
    }
  }
  for (const { dtype, blocks } of profile.experts) {
    for (const { tokens, microseconds } of blocks) {
      if (!ascends(tokens)) return `experts of ${dtype}: an axis does not ascend`;
      if (!fits(microseconds, tokens)) {
        return `experts of ${dtype}: a block has other tokens than times`;
      }
    }
  }
  const attention = [
    ...profile.prompts.map((one) => ({
      ...one,
      rows: one.promptTokens,
      columns: one.cachedTokens,
    })),
    ...profile.decode.map((one) => ({ ...one, rows: one.requests, columns: one.contextTokens })),
  ];
  for (const { kernel, rows, columns, shapes } of attention) {
    if (!ascends(rows) || !ascends(columns)) {
      return `attention of ${kernel}: an axis does not ascend`;
    }
    for (const { microseconds: grid } of shapes) {
      const even = fits(grid, rows) && grid.every((line) => fits(line, columns));
      if (!even) {
        return `attention of ${kernel}: a grid does not have ${rows.length} × ${columns.length} cells`;
      }
    }
  }
  const { elementwise, norm, sampling } = profile.passes;
  const curves = [
    ["passes.elementwise", elementwise.bytes, elementwise.microseconds],
    ["passes.norm", norm.bytes, norm.microseconds],
    ["passes.sampling", sampling.elements, sampling.microseconds],
    ...profile.allReduce.map(({ bytes, microseconds }) =>
      ["allReduce", bytes, microseconds] as const
    ),
  ] as const;
  for (const [name, axis, cells] of curves) {
    if (!ascends(axis) || !fits(cells, axis)) return `${name}: times and axis do not go together`;
  }
  return null;
}

/** Profiles that are shipped, read once when they are asked for. */
export const SHIPPED_PROFILES: () => readonly CardProfile[] = (() => {
  let read: readonly CardProfile[] | undefined;
  return () =>
    read ??= [
      checkCardProfile(h100, { file: "h100-sxm.json" }),
      checkCardProfile(h200, { file: "h200-sxm.json" }),
    ];
})();
