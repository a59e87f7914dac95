/** Tests of recorded steps: what they are recorded with, and that a replay decides nothing. */
import type { Layout } from "../../allocator/mod.ts";
import type { AttentionProblem, StorageType } from "../../kernel/mod.ts";
import { requireEqual, requireSameElements } from "../acceptance.ts";
import { captureTable } from "../identity_table.ts";
import { PASS, type Verdict } from "../outcome.ts";
import type { AttendReply, KernelSubject } from "../subject.ts";
import { defineTest, grid, type TestDefinition } from "../test_definition.ts";
import { HEAD_LAYOUTS } from "./cache_spec.ts";
import { requireOk, requireRefused } from "./driver.ts";
import {
  attend,
  CONTROL_PROBLEM,
  judgeReply,
  needsOf,
  problemOf,
  type ProblemSpec,
  recordStep,
  shapeOf,
  STORAGES,
  worstOf,
} from "./kernel_case.ts";

/** Steps of several shapes, which are recorded side by side. */
const SEVERAL_ROWS: readonly string[] = [
  "1+47_1+30_1+9",
  "1+20_1+3_1+40_1+8_1+30",
  "4+20_1+33_2+7",
];

/** Rows of one token behind so many cached ones. */
function decodeRows(lengths: readonly number[]): string {
  return lengths.map((length) => `1+${length}`).join("_");
}

/** A step of some rows over pages with holes. */
function stepOf(layout: Layout, rows: string): Partial<ProblemSpec> {
  return { layout, rows, recycled: true, window: 12 };
}

/** A decode step of three slots, in pools and tables whose sizes do not depend on the lengths. */
function captureProblem(
  seed: number,
  o: { layout?: Layout; storage?: StorageType; cached?: readonly number[] },
): AttentionProblem {
  const widest = {
    ...CONTROL_PROBLEM,
    layout: o.layout ?? "headwise",
    storage: o.storage ?? "bf16",
    rows: "1+47_1+47_1+47",
    recycled: true,
    window: 12,
  };
  const rows = decodeRows(o.cached ?? [47, 47, 47]);
  return problemOf(seed, { ...widest, rows }, shapeOf(widest));
}

/** Replays problems and judges each; the recordings are forgotten then. */
async function judgeReplays(
  kernel: KernelSubject,
  replays: readonly { readonly capture: number; readonly problem: AttentionProblem }[],
  check?: (problem: AttentionProblem, replayed: AttendReply) => Promise<void>,
): Promise<Verdict> {
  const verdicts: Verdict[] = [];
  for (const { capture, problem } of replays) {
    const replayed = requireOk("replay", await kernel.replay(capture, problem));
    await check?.(problem, replayed);
    verdicts.push(judgeReply(problem, replayed));
  }
  const captures = new Set(replays.map(({ capture }) => capture));
  for (const capture of captures) await kernel.releaseCapture(capture);
  return worstOf(verdicts);
}

/** Records a step and replays problems, whose answers must be those of fresh runs to the bit. */
async function replayJudged(
  kernel: KernelSubject,
  recorded: AttentionProblem,
  problems: readonly AttentionProblem[],
): Promise<Verdict> {
  const table = captureTable(recorded.shape, 2);
  const capture = requireOk("capture", await kernel.capture(recorded, { table }));
  const replays = problems.map((problem) => ({ capture, problem }));
  return await judgeReplays(kernel, replays, async (problem, replayed) => {
    const fresh = await attend(kernel, problem, { walk: "visible" });
    requireSameElements("output of the replay", replayed.output, fresh.output);
  });
}

export const captureTests: readonly TestDefinition[] = [
  defineTest({
    id: "capture:record:table_present",
    clauses: ["capture/table-present"],
    description: "Recording needs identity ids for every head; anything else is refused",
    needs: ({ layout }) => [...needsOf({ layout }), "kernel.capture"],
    cases: grid({
      layout: HEAD_LAYOUTS,
      fault: ["no_table", "holes", "one_head_missing", "slots_only", "wrong_base", "shuffled"],
    }),
    run: async ({ kernel, params: { layout, fault }, seed }) => {
      const problem = captureProblem(seed, { layout });
      const table = captureTable(problem.shape, 2);
      const { columns, kvHeads } = problem.shape;
      const faulty = {
        no_table: null,
        holes: table.map(() => -1),
        one_head_missing: table.slice().fill(-1, columns, 2 * columns),
        slots_only: table.slice(0, table.length / kvHeads),
        wrong_base: table.map((id) => id < 0 ? id : (id + 1) % problem.shape.pages),
        shuffled: problem.table,
      }[fault] ?? null;
      requireRefused("capture", await kernel.capture(problem, { table: faulty }));
      const capture = requireOk("capture", await kernel.capture(problem, { table }));
      await kernel.releaseCapture(capture);
      return PASS;
    },
  }),
  defineTest({
    id: "capture:replay:equal",
    clauses: ["capture/equal", "capture/static", "capture/table-present"],
    description: "A replay over other tables, lengths and holes gives the bits of a fresh run",
    needs: ({ layout, storage }) => [...needsOf({ layout, storage }), "kernel.capture"],
    cases: grid({
      layout: HEAD_LAYOUTS,
      storage: STORAGES,
      cached: ["47-40-33", "5-0-2", "47-46-3", "47-0-31"],
    }),
    run: ({ kernel, params: { layout, storage, cached }, seed }) => {
      const recorded = captureProblem(seed, { layout, storage });
      const lengths = cached.split("-").map(Number);
      return replayJudged(
        kernel,
        recorded,
        [captureProblem(seed + 1, { layout, storage, cached: lengths })],
      );
    },
  }),
  defineTest({
    id: "capture:replay:repeated",
    clauses: ["capture/equal", "capture/static"],
    description: "Replays in a row do not remember each other",
    needs: ({ layout }) => [...needsOf({ layout }), "kernel.capture"],
    cases: grid({ layout: HEAD_LAYOUTS, replays: [2, 4] }),
    run: ({ kernel, params: { layout, replays }, seed }) => {
      const cached = [[47, 30, 20], [3, 9, 1], [31, 32, 33], [0, 0, 0]];
      const problems = cached.slice(0, replays).map((lengths, index) =>
        captureProblem(seed + index, { layout, cached: lengths })
      );
      return replayJudged(kernel, captureProblem(seed, { layout }), problems);
    },
  }),
  defineTest({
    id: "capture:replay:static",
    clauses: ["capture/static"],
    description: "A replay reads nothing back and makes no object",
    needs: ({ storage }) => [...needsOf({ storage }), "kernel.capture"],
    cases: grid({ storage: STORAGES }),
    run: async ({ kernel, params: { storage }, seed }) => {
      const problem = captureProblem(seed, { storage });
      const table = captureTable(problem.shape, 2);
      const capture = requireOk("capture", await kernel.capture(problem, { table }));
      for (let replay = 0; replay < 3; replay++) {
        const reply = requireOk("replay", await kernel.replay(capture, problem));
        requireEqual("readbacks inside the step", reply.readbacks, 0);
        requireEqual("objects made for the replay", reply.objectsMade, 0);
      }
      await kernel.releaseCapture(capture);
      return PASS;
    },
  }),
  defineTest({
    id: "capture:replay:several",
    clauses: ["capture/several", "capture/equal"],
    description: "Recordings of several batches stay right while newer ones are made and replayed",
    needs: ({ layout }) => [...needsOf({ layout }), "kernel.capture"],
    cases: grid({ layout: HEAD_LAYOUTS, order: ["oldest_first", "newest_first", "in_turns"] }),
    run: async ({ kernel, params: { layout, order }, seed }) => {
      const captures: number[] = [];
      for (const [index, rows] of SEVERAL_ROWS.entries()) {
        captures.push(await recordStep(kernel, problemOf(seed + index, stepOf(layout, rows))));
      }
      const all = [...captures.keys()];
      const turns = {
        oldest_first: all,
        newest_first: all.toReversed(),
        in_turns: [...all, ...all.toReversed(), 0, 2, 1],
      }[order] ?? all;
      const replays = turns.map((index, turn) => ({
        capture: captures[index]!,
        problem: problemOf(seed + 10 + turn, stepOf(layout, SEVERAL_ROWS[index]!)),
      }));
      return judgeReplays(kernel, replays);
    },
  }),
  defineTest({
    id: "capture:replay:rows",
    clauses: ["capture/several", "mixed/batch"],
    description: "Rows of one to eight tokens and idle slots replay like a fresh run",
    needs: ({ layout }) => [...needsOf({ layout }), "kernel.capture"],
    cases: grid({ layout: HEAD_LAYOUTS, rows: ["8+20_1+40_3+0", "1+20_0+30_1+5_0+0", "2+9_8+40"] }),
    run: async ({ kernel, params: { layout, rows }, seed }) => {
      const [first, ...next] = [0, 1, 2].map((turn) =>
        problemOf(seed + turn, stepOf(layout, rows))
      );
      const capture = await recordStep(kernel, first!);
      return judgeReplays(kernel, next.map((problem) => ({ capture, problem })));
    },
  }),
  defineTest({
    id: "capture:replay:longer",
    clauses: ["capture/several", "capture/static"],
    description: "A step recorded with short lengths replays lengths up to the last column",
    needs: ({ layout }) => [...needsOf({ layout }), "kernel.capture"],
    cases: grid({ layout: HEAD_LAYOUTS, recorded: ["0-0-0", "15-2-1"], columns: [4, 40] }),
    run: async ({ kernel, params: { layout, recorded, columns }, seed }) => {
      const last = 16 * columns - 1;
      const widest = { layout, rows: decodeRows([last, last, last]) };
      const shape = shapeOf({ ...CONTROL_PROBLEM, ...widest, spareColumns: 0 });
      const step = (seed: number, lengths: readonly number[]): AttentionProblem =>
        problemOf(seed, stepOf(layout, decodeRows(lengths)), shape);
      const capture = await recordStep(kernel, step(seed, recorded.split("-").map(Number)));
      const next = [[last, 20, 3], [7, last, last - 16]].map((lengths) => step(seed + 1, lengths));
      return judgeReplays(kernel, next.map((problem) => ({ capture, problem })));
    },
  }),
];
