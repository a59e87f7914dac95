import {
  createOracleSubject,
  createWebGpuSubject,
  openAdapter,
  openDump,
  parseSubjectSpec,
  type Subject,
  type TestDefinition,
} from "../../conformance/mod.ts";
import { closeGpu, type GpuOutcome } from "../../kernel/mod.ts";
import type { SettingsOf } from "../settings/mod.ts";
import { MissingDevice, openProvider } from "../gpu/mod.ts";

/** Which implementation to judge, and what to give back afterwards. */
export interface ChosenSubject {
  /** The implementation under judgement. */
  readonly subject: Subject;
  /** What it is called, with the adapter that it runs on. */
  readonly label: string;
  /** Why it is not the one that one might expect, or null. */
  readonly note: string | null;
  /** Tests that it brings along in place of the suite's, or null. */
  readonly tests: readonly TestDefinition[] | null;
  /** Gives back the device, or ends the adapter. */
  readonly close: () => Promise<void>;
}

/** Requests that may use up the time of a case one after the other. */
const SLOW_REQUESTS_OF_A_CASE = 3;

/**
 * Limits of an adapter: several requests that hang one after the other fit into a case.
 *
 * @param o Time of a case in milliseconds.
 */
export function limitsOf(o: { readonly timeoutMs: number }): { readonly requestTimeoutMs: number } {
  return { requestTimeoutMs: Math.ceil(o.timeoutMs / SLOW_REQUESTS_OF_A_CASE) };
}

/**
 * Chooses which implementation to judge: the kernel on the device, the oracle, an adapter, or a dumped table. `auto`
 * takes the oracle only where no device answers, and says so.
 *
 * @param o Subject wanted, whether subgroups may be used, and the time of a case.
 * @throws {MissingDevice} When the device is demanded and none answers.
 * @throws {AdapterFault} When the adapter does not start, or does not follow the protocol.
 */
export async function chooseSubject(
  o: Pick<SettingsOf<"conformance">, "subject" | "gpu" | "subgroups" | "timeoutMs">,
): Promise<ChosenSubject> {
  const spec = parseSubjectSpec(o.subject);
  switch (spec.kind) {
    case "oracle":
      return chooseOracle(null);
    case "auto":
    case "webgpu":
      return await chooseDevice(spec.kind, o);
    case "dump": {
      const { subject, tests } = await openDump(spec.file);
      return foreign(subject, { tests, close: () => Promise.resolve() });
    }
    default: {
      const { subject, close } = await openAdapter(spec, { limits: limitsOf(o) });
      return foreign(subject, { tests: null, close });
    }
  }
}

function foreign(
  subject: Subject,
  o: Pick<ChosenSubject, "tests" | "close">,
): ChosenSubject {
  return { subject, label: subject.name, note: null, ...o };
}

async function chooseDevice(
  wanted: "auto" | "webgpu",
  o: Pick<SettingsOf<"conformance">, "gpu" | "subgroups">,
): Promise<ChosenSubject> {
  const outcome = await openProvider(o.gpu, { subgroups: o.subgroups });
  if (outcome.kind === "unavailable") {
    if (wanted === "webgpu") throw new MissingDevice(outcome);
    return chooseOracle(`Judging the oracle: ${outcome.reason}; ${outcome.fix}`);
  }
  const { gpu } = outcome;
  let current = gpu;
  const reopen = async (): Promise<GpuOutcome> => {
    closeGpu(current);
    const again = await openProvider(o.gpu, { subgroups: o.subgroups });
    if (again.kind === "gpu") current = again.gpu;
    return again;
  };
  const subject = createWebGpuSubject(gpu, { reopen });
  const size = gpu.target.subgroupSize;
  const subgroups = size === 0 ? "no subgroups" : `subgroups of ${size}`;
  const compiler = o.gpu === "deno" ? "" : ` through ${o.gpu}`;
  const matrices = gpu.target.matrix === undefined
    ? ""
    : `, matrices of ${gpu.target.matrix.size} × ${gpu.target.matrix.size}`;
  const label = `${subject.name} on ${gpu.adapter.description}${compiler}, ${subgroups}${matrices}`;
  const close = (): Promise<void> => Promise.resolve(closeGpu(current));
  return { subject, label, note: null, tests: null, close };
}

function chooseOracle(note: string | null): ChosenSubject {
  const subject = createOracleSubject();
  const close = (): Promise<void> => Promise.resolve();
  return { subject, label: subject.name, note, tests: null, close };
}
