/** Kernels that record or replay steps wrongly: what recordings share, and what they were recorded with. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import { captureTable } from "../identity_table.ts";
import { mapTable } from "../map_table.ts";
import type { ReplayReply, Reply } from "../subject.ts";
import { HEAD_LAYOUTS } from "../suites/cache_spec.ts";
import { kernelFamily, kernelLayoutFamily, limits, named } from "./family.ts";
import { type Mutant, mutateKernel, withTable } from "./mutant.ts";
import { changed, copyRows, firstOfRow } from "./problem_changes.ts";

const facts = { origin: "field", violates: ["capture/several"] } as const;

function queryTokens({ queryStarts }: AttentionProblem): number[] {
  return Array.from(queryStarts.subarray(1), (end, slot) => end - (queryStarts[slot] ?? 0));
}

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
  ...kernelLayoutFamily({
    ...facts,
    name: "newer_recording_spoils",
    variants: named("table", "lengths"),
    fault: (what) => `an older recording replays with the ${what} of a newer one`,
    test: "capture:replay:several",
    layouts: HEAD_LAYOUTS,
  }, (good, what) => {
    let newest = -1;
    let last: AttentionProblem | null = null;
    return {
      capture: async (problem, o) => {
        const reply = await good.capture(problem, o);
        if (reply.kind === "ok") {
          newest = reply.value;
          last = problem;
        }
        return reply;
      },
      replay: async (capture, problem) => {
        if (capture === newest || last === null) return await good.replay(capture, problem);
        const before = last;
        const table = problem.table.map((id, index) => {
          const other = before.table[index] ?? id;
          return other < problem.shape.pages ? other : id;
        });
        const cachedLengths = problem.cachedLengths.map((length, slot) =>
          Math.min(length, before.cachedLengths[slot] ?? 0)
        );
        const spoiled = what === "table" ? { table } : { cachedLengths };
        return await good.replay(capture, { ...problem, ...spoiled });
      },
    };
  }),
  ...kernelLayoutFamily({
    ...facts,
    name: "replays_one_token_a_row",
    violates: ["capture/several", "mixed/batch"],
    fault: "a replay takes every row for a decode row",
    test: "capture:replay:rows",
    layouts: HEAD_LAYOUTS,
  }, (good) => ({
    replay: async (capture, problem) =>
      changed(
        await good.replay(capture, problem),
        (reply) => copyRows(problem, reply, (token, head) => [firstOfRow(problem, token), head]),
      ),
  })),
  ...kernelLayoutFamily({
    ...facts,
    name: "replay_counts_idle_slots",
    fault: "a replay gives the row after an idle slot that slot's keys",
    test: (layout) => `capture:replay:rows:layout=${layout};rows=1+20_0+30_1+5_0+0`,
    layouts: HEAD_LAYOUTS,
  }, (good) => ({
    replay: (capture, problem) => {
      const idle = queryTokens(problem).indexOf(0);
      if (idle < 0) return good.replay(capture, problem);
      const cachedLengths = problem.cachedLengths.slice();
      // The next slot is computed with the idle slot's length, and sees less of its own keys.
      cachedLengths[idle + 1] = Math.min(cachedLengths[idle + 1] ?? 0, 2);
      return good.replay(capture, { ...problem, cachedLengths });
    },
  })),
  ...kernelLayoutFamily({
    ...facts,
    name: "replay_ends_at_recorded_length",
    violates: ["capture/several", "capture/static"],
    variants: limits([3, 32], "#_pages"),
    fault: (pages) => `a replay walks ${pages}, as many as when recorded`,
    test: (layout, pages) =>
      `capture:replay:longer:columns=${pages < 4 ? 4 : 40};layout=${layout};*`,
    layouts: HEAD_LAYOUTS,
  }, (good, pages) => ({
    replay: (capture, problem) => good.replay(capture, onlyColumns(problem, pages)),
  })),
  ...kernelLayoutFamily({
    ...facts,
    name: "replay_freezes_lengths",
    violates: ["capture/static", "capture/equal"],
    fault: "lengths are those of the first replay",
    test: "capture:replay:repeated",
    layouts: HEAD_LAYOUTS,
  }, (good) => {
    const first = new Map<number, Int32Array>();
    return {
      replay: (capture, problem) => {
        const cachedLengths = first.get(capture) ?? problem.cachedLengths;
        first.set(capture, cachedLengths);
        return good.replay(capture, { ...problem, cachedLengths });
      },
    };
  }),
  ...kernelFamily(
    { ...facts, name: "recorded_with", violates: ["capture/table-present"] },
    ["holes", "one_head_missing", "slots_only", "wrong_base", "shuffled"].map((fault) => ({
      label: fault,
      fault: `A step is recorded although its table is wrong: ${fault.replaceAll("_", " ")}`,
      killedBy: [`capture:record:table_present:fault=${fault};*`],
      matches: fault,
    })),
    ({ matches }) => (good) => ({
      capture: async (problem, o) => {
        const reply = await good.capture(problem, o);
        if (reply.kind === "ok" || o.table === null) return reply;
        const { table } = o;
        const { columns, kvHeads, batch, pages } = problem.shape;
        const isFault = {
          holes: table.every((id) => id === -1),
          one_head_missing: table.length === batch * kvHeads * columns &&
            table.subarray(columns, 2 * columns).every((id) => id === -1) && table[0] !== -1,
          slots_only: table.length < batch * kvHeads * columns,
          wrong_base: table[0] === 1 % pages && table.includes(-1),
          shuffled: table === problem.table || table.join() === problem.table.join(),
        }[matches];
        return isFault ? { kind: "ok", value: 1_000_000 } : reply;
      },
      releaseCapture: (capture) =>
        capture === 1_000_000 ? Promise.resolve() : good.releaseCapture(capture),
    }),
  ),
];

/** A problem whose rows end after so many columns. */
function onlyColumns(problem: AttentionProblem, kept: number): AttentionProblem {
  return withTable(problem, mapTable(problem, (id, { column }) => column < kept ? id : -1));
}
