/**
 * Problems in the head sizes and page sizes that a kernel takes, where it claims but some: heads are
 * padded with zeros, and rows are laid out again in pages of another size. What cannot be posed so is
 * skipped.
 */
import {
  type AppendProblem,
  type AttentionProblem,
  checkAppend,
  checkProblem,
  pageIdLimit,
} from "../kernel/mod.ts";
import { AdapterSkip } from "./adapters/adapter_fault.ts";
import { padAppend, padAttention, padVectors, unpadVectors } from "./pad_heads.ts";
import { repage } from "./repage.ts";
import type {
  AppendReply,
  AttendOptions,
  AttendReply,
  Capability,
  KernelSubject,
  Reply,
} from "./subject.ts";
import { wrapKernel } from "./wrap_kernel.ts";

/** Sizes that a kernel takes. */
export interface TakenSizes {
  /** D. */
  readonly headSizes: readonly number[];
  /** P. */
  readonly pageSizes: readonly number[];
}

/** Every size that problems have. */
export const HEAD_SIZES: readonly number[] = [64, 128, 256];
/** Every page size that problems have. */
export const PAGE_SIZES: readonly number[] = [16, 32, 64, 128, 256];

/**
 * Reads which sizes a subject takes. One that claims none by name takes them all, but for a head size
 * of 256, which is always claimed.
 */
export function takenSizes(claims: ReadonlySet<Capability>): TakenSizes {
  const claimed = (kind: "head" | "page", sizes: readonly number[]): number[] =>
    sizes.filter((size) => claims.has(`kernel.${kind}_size_${size}` as Capability));
  const usual = claimed("head", [64, 128]);
  const pages = claimed("page", PAGE_SIZES);
  return {
    headSizes: [...(usual.length > 0 ? usual : [64, 128]), ...claimed("head", [256])],
    pageSizes: pages.length > 0 ? pages : PAGE_SIZES,
  };
}

/** Poses problems in sizes that a kernel takes, and takes its answers back. */
export function poseSizes(kernel: KernelSubject, sizes: TakenSizes): KernelSubject {
  const takesAll = HEAD_SIZES.slice(0, 2).every((size) => sizes.headSizes.includes(size)) &&
    PAGE_SIZES.every((size) => sizes.pageSizes.includes(size));
  if (takesAll) return kernel;
  const takes = ({ headSize, pageSizeTokens }: AttentionProblem["shape"]): boolean =>
    sizes.headSizes.includes(headSize) && sizes.pageSizes.includes(pageSizeTokens);
  const orSkip = (shape: AttentionProblem["shape"]): void => {
    if (!takes(shape)) skip(shape, sizes);
  };
  return wrapKernel(kernel, {
    attend: async (problem, o) =>
      takes(problem.shape)
        ? await kernel.attend(problem, o)
        : await attendPosed(kernel, problem, { ...o, sizes }),
    attendSparse: async (problem, o) => {
      orSkip(problem.shape);
      return await kernel.attendSparse!(problem, o);
    },
    append: async (problem) =>
      takes(problem.shape)
        ? await kernel.append(problem)
        : await appendPosed(kernel, problem, sizes),
    capture: async (problem, o) => {
      orSkip(problem.shape);
      return await kernel.capture(problem, o);
    },
  });
}

/** The sizes to pose a problem in: its own where they are taken, or else the next larger. */
function chooseSizes(
  shape: AttentionProblem["shape"],
  sizes: TakenSizes,
): { readonly headSize: number; readonly pageSizeTokens: number } {
  const { headSizes, pageSizes } = sizes;
  const isQuantised = shape.keyFormat !== undefined || shape.valueFormat !== undefined;
  const headSize = headSizes.find((size) => size >= shape.headSize);
  const pageSizeTokens = pageSizes.find((size) => size >= shape.pageSizeTokens) ??
    pageSizes.at(-1);
  if (headSize === undefined || pageSizeTokens === undefined || isQuantised) skip(shape, sizes);
  return { headSize, pageSizeTokens };
}

async function attendPosed(
  kernel: KernelSubject,
  problem: AttentionProblem,
  { sizes, ...o }: AttendOptions & { readonly sizes: TakenSizes },
): Promise<Reply<AttendReply>> {
  const { shape } = problem;
  if (!agrees(() => checkProblem(withKnownIds(problem)))) skip(shape, sizes);
  const { headSize, pageSizeTokens } = chooseSizes(shape, sizes);
  const padded = headSize === shape.headSize ? problem : padAttention(problem, headSize);
  const posed = pageSizeTokens === shape.pageSizeTokens
    ? padded
    : repage(padded, pageSizeTokens).problem;
  const into = o.into && padVectors(o.into, shape.headSize, headSize);
  const reply = await kernel.attend(posed, { ...o, ...(into === undefined ? {} : { into }) });
  if (reply.kind === "refused") return reply;
  const output = unpadVectors(reply.value.output, headSize, shape.headSize);
  return { kind: "ok", value: { ...reply.value, output } };
}

async function appendPosed(
  kernel: KernelSubject,
  problem: AppendProblem,
  sizes: TakenSizes,
): Promise<Reply<AppendReply>> {
  const { shape } = problem;
  if (!agrees(() => checkAppend(withKnownIds(problem)))) skip(shape, sizes);
  const { headSize, pageSizeTokens } = chooseSizes(shape, sizes);
  const padded = headSize === shape.headSize ? problem : padAppend(problem, headSize);
  const paged = pageSizeTokens === shape.pageSizeTokens ? null : repage(padded, pageSizeTokens);
  if (paged?.mixesHoles === true) skip(shape, sizes);
  const reply = await kernel.append(paged?.problem ?? padded);
  if (reply.kind === "refused") return reply;
  const bare = (bits: Uint16Array): Uint16Array => unpadVectors(bits, headSize, shape.headSize);
  const { query, keys, values } = reply.value;
  const value = {
    ...reply.value,
    query: bare(query),
    keys: bare(paged?.back("keys", keys) ?? keys),
    values: bare(paged?.back("values", values) ?? values),
  };
  return { kind: "ok", value };
}

/** The problem with holes for ids that are none, which posing leaves wrong. */
function withKnownIds<P extends AttentionProblem | AppendProblem>(problem: P): P {
  const { table, shape } = problem;
  if (!(table instanceof Int32Array)) return problem;
  const limit = pageIdLimit(shape);
  return { ...problem, table: table.map((id) => id >= 0 && id < limit ? id : -1) };
}

function agrees(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

/** Skips a case for the sizes that its problem would need. */
function skip(shape: AttentionProblem["shape"], sizes: TakenSizes): never {
  const missing: Capability[] = [];
  const { headSize, pageSizeTokens } = shape;
  if (!sizes.headSizes.includes(headSize)) {
    missing.push(`kernel.head_size_${headSize}` as Capability);
  }
  if (!sizes.pageSizes.includes(pageSizeTokens)) {
    missing.push(`kernel.page_size_${pageSizeTokens}` as Capability);
  }
  throw new AdapterSkip(missing, "the problem cannot be posed in sizes that it takes");
}
