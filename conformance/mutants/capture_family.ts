/** Kernels whose recordings share what they change, or hold for what they were recorded with. */
import type { AttentionProblem } from "../../kernel/mod.ts";
import { HEAD_LAYOUTS } from "../suites/cache_spec.ts";
import { kernelFamily } from "./family.ts";
import { type Mutant, withTable } from "./mutant.ts";
import { changed } from "./problem_changes.ts";

const facts = { origin: "field", violates: ["capture/several"] } as const;

function queryTokens({ queryStarts }: AttentionProblem): number[] {
  return Array.from(queryStarts.subarray(1), (end, slot) => end - (queryStarts[slot] ?? 0));
}

/** What a newer recording or replay leaves in the buffers of an older one. */
const SPOILED = ["table", "lengths"] as const;

/** Every kernel whose recordings are wrong. */
export const captureFamilyMutants: readonly Mutant[] = [
  ...kernelFamily(
    { ...facts, name: "newer_recording_spoils" },
    SPOILED.flatMap((what) =>
      HEAD_LAYOUTS.map((layout) => ({
        what,
        layout,
        label: `${what}_${layout}`,
        fault:
          `With the ${layout} layout an older recording replays with the ${what} of a newer one`,
        killedBy: [`capture:replay:several:layout=${layout};*`],
      }))
    ),
    ({ what, layout }) => (good) => {
      let newest = -1;
      let last: AttentionProblem | null = null;
      return {
        capture: async (problem, o) => {
          const reply = await good.capture(problem, o);
          if (reply.kind === "ok" && problem.shape.layout === layout) {
            newest = reply.value;
            last = problem;
          }
          return reply;
        },
        replay: async (capture, problem) => {
          if (capture === newest || last === null || problem.shape.layout !== layout) {
            return await good.replay(capture, problem);
          }
          const before = last;
          return what === "table"
            ? await good.replay(
              capture,
              withTable(
                problem,
                problem.table.map((id, index) => {
                  const other = before.table[index] ?? id;
                  return other < problem.shape.pages ? other : id;
                }),
              ),
            )
            : await good.replay(capture, {
              ...problem,
              cachedLengths: problem.cachedLengths.map((length, slot) =>
                Math.min(length, before.cachedLengths[slot] ?? 0)
              ),
            });
        },
      };
    },
  ),
  ...kernelFamily(
    { ...facts, name: "replays_one_token_a_row", violates: ["capture/several", "mixed/batch"] },
    HEAD_LAYOUTS.map((layout) => ({
      layout,
      label: layout,
      fault: `With the ${layout} layout a replay takes every row for a decode row`,
      killedBy: [`capture:replay:rows:layout=${layout};*`],
    })),
    ({ layout }) => (good) => ({
      replay: async (capture, problem) =>
        changed(await good.replay(capture, problem), (reply) => {
          if (problem.shape.layout !== layout) return reply;
          const width = problem.shape.queryHeads * problem.shape.headSize;
          const output = reply.output.slice();
          queryTokens(problem).forEach((tokens, slot) => {
            const first = problem.queryStarts[slot] ?? 0;
            for (let token = first + 1; token < first + tokens; token++) {
              output.copyWithin(token * width, first * width, (first + 1) * width);
            }
          });
          return { ...reply, output };
        }),
    }),
  ),
  ...kernelFamily(
    { ...facts, name: "replay_counts_idle_slots", violates: ["capture/several"] },
    HEAD_LAYOUTS.map((layout) => ({
      layout,
      label: layout,
      fault: `With the ${layout} layout a replay gives the row after an idle slot that slot's keys`,
      killedBy: [`capture:replay:rows:layout=${layout};rows=1+20_0+30_1+5_0+0`],
    })),
    ({ layout }) => (good) => ({
      replay: (capture, problem) => {
        const idle = queryTokens(problem).indexOf(0);
        if (problem.shape.layout !== layout || idle < 0) return good.replay(capture, problem);
        const cachedLengths = problem.cachedLengths.slice();
        // The next slot is computed with the idle slot's length, and sees less of its own keys.
        cachedLengths[idle + 1] = Math.min(cachedLengths[idle + 1] ?? 0, 2);
        return good.replay(capture, { ...problem, cachedLengths });
      },
    }),
  ),
  ...kernelFamily(
    {
      ...facts,
      name: "replay_ends_at_recorded_length",
      violates: ["capture/several", "capture/static"],
    },
    [3, 32].flatMap((pages) =>
      HEAD_LAYOUTS.map((layout) => ({
        pages,
        layout,
        label: `${pages}_pages_${layout}`,
        fault: `With the ${layout} layout a replay walks ${pages} pages, as many as when recorded`,
        killedBy: [`capture:replay:longer:columns=${pages < 4 ? 4 : 40};layout=${layout};*`],
      }))
    ),
    ({ pages, layout }) => (good) => ({
      replay: (capture, problem) => {
        const { columns } = problem.shape;
        return problem.shape.layout === layout
          ? good.replay(
            capture,
            withTable(problem, problem.table.map((id, index) => index % columns < pages ? id : -1)),
          )
          : good.replay(capture, problem);
      },
    }),
  ),
  ...kernelFamily(
    { ...facts, name: "replay_freezes_lengths", violates: ["capture/static", "capture/equal"] },
    HEAD_LAYOUTS.map((layout) => ({
      layout,
      label: layout,
      fault: `With the ${layout} layout lengths are those of the first replay`,
      killedBy: [`capture:replay:repeated:layout=${layout};*`],
    })),
    ({ layout }) => (good) => {
      const first = new Map<number, Int32Array>();
      return {
        replay: (capture, problem) => {
          if (problem.shape.layout !== layout) return good.replay(capture, problem);
          const cachedLengths = first.get(capture) ?? problem.cachedLengths;
          first.set(capture, cachedLengths);
          return good.replay(capture, { ...problem, cachedLengths });
        },
      };
    },
  ),
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
