import { createOracleSubject, createWebGpuSubject, type Subject } from "../conformance/mod.ts";
import { closeGpu, openGpu } from "../kernel/mod.ts";
import type { ConformanceSettings } from "./conformance_settings.ts";
import { MissingDevice } from "./missing_device.ts";

/** Whom to judge, and what to give back afterwards. */
export interface ChosenSubject {
  /** The implementation under judgement. */
  readonly subject: Subject;
  /** What it is called, with the adapter that it runs on. */
  readonly label: string;
  /** Why it is not the one that one might expect, or null. */
  readonly note: string | null;
  /** Gives back the device. */
  readonly close: () => void;
}

/**
 * Chooses whom to judge: the kernel on the device, or the oracle. `auto` takes the oracle only
 * where no adapter answers, and says so.
 *
 * @param o Subject wanted, and whether subgroups may be used.
 * @returns The subject.
 * @throws {MissingDevice} When the device is demanded and none answers.
 */
export async function chooseSubject(
  o: Pick<ConformanceSettings, "subject" | "subgroups">,
): Promise<ChosenSubject> {
  if (o.subject === "oracle") return chooseOracle(null);
  const outcome = await openGpu({ subgroups: o.subgroups });
  if (outcome.kind === "unavailable") {
    if (o.subject === "webgpu") throw new MissingDevice(outcome);
    return chooseOracle(`Judging the oracle: ${outcome.reason}; ${outcome.fix}`);
  }
  const { gpu } = outcome;
  const subject = createWebGpuSubject(gpu);
  const size = gpu.target.subgroupSize;
  const subgroups = size === 0 ? "no subgroups" : `subgroups of ${size}`;
  const label = `${subject.name} on ${gpu.adapter.description}, ${subgroups}`;
  return { subject, label, note: null, close: () => closeGpu(gpu) };
}

function chooseOracle(note: string | null): ChosenSubject {
  const subject = createOracleSubject();
  return { subject, label: subject.name, note, close: () => {} };
}
