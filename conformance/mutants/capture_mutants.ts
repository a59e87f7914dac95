/** Kernels that record or replay steps wrongly, one fault each. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import { captureTable } from "../identity_table.ts";
import { mapTable } from "../map_table.ts";
import type { ReplayReply, Reply } from "../subject.ts";
import { type Mutant, mutateKernel, withTable } from "./mutant.ts";
import { changed } from "./problem_changes.ts";

export const captureMutants: readonly Mutant[] = [
  mutateKernel({
    name: "captured_with_null_table",
    fault: "A step recorded without a table is accepted and replays the row of head 0",
    origin: "field",
    violates: ["capture/table-present"],
    killedBy: ["capture:record:table_present:fault=no_table;*"],
  }, (good) => ({
    capture: (problem, o) =>
      good.capture(problem, { table: o.table ?? captureTable(problem.shape, 2) }),
  })),
  mutateKernel({
    name: "boolean_index_while_recording",
    fault: "Which columns are live is decided on the host while recording, and frozen",
    origin: "field",
    violates: ["capture/static"],
    killedBy: ["capture:replay:equal", "capture:replay:repeated"],
  }, (good) => ({
    replay: (capture, problem) => good.replay(capture, onlyColumns(problem, 2)),
  })),
  mutateKernel({
    name: "readback_inside_step",
    fault: "A replay reads lengths back to the host",
    origin: "field",
    violates: ["capture/static"],
    killedBy: ["capture:replay:static"],
  }, (good) => ({
    replay: async (capture, problem) =>
      changed(await good.replay(capture, problem), (reply) => ({ ...reply, readbacks: 1 })),
  })),
  mutateKernel({
    name: "replay_remembers",
    fault: "Every replay gives what the first one gave",
    violates: ["capture/equal"],
    killedBy: ["capture:replay:repeated"],
  }, (good) => {
    const first = new Map<number, Reply<ReplayReply>>();
    return {
      replay: async (capture, problem) => {
        const reply = first.get(capture) ?? await good.replay(capture, problem);
        first.set(capture, reply);
        return reply;
      },
    };
  }),
];

/** A problem whose rows end after so many columns. */
export function onlyColumns(problem: AttentionProblem, kept: number): AttentionProblem {
  return withTable(problem, mapTable(problem, (id, { column }) => column < kept ? id : -1));
}
