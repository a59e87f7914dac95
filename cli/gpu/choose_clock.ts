import {
  type ClockChoice,
  type MeasuredCeilings,
  runnerSettings,
  type Side,
} from "../../bench/mod.ts";
import type { Workload } from "../../fixtures/mod.ts";
import {
  closeGpu,
  createStepRunner,
  type Gpu,
  measureCeilings,
  type StepRunner,
} from "../../kernel/mod.ts";
import { isOutsideClock, type SettingsOf } from "../settings/mod.ts";
import type { ChosenClock } from "./chosen_clock.ts";
import { layersToMeasure } from "./layers_to_measure.ts";
import { chooseOutsideClock } from "./outside_clock.ts";
import { openProvider } from "./provider.ts";
import { MissingDevice } from "./missing_device.ts";

/**
 * Chooses the clock. `auto` takes the device where a GPU answers and can time passes, and otherwise
 * the model, with the reason. Ceilings are measured where the fixture states none, and never on a
 * device that runs on the CPU.
 *
 * @param o Clock wanted, seed, and layers whose caches are made.
 * @throws {MissingDevice} When the device is demanded and none answers.
 */
export async function chooseClock(
  workload: Workload,
  o: Pick<SettingsOf<"bench">, "clock" | "gpu" | "seed" | "layersMeasured">,
): Promise<ChosenClock> {
  if (isOutsideClock(o.clock)) return await chooseOutsideClock(workload, { ...o, clock: o.clock });
  if (o.clock === "model" && workload.ceilings !== null) return chooseModel(null);
  const outcome = await openProvider(o.gpu);
  if (outcome.kind === "unavailable") {
    if (o.clock === "gpu") throw new MissingDevice(outcome);
    return chooseModel(o.clock === "model" ? null : `${outcome.reason}; ${outcome.fix}`);
  }
  const { gpu } = outcome;
  const close = (): void => closeGpu(gpu);
  try {
    // What a CPU reads and multiplies says nothing about the GPU that a workload is meant for.
    const isMeasured = workload.ceilings === null && !gpu.isSoftware;
    const ceilings = isMeasured ? await measure(gpu) : null;
    const refusal = o.clock === "auto" ? refuseDevice(gpu) : null;
    const clock: ClockChoice = o.clock === "model" || refusal !== null
      ? { kind: "model", reason: refusal }
      : {
        kind: "gpu",
        adapter: gpu.adapter.description,
        isSoftware: gpu.isSoftware,
        openRunner: (side) => openRunner(gpu, { workload, side, ...o }),
      };
    return { clock, ceilings, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Why `auto` leaves a device that answers alone, or null where it does not. */
function refuseDevice(gpu: Gpu): string | null {
  const { description } = gpu.adapter;
  if (gpu.isSoftware) return `${description} runs on the CPU, whose times say nothing of a GPU`;
  return gpu.hasTimestamps ? null : `${description} cannot time passes`;
}

function chooseModel(reason: string | null): ChosenClock {
  return { clock: { kind: "model", reason }, ceilings: null, close: () => {} };
}

async function measure(gpu: Gpu): Promise<MeasuredCeilings> {
  const { memoryBytesPerSecond, flopsPerSecond } = await measureCeilings(gpu);
  const note = `Median of timed passes on ${gpu.adapter.description}, f32 multiply-adds`;
  return { memoryBytesPerSecond, flopsPerSecond, note };
}

function openRunner(gpu: Gpu, o: {
  readonly workload: Workload;
  readonly side: Side;
  readonly seed: number | null;
  readonly layersMeasured: number | null;
}): Promise<StepRunner> {
  const { workload, side } = o;
  const settings = runnerSettings(workload, side);
  const { style, theta, rotaryDimensions } = workload.model.rope;
  return createStepRunner(gpu, {
    ...settings,
    layerGroups: settings.heads.groups.length,
    layers: Math.min(settings.layersPerGroup, o.layersMeasured ?? layersToMeasure(settings)),
    rotary: { style, theta, rotaryDimensions },
    seed: o.seed ?? workload.seed,
  });
}
