/**
 * The paged float64 oracle behind the command interface, rounded to the storage type; or a kernel of a
 * declared arithmetic, emulated rounding by rounding.
 */
import {
  appendReference,
  type Arithmetic,
  attendDual,
  attendPaged,
  type AttentionProblem,
  type AttentionResult,
  checkAppend,
  checkProblem,
  decodeValues,
  emulateAttention,
  type EmulatorOptions,
  encodeValues,
} from "../../kernel/mod.ts";
import { declareArithmetic } from "../declare_arithmetic.ts";
import { gatherPages } from "../sparse_cache.ts";
import type { AttendOptions, AttendReply, Capability, KernelSubject } from "../subject.ts";
import { attempt, refuseCapture } from "./attempt.ts";
import { ATTEND_CAPABILITIES } from "./device_kernel.ts";

/** What {@linkcode createOracleKernel} can do: everything. */
export const ORACLE_KERNEL_CAPABILITIES: readonly Capability[] = [
  ...ATTEND_CAPABILITIES,
  "kernel.append",
  "kernel.capture",
  "kernel.wide_ids",
  "kernel.wide_offsets",
];

/** How the reference kernel computes. */
export interface OracleKernelOptions {
  /** Emulated and declared; float64, rounded once, by default. */
  readonly arithmetic?: Arithmetic;
}

type Attend = (problem: AttentionProblem, o: AttendOptions) => AttentionResult;

/** Puts the paged oracle behind the command interface; the suite judges it by the direct one. */
export function createOracleKernel(o: OracleKernelOptions = {}): KernelSubject {
  const { arithmetic } = o;
  return arithmetic === undefined ? createKernel(attendWith) : createEmulatedKernel(arithmetic);
}

/** Where an emulated kernel departs from what it declares. */
export interface EmulatedKernelOptions {
  /** What is declared; what is computed by default. */
  readonly declared?: Arithmetic;
  /** Roundings that are coarser than they should be; none by default. */
  readonly coarser?: EmulatorOptions["coarser"];
}

/** Makes a kernel of an arithmetic, emulated rounding by rounding. */
export function createEmulatedKernel(
  computed: Arithmetic,
  o: EmulatedKernelOptions = {},
): KernelSubject {
  const { declared = computed, coarser } = o;
  const options = coarser === undefined ? {} : { coarser };
  return declareArithmetic(createKernel(emulating(computed, options)), declared);
}

function createKernel(attend: Attend): KernelSubject {
  const captures = new Set<number>();
  let nextCapture = 0;
  return {
    attend: (problem, o) =>
      attempt(() => {
        checkProblem(problem);
        return toReply(problem, attend(problem, o), o);
      }),
    attendSparse: (problem, { pageIds }) =>
      attempt(() => {
        const dense = gatherPages({ problem, pageIds });
        checkProblem(dense);
        const o = { walk: "visible", splitTokens: 0, passes: "one" } as const;
        return toReply(dense, attend(dense, o), o);
      }),
    append: (problem) =>
      attempt(() => {
        checkAppend(problem);
        return appendReference(problem);
      }),
    capture: async ({ shape }, o) =>
      refuseCapture(shape, o.table) ?? await attempt(() => {
        captures.add(nextCapture);
        return nextCapture++;
      }),
    replay: (capture, problem) =>
      attempt(() => {
        checkProblem(problem);
        if (!captures.has(capture)) {
          throw new Error(`Cannot replay the step "${capture}": it was never recorded`);
        }
        const o = { walk: "row", splitTokens: 0, passes: "one" } as const;
        return { ...toReply(problem, attend(problem, o), o), readbacks: 0, objectsMade: 0 };
      }),
    releaseCapture: (capture) => {
      captures.delete(capture);
      return Promise.resolve();
    },
  };
}

function attendWith(problem: AttentionProblem, o: AttendOptions): AttentionResult {
  const { pageSizeTokens } = problem.shape;
  const split = o.splitTokens === 0
    ? {}
    : { pagesPerSplit: Math.max(1, Math.floor(o.splitTokens / pageSizeTokens)) };
  return o.passes === "two"
    ? attendDual(problem, (pass) => attendPaged(pass, split))
    : attendPaged(problem, split);
}

/** Attention as a kernel of that arithmetic computes it, in blocks and in the splits asked for. */
function emulating(arithmetic: Arithmetic, o: Pick<EmulatorOptions, "coarser">): Attend {
  return (problem, { splitTokens, passes }) => {
    const cut = { ...o, seed: 0, ...(splitTokens === 0 ? {} : { splitKeys: splitTokens }) };
    const pass = (part: AttentionProblem): AttentionResult => {
      const { output, logSumExp } = emulateAttention(part, arithmetic, cut);
      return {
        output: Float64Array.from(decodeValues(part.shape.storage, output)),
        logSumExp: Float64Array.from(logSumExp),
      };
    };
    return passes === "two" ? attendDual(problem, pass) : pass(problem);
  };
}

function toReply(
  problem: AttentionProblem,
  result: AttentionResult,
  o: AttendOptions,
): AttendReply {
  const bits = encodeValues(problem.shape.storage, result.output);
  const output = o.into?.slice() ?? bits;
  output.set(bits);
  return { output, logSumExp: Float32Array.from(result.logSumExp) };
}
