/** Tests of which keys a query sees, and of the softmax over them. */
import { requireEqual, requireSameElements, requireThat } from "../acceptance.ts";
import { PASS, type Verdict } from "../outcome.ts";
import { grid, type TestDefinition, vary } from "../test_definition.ts";
import { defineAttendTest } from "./attend_case.ts";
import { HEAD_LAYOUTS } from "./cache_spec.ts";
import {
  attend,
  attendJudged,
  CONTROL_PROBLEM,
  DEFAULT_ATTEND,
  judgeReply,
  SHORT_ROWS,
  STORAGES,
  worstOf,
} from "./kernel_case.ts";

const DECODE = "1+47_1+64_1+15";
const PREFILL = "20+30_35+0";
const SPECULATIVE = "5+45_8+8_2+62";

export const maskTests: readonly TestDefinition[] = [
  defineAttendTest({
    id: "kernel:mask:full",
    clauses: ["mask/full"],
    description: "Full heads see every key up to their own, and W = 0 means full",
    cases: grid({ rows: [DECODE, PREFILL, SPECULATIVE], kinds: ["ff", "ww"] }),
    spec: { window: 0 },
  }),
  defineAttendTest({
    id: "kernel:mask:window",
    clauses: ["mask/window"],
    description: "Window heads see W keys with their own, on both sides of page boundaries",
    cases: grid({ window: [1, 2, 15, 16, 17, 40, 500], rows: [DECODE, PREFILL, SPECULATIVE] }),
  }),
  defineAttendTest({
    id: "kernel:mask:sinks",
    clauses: ["mask/window", "mask/sink-threaded"],
    description: "Sinks stay visible in every entry point, for decode rows and chunks",
    needs: ({ entry }) => [entry === "into" && "kernel.into"],
    cases: grid({ sinks: [1, 4, 16, 20], entry: ["new", "into"], rows: [DECODE, PREFILL] }),
    spec: { recycled: true },
    run: (kernel, problem, { entry }) => {
      const into = new Uint16Array(problem.query.length).fill(0x7fc1);
      return attendJudged(kernel, problem, entry === "into" ? { into } : {});
    },
  }),
  defineAttendTest({
    id: "kernel:mask:offset",
    clauses: ["mask/offset"],
    description: "A key range takes the place of the causal limit, of window and full heads",
    cases: grid({ window: [0, 16, 24], sinks: [0, 4], rows: [DECODE, "16+34_15+0"] }),
    spec: { ranges: true },
  }),
  defineAttendTest({
    id: "kernel:mask:tree",
    clauses: ["mask/tree"],
    description: "A tree mask hides keys of this step's own tokens, on top of window and sinks",
    cases: [
      ...grid({
        window: [0, 16],
        rows: [SPECULATIVE, "8+0_1+30_4+13", "13+20_2+9_30+0"],
        storage: ["bf16"],
      }),
      { window: 16, rows: "5+45_3+62", storage: "f16" },
    ],
    spec: { tree: true, sinks: 4 },
  }),
  defineAttendTest({
    id: "kernel:mask:head_kinds",
    clauses: ["mask/head-kinds"],
    description: "Window heads may be any heads",
    cases: grid({ layout: HEAD_LAYOUTS, kinds: ["wfff", "fffw", "wfwf", "fwwf", "wwww"] }),
    spec: { recycled: true, sinks: 4, rows: SHORT_ROWS },
  }),
  defineAttendTest({
    id: "kernel:softmax:scale",
    clauses: ["softmax/scale", "numerics/c16"],
    description: "1/√D by default; faint and strong scores stay inside the bound",
    cases: grid({ scale: ["default", "0.002", "0.5", "2"] }),
    spec: ({ scale }) => ({ scale: scale === "default" ? null : Number(scale) }),
  }),
  defineAttendTest({
    id: "kernel:softmax:learned_sink",
    clauses: ["softmax/learned-sink"],
    description: "A learned sink joins the denominator once, whatever the number of splits",
    cases: grid({ split: [0, 16, 32], logit: ["random", "large", "small"] }),
    spec: { learned: true, rows: "1+90_6+70_16+31" },
    run: (kernel, problem, { split, logit }) => {
      const logits = { random: undefined, large: 30, small: -30 }[logit];
      return attendJudged(
        kernel,
        logits === undefined
          ? problem
          : { ...problem, sinkLogits: new Float32Array(problem.shape.queryHeads).fill(logits) },
        { splitTokens: split },
      );
    },
  }),
  defineAttendTest({
    id: "kernel:softmax:absent_sink",
    clauses: ["softmax/learned-sink"],
    description: "A learned sink of -Infinity is refused, or adds nothing, with others beside it",
    cases: grid({ split: [0, 16], heads: ["all", "first"] }),
    spec: { learned: true, rows: "1+5_3+9_1+40" },
    run: async (kernel, given, { split, heads }) => {
      const sinkLogits = given.sinkLogits!.map((logit, head) =>
        heads === "all" || head === 0 ? -Infinity : logit
      );
      const problem = { ...given, sinkLogits };
      const reply = await kernel.attend(problem, { ...DEFAULT_ATTEND, splitTokens: split });
      return reply.kind === "refused" ? PASS : judgeReply(problem, reply.value);
    },
  }),
  defineAttendTest({
    id: "kernel:softmax:log_sum_exp",
    clauses: ["softmax/lse"],
    description: "The log-sum-exp is that of the visible keys alone",
    needs: ["kernel.log_sum_exp"],
    cases: grid({ rows: [DECODE, "16+34_15+0"], learned: [false, true] }),
    spec: { sinks: 4 },
    run: async (kernel, problem) => {
      const reply = await attend(kernel, problem);
      requireEqual("a log-sum-exp was returned", reply.logSumExp !== null, true);
      return judgeReply(problem, reply);
    },
  }),
  defineAttendTest({
    id: "kernel:softmax:splits",
    clauses: ["numerics/c16"],
    description: "Split and unsplit results lie inside the same bound",
    cases: grid({
      split: [16, 32, 64, 128],
      storage: STORAGES,
      rows: ["1+200_1+40", "12+120_3+64"],
    }),
    spec: { window: 48, sinks: 4 },
    run: async (kernel, problem, { split }) =>
      worstOf([
        await attendJudged(kernel, problem),
        await attendJudged(kernel, problem, { splitTokens: split }),
      ]),
  }),
  defineAttendTest({
    id: "kernel:softmax:deterministic",
    clauses: ["numerics/c16"],
    description: "The same inputs twice give the same bits",
    cases: grid({ storage: STORAGES, rows: ["1+200_1+40", "12+120_3+64"] }),
    run: async (kernel, problem) => {
      const first = await attend(kernel, problem);
      const second = await attend(kernel, problem);
      requireSameElements("output", second.output, first.output);
      requireSameElements("log-sum-exp", second.logSumExp ?? [], first.logSumExp ?? []);
      return judgeReply(problem, first);
    },
  }),
  defineAttendTest({
    id: "kernel:softmax:repeated",
    clauses: ["numerics/c16"],
    description:
      "The same inputs again and again write the same answer into an output that lost it",
    needs: ["kernel.into"],
    cases: grid({ storage: STORAGES, rows: [SHORT_ROWS] }),
    run: async (kernel, problem) => {
      const verdicts: Verdict[] = [];
      for (let call = 0; call < 4; call++) {
        const into = new Uint16Array(problem.query.length).fill(0x7fc1);
        verdicts.push(await attendJudged(kernel, problem, { into }));
      }
      return worstOf(verdicts);
    },
  }),
  defineAttendTest({
    id: "kernel:dual:merge",
    clauses: ["dual/merge"],
    description: "Full and window heads in two passes give what one pass gives",
    needs: ["kernel.two_passes"],
    cases: [
      { kinds: "wfwf", storage: "bf16", learned: false, rows: CONTROL_PROBLEM.rows },
      ...vary({
        kinds: "wfwf",
        storage: "bf16",
        learned: false,
        rows: SHORT_ROWS,
      }, {
        kinds: ["ffww", "fwwf", "fwff", "wwww"],
        storage: ["f16"],
        learned: [true],
      }),
    ],
    spec: { sinks: 4 },
    run: async (kernel, problem) =>
      worstOf([
        await attendJudged(kernel, problem),
        await attendJudged(kernel, problem, { passes: "two" }),
      ]),
  }),
  defineAttendTest({
    id: "kernel:mask:nothing_visible",
    clauses: ["kernel/no-overread", "mask/offset"],
    description: "A query with an empty key range gives 0",
    cases: vary({ storage: "bf16", learned: false }, {
      storage: ["f16"],
      learned: [true],
    }),
    spec: { ranges: true, rows: "3+30_2+20" },
    run: async (kernel, problem) => {
      const maskRanges = Int32Array.from(problem.maskRanges ?? []);
      maskRanges.set([12, 12], 2);
      const reply = await attend(kernel, { ...problem, maskRanges });
      const rowElements = problem.shape.queryHeads * problem.shape.headSize;
      const zeros = reply.output.subarray(rowElements, 2 * rowElements);
      requireThat(zeros.every((bits) => (bits & 0x7fff) === 0), "Expected 0 where no key is seen");
      return judgeReply({ ...problem, maskRanges }, reply);
    },
  }),
];
