/** A kernel of plain calls behind the command interface, such as this project's on a GPU. */
import {
  type AppendProblem,
  type AttentionProblem,
  mergeByColumns,
  selectHeads,
} from "../../kernel/mod.ts";
import { ALL_FORMAT_CAPABILITIES } from "../cache_formats.ts";
import type {
  AppendReply,
  AttendOptions,
  AttendReply,
  Capability,
  KernelSubject,
  ReplayReply,
  Subject,
} from "../subject.ts";
import { attempt, refuseCapture } from "./attempt.ts";
import { createHeadwiseAllocator, HEADWISE_ALLOCATOR_CAPABILITIES } from "./headwise_allocator.ts";

/** A recorded step of a device kernel. */
export interface DeviceCapture {
  /** Replays it over new contents of the recorded shapes. */
  readonly replay: (problem: AttentionProblem) => Promise<ReplayReply>;
  /** Gives its buffers back. */
  readonly destroy: () => void;
}

/** The calls of a device kernel; each throws a `ProblemError` for what it refuses. */
export interface DeviceKernelCalls {
  /** Attention in one pass; gives a log-sum-exp always. */
  readonly attend: (
    problem: AttentionProblem,
    o: { walk: "row" | "visible"; splitTokens?: number; into?: Uint16Array },
  ) => Promise<AttendReply>;
  /** Attention in two passes; made of two calls of `attend` where the kernel has none. */
  readonly attendTwoPasses?: (problem: AttentionProblem) => Promise<AttendReply>;
  readonly append?: (problem: AppendProblem) => Promise<AppendReply>;
  /** Records a step; the problem's table is the identity one. */
  readonly capture?: (problem: AttentionProblem) => Promise<DeviceCapture>;
}

/** What a kernel with this project's attention call can do. */
export const ATTEND_CAPABILITIES: readonly Capability[] = [
  "kernel.attend",
  "kernel.bf16",
  "kernel.f16",
  "kernel.uniform",
  "kernel.headwise",
  "kernel.pooled",
  "kernel.head_size_256",
  "kernel.sinks",
  "kernel.into",
  "kernel.log_sum_exp",
  "kernel.mask_ranges",
  "kernel.tree_mask",
  "kernel.learned_sinks",
  "kernel.splits",
  "kernel.two_passes",
  "kernel.mixed_cache",
  ...ALL_FORMAT_CAPABILITIES,
];

/** Makes a subject of this project's allocator and a device kernel. */
export function createDeviceSubject(name: string, calls: DeviceKernelCalls): Subject {
  return {
    name,
    capabilities: new Set([
      ...HEADWISE_ALLOCATOR_CAPABILITIES,
      ...ATTEND_CAPABILITIES,
      ...(calls.append === undefined ? [] : ["kernel.append"] as const),
      ...(calls.capture === undefined ? [] : ["kernel.capture"] as const),
    ]),
    allocator: createHeadwiseAllocator(),
    kernel: createDeviceKernel(calls),
  };
}

function createDeviceKernel(calls: DeviceKernelCalls): KernelSubject {
  const captures = new Map<number, DeviceCapture>();
  let nextCapture = 0;
  return {
    attend: (problem, o) =>
      attempt(() =>
        o.passes === "two"
          ? (calls.attendTwoPasses ?? ((p) => attendTwice(calls, p, o)))(problem)
          : attendOnce(calls, problem, o)
      ),
    append: (problem) => attempt(() => demand(calls.append, "append")(problem)),
    capture: async (problem, o) =>
      refuseCapture(problem.shape, o.table) ?? await attempt(async () => {
        const recorded = { ...problem, table: o.table ?? problem.table };
        captures.set(nextCapture, await demand(calls.capture, "capture")(recorded));
        return nextCapture++;
      }),
    replay: (capture, problem) =>
      attempt(() => demand(captures.get(capture)?.replay, `replay of step ${capture}`)(problem)),
    releaseCapture: (capture) => {
      captures.get(capture)?.destroy();
      captures.delete(capture);
      return Promise.resolve();
    },
  };
}

async function attendOnce(
  calls: DeviceKernelCalls,
  problem: AttentionProblem,
  o: AttendOptions,
): Promise<AttendReply> {
  const split = o.splitTokens === 0 ? {} : { splitTokens: o.splitTokens };
  const options = { walk: o.walk, ...split };
  if (o.into === undefined) {
    return await calls.attend(problem, options);
  }
  // The kernel's output is exact; the rest of a longer one is the caller's and stays.
  const output = o.into.slice();
  const into = output.subarray(0, problem.query.length);
  const reply = await calls.attend(problem, { ...options, into });
  return { ...reply, output };
}

async function attendTwice(
  calls: DeviceKernelCalls,
  problem: AttentionProblem,
  o: AttendOptions,
): Promise<AttendReply> {
  const { kvHeads, queryHeads, headSize } = problem.shape;
  const heads = Array.from({ length: kvHeads }, (_, head) => head);
  const kinds = [
    heads.filter((head) => problem.headWindows[head] === 0),
    heads.filter((head) => problem.headWindows[head] !== 0),
  ].filter((kind) => kind.length > 0);
  const passes: { heads: number[]; reply: AttendReply }[] = [];
  for (const kind of kinds) {
    passes.push({ heads: kind, reply: await attendOnce(calls, selectHeads(problem, kind), o) });
  }
  const group = queryHeads / kvHeads;
  const merge = (columnsPerHead: number, pick: (reply: AttendReply) => ArrayLike<number>) =>
    mergeByColumns(
      passes.map(({ heads, reply }) => ({ heads, result: Float64Array.from(pick(reply)) })),
      { kvHeads, columnsPerHead },
    );
  return {
    output: Uint16Array.from(merge(group * headSize, (reply) => reply.output)),
    logSumExp: Float32Array.from(merge(group, (reply) => reply.logSumExp ?? [])),
    arithmetic: passes[0].reply.arithmetic ?? [],
  };
}

function demand<T>(call: T | undefined, what: string): T {
  if (call === undefined) {
    throw new Error(`Cannot run "${what}": the kernel has no such call`);
  }
  return call;
}
