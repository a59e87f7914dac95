import {
  type ClockChoice,
  prepareOutput,
  runSweep,
  type SweepAxes,
  type SweepPoint,
} from "../../../bench/mod.ts";
import { chooseClock, type ChosenClock, MissingDevice } from "../../gpu/mod.ts";
import { type CliContext, createProgress, writeLines, writeResult } from "../../terminal/mod.ts";
import {
  type LoadedSettings,
  optionsOf,
  type SettingsOf,
  SWEEP_SETTINGS,
} from "../../settings/mod.ts";
import { describePoint, renderSweep } from "../../tables/mod.ts";

/** Runs `headwise sweep`. */
export default async function sweep(
  this: CliContext,
  { values }: LoadedSettings<"sweep run">,
): Promise<void> {
  const { stdout, stderr } = this.process;
  const { clock, seed } = values;
  // A sweep only ever adds to a file, and only to one of its own.
  await prepareOutput(values.out, null);
  const progress = createProgress(stderr, { now: () => performance.now() });
  let reached = { done: 0, points: 0 };
  let clockBefore: ClockChoice["kind"] | null = null;
  try {
    const result = await runSweep({
      fixture: values.fixture,
      axes: axesOf(values),
      gates: values.gate.map((gate) => `gate/${gate}` as const),
      ...optionsOf(SWEEP_SETTINGS, values),
      file: values.out,
      signal: this.signal,
      openClock: async (workload) => {
        const chosen = await chooseClock(workload, {
          gpu: "deno",
          clock,
          seed,
          layersMeasured: null,
        });
        await requireSameClock(chosen, clockBefore);
        const { ceilings, close } = chosen;
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
    });
    progress.close();
    writeResult(stdout, result, { json: values.json, render: renderSweep });
    writeLines(stderr, [`Rows written to '${values.out}'`]);
  } catch (error) {
    progress.close();
    if (this.signal.aborted) {
      const kept = `${reached.done} of ${reached.points} points are kept in '${values.out}'`;
      writeLines(stderr, [`${kept}; repeat the command to continue`]);
    }
    throw error;
  } finally {
    progress.close();
  }
}

/**
 * Lets a sweep that a device began end by no other clock: the rest of its grid would be told by
 * another one than its beginning.
 *
 * @throws {MissingDevice} When the device cannot time any more; what was opened in its place is closed.
 */
export async function requireSameClock(
  { clock, close }: Pick<ChosenClock, "clock" | "close">,
  before: ClockChoice["kind"] | null,
): Promise<void> {
  if (clock.kind !== "model" || before !== "gpu") return;
  await close();
  throw new MissingDevice({
    reason: clock.reason ?? "the device cannot time this point",
    fix: "rows so far are kept; continue once it answers",
  });
}

function axesOf(values: SettingsOf<"sweep run">): SweepAxes {
  return {
    windowTokens: values.window ?? [],
    ratio: values.ratio ?? [],
    contextTokens: values.context ?? [],
    batch: values.batch ?? [],
    pageSizeTokens: values.pageSize ?? [],
  };
}
