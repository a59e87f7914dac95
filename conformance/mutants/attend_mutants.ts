/** Kernels whose attention has one fault each. */
import { mapTable } from "../map_table.ts";
import { type Mutant, mutateKernel, withTable } from "./mutant.ts";
import {
  answering,
  asking,
  changed,
  closeHoles,
  copyRows,
  fullHeadsFirst,
  overrunRows,
} from "./problem_changes.ts";

export const attendMutants: readonly Mutant[] = [
  mutateKernel(
    {
      name: "flat_ids_in_per_head_kernel",
      fault: "Global ids are used as addresses where ids are local to the head",
      origin: "field",
      violates: ["layout/id-spaces-distinct", "sentinel/only-minus-one"],
      killedBy: ["kernel:sentinel:flat_ids", "kernel:sentinel:foreign_id:id=pool_end;*"],
    },
    asking((problem) => {
      const { layout, pages, kvHeads } = problem.shape;
      const flat = layout === "headwise" && problem.table.some((id) => id >= pages);
      const table = problem.table.map((id) => Math.min(id, pages * kvHeads - 1));
      return flat ? { ...problem, table, shape: { ...problem.shape, layout: "pooled" } } : problem;
    }),
  ),
  mutateKernel(
    {
      name: "ids_modulo_n",
      fault: "Ids are reduced modulo N in place of being refused",
      origin: "field",
      violates: ["layout/id-spaces-distinct", "layout/row-major-heads"],
      killedBy: ["kernel:sentinel:flat_ids", "kernel:attend:layout:layout=pooled;*"],
    },
    asking((problem) => withTable(problem, mapTable(problem, (id) => id % problem.shape.pages))),
  ),
  mutateKernel({
    name: "sinks_zero_in_one_entry",
    fault: "The entry point that writes into a given output has no sinks",
    origin: "field",
    violates: ["mask/sink-threaded"],
    killedBy: ["kernel:mask:sinks:entry=into;*"],
  }, asking((problem, o) => o.into === undefined ? problem : { ...problem, sinkTokens: 0 })),
  mutateKernel({
    name: "row_shorter_than_walk",
    fault: "A request with more pages than M runs on into the next row",
    origin: "field",
    violates: ["shape/columns-cover"],
    killedBy: ["kernel:refusal:shape:fault=columns_short"],
  }, asking(overrunRows)),
  mutateKernel(
    {
      name: "window_one_too_wide",
      fault: "A window head sees W keys beside its own",
      violates: ["mask/window"],
      killedBy: ["kernel:mask:window"],
    },
    asking((problem) => ({
      ...problem,
      headWindows: problem.headWindows.map((window) => window > 0 ? window + 1 : window),
    })),
  ),
  mutateKernel(
    {
      name: "learned_sink_in_every_split",
      fault: "Every split adds the learned sink to its denominator",
      violates: ["softmax/learned-sink"],
      killedBy: ["kernel:softmax:learned_sink"],
    },
    asking((problem, o) => {
      const { sinkLogits } = problem;
      return sinkLogits !== undefined && o.splitTokens > 0
        ? { ...problem, sinkLogits: sinkLogits.map((logit) => logit + Math.LN2) }
        : problem;
    }),
  ),
  mutateKernel({
    name: "tree_mask_ignored",
    fault: "Drafted siblings see one another",
    violates: ["mask/tree"],
    killedBy: ["kernel:mask:tree"],
  }, asking(({ treeMask: _, ...rest }) => rest)),
  mutateKernel({
    name: "mask_ranges_ignored",
    fault: "Key ranges are accepted and the causal limit is used",
    violates: ["mask/offset"],
    killedBy: ["kernel:mask:offset", "kernel:mask:nothing_visible"],
  }, asking(({ maskRanges: _, ...rest }) => rest)),
  mutateKernel({
    name: "scale_missing",
    fault: "Scores are not scaled",
    violates: ["softmax/scale", "mask/full"],
    killedBy: ["kernel:softmax:scale:scale=default", "kernel:mask:full"],
  }, asking((problem) => ({ ...problem, scale: problem.scale ?? 1 }))),
  mutateKernel(
    {
      name: "passes_merged_in_order",
      fault: "Two passes are put one after the other in place of being merged by head",
      violates: ["dual/merge"],
      killedBy: ["kernel:dual:merge"],
    },
    answering((reply, problem, o) =>
      o.passes === "two" ? { output: fullHeadsFirst(problem, reply) } : {}
    ),
  ),
  mutateKernel({
    name: "not_deterministic",
    fault: "The same inputs give other bits every second time",
    violates: ["numerics/c16", "args/keyword-only"],
    killedBy: ["kernel:softmax:deterministic", "kernel:attend:named_options"],
  }, (good) => {
    let calls = 0;
    return {
      attend: async (problem, o) =>
        changed(await good.attend(problem, o), (reply) => {
          calls++;
          return { ...reply, output: reply.output.map((bits) => bits ^ (calls % 2)) };
        }),
    };
  }),
  mutateKernel(
    {
      name: "writes_past_last_query",
      fault: "A given output is cleared to its end",
      violates: ["kernel/no-overread"],
      killedBy: ["kernel:sentinel:idle:entry=into;*"],
    },
    answering((reply, problem) => ({
      output: reply.output.slice().fill(0, problem.query.length),
    })),
  ),
  mutateKernel(
    {
      name: "log_sum_exp_in_base_2",
      fault: "The log-sum-exp is returned as the kernel keeps it, in base 2",
      violates: ["softmax/lse"],
      killedBy: ["kernel:softmax:log_sum_exp"],
    },
    answering((reply) => ({
      logSumExp: reply.logSumExp?.map((value) => value / Math.LN2) ?? null,
    })),
  ),
  mutateKernel({
    name: "legacy_path_moved",
    fault: "Once head-wise tables were used, uniform ones go another way that rounds otherwise",
    violates: ["layout/optional-table"],
    killedBy: ["kernel:attend:optional_table"],
  }, (good) => {
    let used = false;
    return {
      attend: async (problem, o) => {
        const isUniform = problem.shape.layout === "uniform";
        used ||= !isUniform;
        const moved = used && isUniform;
        return changed(
          await good.attend(problem, o),
          (reply) => moved ? { ...reply, output: reply.output.map((bits) => bits ^ 1) } : reply,
        );
      },
    };
  }),
  mutateKernel({
    name: "output_truncated",
    fault: "The output keeps two bits less than its type has",
    violates: ["numerics/c16"],
    // Rows of one key: where scores may err, the wider interval of other rows hides two bits.
    killedBy: ["kernel:softmax:arithmetic"],
  }, answering((reply) => ({ output: reply.output.map((bits) => bits & ~3) }))),
  mutateKernel(
    {
      name: "one_token_a_row",
      fault: "Every token of a row gets what its last one gets, as if all rows were decode rows",
      violates: ["mixed/batch"],
      killedBy: ["kernel:attend:mixed_batch"],
    },
    answering((reply, problem) => {
      const last = (token: number): number => problem.queryStarts.find((end) => end > token)! - 1;
      return copyRows(problem, reply, (token, head) => [last(token), head]);
    }),
  ),
  mutateKernel({
    name: "holes_compacted",
    fault: "A row's holes are closed up, so that later pages slide to earlier positions",
    violates: ["recycle/off-equal-answers", "sentinel/no-read"],
    killedBy: ["kernel:attend:recycling"],
  }, asking(closeHoles)),
];
