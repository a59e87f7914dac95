import { z } from "zod";

/** Every policy, declared; an adapter declares those that differ from the default. */
export const policiesSchema = z.strictObject({
  /** How a ratio of window heads becomes a count: rounding of H · ratio, and the fewest above 0. */
  headRounding: z.strictObject({
    mode: z.enum(["floor", "nearest", "ceil"]),
    least: z.int().min(0),
  }),
  /** Heads that a pattern is resolved over: those of the rank, or of the whole model. */
  patternScope: z.enum(["rank", "model"]),
  /**
   * When dead pages are freed: by a command at a page boundary, by a command whenever it is safe, or
   * by `extend` itself (an allocator without the command).
   */
  recycleMoment: z.enum(["boundary", "any-safe", "in-extend"]),
  /** Growing past the end of a row: refused, or cut to what the row holds. */
  endOfRow: z.enum(["refuse", "clamp"]),
  /** What stands for a hole: −1, or 0 where page 0 of every pool is kept as a null page. */
  nullId: z.union([z.literal(-1), z.literal(0)]),
  /** Whether a column is cleared when its page is freed, or keeps an id that no one may read. */
  deadColumns: z.enum(["cleared", "stale"]),
  /** Whether a shortage names need, free and capacity. */
  shortage: z.enum(["detailed", "bare"]),
  /** What availability counts: free pages of every head, uniform pages, or nothing. */
  availability: z.enum(["heads", "uniform-pages", "none"]),
});
