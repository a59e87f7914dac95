/** The sides of a benchmark: which table, which walk over it, and whether pages are recycled. */

import { z } from "zod";
import type { Layout } from "../../allocator/mod.ts";
import type { Stored } from "../../fixtures/mod.ts";

/** Every side, in the order of tables. */
export const SIDE_NAMES = [
  "two-pass",
  "uniform",
  "uniform-clipped",
  "headwise-row",
  "headwise",
  "headwise-recycle",
  "pooled",
  "pooled-recycle",
] as const;

/** Name of a side. */
export const sideName = z.enum(SIDE_NAMES);
/** Name of a side. */
export type SideName = Stored<typeof sideName>;
/** Name of a gate that a run can be judged by. */
export const gateName = z.enum(["gate/read", "gate/capacity"]);
/** Name of a gate that a run can be judged by. */
export type GateName = Stored<typeof gateName>;

/**
 * Kernel that a side stands for. `two-pass`: a full pass and a window pass over whole rows, merged
 * by columns; `row`: one pass, the whole row walked and masked; `headwise-row`: the same over a 2-D
 * table; `clipped`: a 1-D table from the window's start; `headwise`: a 2-D table, live pages only.
 */
export type KernelForm = "two-pass" | "row" | "headwise-row" | "clipped" | "headwise";

/** One way to lay out, read and free the cache; every other setting is the same on all sides. */
export interface Side {
  /** Name in reports and results. */
  readonly name: SideName;
  /** Layout of the block table and of the pools. */
  readonly layout: Layout;
  /** Kernel that the side stands for. */
  readonly form: KernelForm;
  /** `row` reads every page of the row and masks; `visible` reads only pages with a visible key. */
  readonly walk: "row" | "visible";
  /** Whether dead pages of window heads are freed while the request runs. */
  readonly recycle: boolean;
  /** What the side stands for, in one line. */
  readonly description: string;
}

/** Every side that the benchmark knows. */
export const SIDES: Readonly<Record<SideName, Side>> = {
  "two-pass": side("two-pass", "uniform", "two-pass", {
    description: "1-D table, a full and a window pass over whole rows, merged by columns",
  }),
  "uniform": side("uniform", "uniform", "row", {
    description: "1-D table, the full row walked and masked",
  }),
  "uniform-clipped": side("uniform-clipped", "uniform", "clipped", {
    description: "1-D table, reads clipped to the window (the control)",
  }),
  "headwise-row": side("headwise-row", "headwise", "headwise-row", {
    description: "2-D table, a pool for each head, the full row walked and masked",
  }),
  "headwise": side("headwise", "headwise", "headwise", {
    description: "2-D table, a pool for each head",
  }),
  "headwise-recycle": side("headwise-recycle", "headwise", "headwise", {
    recycle: true,
    description: "2-D table, a pool for each head, dead window pages freed",
  }),
  "pooled": side("pooled", "pooled", "headwise", {
    description: "2-D table, one pool for all heads",
  }),
  "pooled-recycle": side("pooled-recycle", "pooled", "headwise", {
    recycle: true,
    description: "2-D table, one pool for all heads, dead window pages freed",
  }),
};

/** A side; the form of its kernel says what is read. */
function side(
  name: SideName,
  layout: Layout,
  form: KernelForm,
  { recycle = false, description }: { readonly recycle?: boolean; readonly description: string },
): Side {
  const walk = form === "clipped" || form === "headwise" ? "visible" : "row";
  return { name, layout, form, walk, recycle, description };
}

/** The sides that each gate compares, its control included. */
export const GATE_SIDES: Readonly<Record<GateName, readonly SideName[]>> = {
  "gate/read": ["uniform", "uniform-clipped", "headwise"],
  "gate/capacity": ["headwise", "headwise-recycle", "pooled", "pooled-recycle"],
};

/** Two sides of which one is judged against the other. */
export const sidePair = z.strictObject({
  /** Side compared against. */
  baseline: sideName,
  /** Side that is judged. */
  candidate: sideName,
});
/** Two sides of which one is judged against the other. */
export type SidePair = Stored<typeof sidePair>;

/** The pair of `gate/read` where none is named: the whole row walked, against live pages only. */
export const READ_PAIR: SidePair = { baseline: "uniform", candidate: "headwise" };

/** The side that stands for each kernel form in a read gate. */
export const SIDE_OF_FORM: Readonly<Record<KernelForm, SideName>> = {
  "two-pass": "two-pass",
  "row": "uniform",
  "headwise-row": "headwise-row",
  "clipped": "uniform-clipped",
  "headwise": "headwise",
};

/**
 * Lists the sides that the gates need, each once, in the order of {@link SIDES}.
 *
 * @param more Sides that are wanted besides, such as those of a named pair.
 */
export function sidesOfGates(
  gates: readonly GateName[],
  more: readonly SideName[] = [],
): readonly Side[] {
  const wanted = new Set([...gates.flatMap((gate) => GATE_SIDES[gate]), ...more]);
  return Object.values(SIDES).filter((side) => wanted.has(side.name));
}
