/**
 * Attention problems from a few words, and their judgement by the direct oracle.
 *
 * Everything that no right answer depends on is NaN: pages that no row names, page 0 among them,
 * and what lies behind the last token of a page.
 */
import type { Layout } from "../../allocator/mod.ts";
import {
  type Arithmetic,
  type AttentionProblem,
  type AttentionShape,
  compareWithOracle,
  parseFormat,
  type QuantisedFormat,
  randomProblem,
  type StorageType,
} from "../../kernel/mod.ts";
import { requireEqual } from "../acceptance.ts";
import { formatCapability } from "../cache_formats.ts";
import { captureTable } from "../identity_table.ts";
import { Mismatch, type Verdict } from "../outcome.ts";
import type { AttendOptions, AttendReply, Capability, KernelSubject } from "../subject.ts";
import { requireOk } from "./driver.ts";
import { suggestArithmetic } from "./suggest_arithmetic.ts";

/** A problem in words. */
export interface ProblemSpec {
  readonly layout: Layout;
  readonly storage: StorageType;
  /** D. */
  readonly size: number;
  /** G, query heads of a KV head. */
  readonly group: number;
  /** Kind of each KV head: `w` window, `f` full. */
  readonly kinds: string;
  /** P. */
  readonly page: number;
  /** W of the window heads; 0 is full context. */
  readonly window: number;
  /** W of each KV head, joined by `_`, in place of kinds and one window; empty for those. */
  readonly windows: string;
  /** S. */
  readonly sinks: number;
  /** Slots, `query+cached` tokens each, joined by `_`. */
  readonly rows: string;
  readonly order: "identity" | "shuffled";
  /** Whether dead pages of window heads are holes. */
  readonly recycled: boolean;
  /** Whether each query token has a key range. */
  readonly ranges: boolean;
  /** Whether the step's own tokens have a tree mask. */
  readonly tree: boolean;
  /** Whether there are learned sink logits. */
  readonly learned: boolean;
  /** Columns past the longest request. */
  readonly spareColumns: number;
  /** Factor of the scores; null for the default. */
  readonly scale: number | null;
  /** How keys are stored: the name of a format of quantised caches, or `c16`. */
  readonly keys: string;
  /** How values are stored. */
  readonly values: string;
}

/** The control: a chunk, two decode rows, a speculative row and an idle slot. */
export const CONTROL_PROBLEM: ProblemSpec = {
  layout: "headwise",
  storage: "bf16",
  size: 64,
  group: 4,
  kinds: "wf",
  page: 16,
  window: 24,
  windows: "",
  sinks: 0,
  rows: "9+30_1+47_0+5_1+64_4+20",
  order: "shuffled",
  recycled: false,
  ranges: false,
  tree: false,
  learned: false,
  spareColumns: 1,
  scale: null,
  keys: "c16",
  values: "c16",
};

/**
 * Rows of few tokens. Kernels compile other programs for long rows, and a device that runs on the
 * CPU takes seconds for each: tests that vary something else than row lengths take these.
 */
export const SHORT_ROWS = "3+30_1+47_0+5_1+64_4+20";

/** Both storage types. */
export const STORAGES: readonly StorageType[] = ["bf16", "f16"];

/** One pass over the visible columns, split as the kernel likes. */
export const DEFAULT_ATTEND: AttendOptions = { walk: "visible", splitTokens: 0, passes: "one" };

/** Query and cached tokens of each slot. */
export function parseRows(rows: string): { query: number[]; cached: number[] } {
  const pairs = rows.split("_").map((row) => row.split("+").map(Number));
  return {
    query: pairs.map(([query]) => query ?? 0),
    cached: pairs.map(([, cached]) => cached ?? 0),
  };
}

/** The batch of a spec, and where its pages lie: what problems of every kind are drawn from. */
export function batchOf(spec: ProblemSpec, shape: AttentionShape = shapeOf(spec)) {
  const { query, cached } = parseRows(spec.rows);
  return {
    shape,
    queryLengths: query,
    cachedLengths: cached,
    headWindows: windowsOf(spec),
    sinkTokens: spec.sinks,
    pageOrder: spec.order,
    recycled: spec.recycled,
  };
}

/** Builds the problem of a spec, in pools and tables of its own sizes or of given ones. */
export function problemOf(
  seed: number,
  changes: Partial<ProblemSpec> = {},
  shape?: AttentionShape,
): AttentionProblem {
  const spec = { ...CONTROL_PROBLEM, ...changes };
  return randomProblem({
    ...batchOf(spec, shape),
    seed,
    poison: true,
    maskRanges: spec.ranges,
    treeMask: spec.tree,
    learnedSinks: spec.learned,
    ...(spec.scale === null ? {} : { scale: spec.scale }),
  });
}

/** W of each KV head. */
export function windowsOf({ kinds, window, windows }: ProblemSpec): number[] {
  return windows === ""
    ? [...kinds].map((kind) => kind === "w" ? window : 0)
    : windows.split("_").map(Number);
}

/** Sizes of a spec: pools that hold every row and two pages more. */
export function shapeOf(spec: ProblemSpec): AttentionShape {
  const { query, cached } = parseRows(spec.rows);
  const pages = query.map((length, slot) => Math.ceil((length + (cached[slot] ?? 0)) / spec.page));
  const total = pages.reduce((sum, count) => sum + count, 0);
  const kvHeads = spec.kinds.length;
  return {
    batch: query.length,
    queryHeads: kvHeads * spec.group,
    kvHeads,
    headSize: spec.size,
    pageSizeTokens: spec.page,
    pages: total + 2,
    columns: Math.max(1, ...pages) + spec.spareColumns,
    layout: spec.layout,
    storage: spec.storage,
    ...(spec.keys === "c16" ? {} : { keyFormat: formatOf(spec.keys) }),
    ...(spec.values === "c16" ? {} : { valueFormat: formatOf(spec.values) }),
  };
}

/** The format of a name that stands in the suite. */
function formatOf(name: string): QuantisedFormat {
  const format = parseFormat(name);
  if (format === null) throw new RangeError(`Cannot store a cache as "${name}": no such format`);
  return format;
}

/** Capabilities that the formats of a spec need. */
function formatNeeds({ keys, values }: Pick<ProblemSpec, "keys" | "values">): Capability[] {
  const names = [...new Set([keys, values])];
  return [
    ...names.filter((name) => name !== "c16").map((name) => formatCapability(formatOf(name))),
    ...(names.length > 1 ? ["kernel.mixed_cache"] as const : []),
  ];
}

/** Capabilities that a command needs for the cache of a spec, and those for what is beside it. */
export function cacheNeeds(
  command: "attend" | "append",
  changes: Partial<ProblemSpec>,
  beside: readonly Capability[] = [],
): Capability[] {
  const spec = { ...CONTROL_PROBLEM, ...changes };
  return [
    `kernel.${command}`,
    `kernel.${spec.layout}`,
    `kernel.${spec.storage}`,
    ...(spec.size === 256 ? ["kernel.head_size_256"] as const : []),
    ...beside,
    ...formatNeeds(spec),
  ];
}

/** Capabilities that the problem of a spec needs. */
export function needsOf(spec: Partial<ProblemSpec> = {}): Capability[] {
  return cacheNeeds("attend", spec, [
    ...((spec.sinks ?? 0) > 0 ? ["kernel.sinks"] as const : []),
    ...(spec.ranges ? ["kernel.mask_ranges"] as const : []),
    ...(spec.tree ? ["kernel.tree_mask"] as const : []),
    ...(spec.learned ? ["kernel.learned_sinks"] as const : []),
  ]);
}

/** Runs attention; the answer has the sizes that it must have. */
export async function attend(
  kernel: KernelSubject,
  problem: AttentionProblem,
  options: Partial<AttendOptions> = {},
): Promise<AttendReply> {
  const o = { ...DEFAULT_ATTEND, ...options };
  const reply = requireOk("attend", await kernel.attend(problem, o));
  const elements = o.into?.length ?? problem.query.length;
  requireEqual("elements of the output", reply.output.length, elements);
  return reply;
}

/** Runs attention and judges output and log-sum-exp by the direct oracle. */
export async function attendJudged(
  kernel: KernelSubject,
  problem: AttentionProblem,
  options: Partial<AttendOptions> = {},
): Promise<Verdict> {
  return judgeReply(problem, await attend(kernel, problem, options));
}

/** Judges an answer by the direct oracle. */
export function judgeReply(problem: AttentionProblem, reply: AttendReply): Verdict {
  const answer = {
    problem,
    output: reply.output.subarray(0, problem.query.length),
    ...(reply.logSumExp === null ? {} : { logSumExp: reply.logSumExp }),
  };
  const { ok, message, worstBudgetUsed } = compareWithOracle({
    ...answer,
    ...(reply.arithmetic === undefined ? {} : { arithmetic: reply.arithmetic }),
  });
  if (!ok) {
    const slots = problem.shape.batch;
    const isRight = (arithmetic: Arithmetic): boolean =>
      compareWithOracle({ ...answer, arithmetic: new Array(slots).fill(arithmetic) }).ok;
    const hint = suggestArithmetic({ factor: worstBudgetUsed, isRight });
    throw new Mismatch(`${message}${hint}`, worstBudgetUsed);
  }
  return { kind: "pass", budgetUsed: worstBudgetUsed };
}

/** Records a step of a problem's shapes: identity ids, empty caches, and ranges that fit those. */
export async function recordStep(
  kernel: KernelSubject,
  problem: AttentionProblem,
): Promise<number> {
  const { shape, maskRanges } = problem;
  const pages = Math.min(shape.columns, Math.floor(shape.pages / shape.batch));
  const table = captureTable(shape, Math.max(1, pages));
  const recorded = {
    ...problem,
    table,
    cachedLengths: new Int32Array(shape.batch),
    ...(maskRanges && { maskRanges: new Int32Array(maskRanges.length) }),
  };
  return requireOk("capture", await kernel.capture(recorded, { table }));
}

/** The worse of several verdicts that passed. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  const budgets = verdicts.flatMap(({ budgetUsed }) => budgetUsed === null ? [] : [budgetUsed]);
  return { kind: "pass", budgetUsed: budgets.length === 0 ? null : Math.max(...budgets) };
}
