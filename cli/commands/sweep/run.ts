import { prepareOutput, runSweep, type SweepAxes, type SweepPoint } from "../../../bench/mod.ts";
import { chooseClock, MissingDevice } from "../../gpu/mod.ts";
import { type CliContext, createProgress, paintOf, writeLines } from "../../terminal/mod.ts";
import type { SweepFlags } from "./command.ts";
import { describePoint, renderSweep } from "../../tables/mod.ts";

/** Runs `headwise sweep`. */
export default async function sweep(this: CliContext, flags: SweepFlags): Promise<void> {
  const { stdout, stderr } = this.process;
  const { clock, pairs, seed, shard } = flags;
  await prepareOutput(flags.out);
  const progress = createProgress(stderr, { now: () => performance.now() });
  let reached = { done: 0, points: 0 };
  let clockBefore: "gpu" | "model" | null = null;
  try {
    const result = await runSweep({
      fixture: flags.fixture,
      axes: axesOf(flags),
      gates: flags.gate.map((gate) => `gate/${gate}` as const),
      clock,
      file: flags.out,
      signal: this.signal,
      openClock: async (workload) => {
        const chosen = await chooseClock(workload, {
          gpu: "deno",
          clock,
          seed: seed ?? null,
          layersMeasured: null,
        });
        const { ceilings, close } = chosen;
        if (chosen.clock.kind === "model" && clockBefore === "gpu") {
          close();
          // The rest of the grid would be told by another clock than its beginning.
          const reason = chosen.clock.reason ?? "the device cannot time this point";
          throw new MissingDevice({ reason, fix: "rows so far are kept; go on once it answers" });
        }
        clockBefore = chosen.clock.kind;
        return {
          options: { clock: chosen.clock, ...(ceilings === null ? {} : { ceilings }) },
          close,
        };
      },
      onPoint: ({ point, done, points }) => {
        reached = { done, points };
        progress.update({
          label: `point ${done + 1} of ${points}`,
          fraction: done / points,
          detail: describePoint(point.point as SweepPoint),
        });
      },
      ...(pairs === undefined ? {} : { pairs }),
      ...(seed === undefined ? {} : { seed }),
      ...(shard === undefined ? {} : { shard }),
    });
    progress.close();
    writeLines(
      stdout,
      flags.json
        ? [JSON.stringify(result, null, 2)]
        : renderSweep(result, { paint: paintOf(stdout), columns: stdout.columns }),
    );
    writeLines(stderr, [`Rows written to '${flags.out}'`]);
  } catch (error) {
    progress.close();
    if (this.signal.aborted) {
      const kept = `${reached.done} of ${reached.points} points are kept in '${flags.out}'`;
      writeLines(stderr, [`${kept}; repeat the command to go on`]);
    }
    throw error;
  } finally {
    progress.close();
  }
}

function axesOf(flags: SweepFlags): SweepAxes {
  return {
    windowTokens: flags.window ?? [],
    ratio: flags.ratio ?? [],
    contextTokens: flags.context ?? [],
    batch: flags.batch ?? [],
    pageSizeTokens: flags.pageSize ?? [],
  };
}
