/** The conformance suites, run on the visitor's GPU. */

import type { BrowserEnvironment } from "../../bench/mod.ts";
import {
  createWebGpuSubject,
  listCases,
  listTestsWith,
  parseQuery,
  type Query,
  QueryError,
  renderJsonLines,
  reportOfRows,
  type ReportRow,
  runConformance,
  type TestDefinition,
} from "../../conformance/mod.ts";
import type { Gpu } from "../../kernel/mod.ts";
import type { EngineMessage, RunOrder } from "./messages.ts";

/** Device, browser, the way to stop, and where messages go. */
export interface RunPlace {
  /** The device. */
  readonly gpu: Gpu;
  /** The browser, for reports. */
  readonly environment: BrowserEnvironment;
  /** Stops before the next case. */
  readonly signal: AbortSignal;
  /** Tells the page something. */
  readonly post: (message: EngineMessage) => void;
}

/** What a filter chooses, or why it chooses nothing. */
export type ChosenTests =
  | { readonly kind: "chosen"; readonly filters: readonly Query[] }
  | { readonly kind: "refused"; readonly message: string };

/** Time for the random sequences of a case, as in `headwise conformance`. */
const FUZZ = { sequences: 3000, seed: 1, timeLimitMs: 5000 };

/** Reads queries with spaces between them; none chooses every case. */
export function chooseTests(text: string): ChosenTests {
  try {
    const filters = text.split(/\s+/).filter((part) => part !== "").map(parseQuery);
    if (listCases({ filters }).length > 0) return { kind: "chosen", filters };
    return { kind: "refused", message: `No case matches '${text}'; 'kernel' covers the kernel` };
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return { kind: "refused", message: error.message };
  }
}

/** Runs the chosen cases and tells each as it ends, then the whole report. */
export async function runSuites(
  { filters }: Extract<ChosenTests, { kind: "chosen" }>,
  o: RunPlace & Pick<RunOrder, "subgroups" | "timeoutMs">,
): Promise<void> {
  const { gpu, environment, post } = o;
  const size = gpu.target.subgroupSize;
  const subject = createWebGpuSubject(gpu);
  const label = `${subject.name} on ${gpu.adapter.description}, ` +
    (size === 0 ? "no subgroups" : `subgroups of ${size}`);
  const onRow = (row: ReportRow): void => {
    if (row.kind === "run") post({ kind: "suite-started", cases: row.cases });
    if (row.kind === "case") post({ kind: "case", row });
  };
  const { rows, summary } = await runConformance({
    subject: { ...subject, metadata: { label } },
    filters,
    tests: listTestsWith({ fuzz: FUZZ }).map(afterOtherTasks),
    timeoutMs: o.timeoutMs,
    seed: FUZZ.seed,
    environment: {
      browser: environment.browser,
      os: environment.os,
      ...(environment.arch === null ? {} : { arch: environment.arch }),
    },
    repeatFlags: `--subject webgpu${o.subgroups === "off" ? " --subgroups off" : ""}`,
    signal: o.signal,
    onRow,
  });
  const { complete } = reportOfRows(rows, "the report");
  post({ kind: "suite-ended", report: { summary, complete, text: renderJsonLines(rows) } });
}

/** A case that never waits for a device would keep the order to stop from being read. */
function afterOtherTasks(test: TestDefinition): TestDefinition {
  return {
    ...test,
    run: async (context) => {
      await new Promise((resolve) => setTimeout(resolve));
      return await test.run(context);
    },
  };
}
