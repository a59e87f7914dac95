/**
 * The tool around an implementation: how its options are resolved, and how its gates judge runs.
 *
 * A tool is judged through what anyone can see of it: which options it has, what it shows of a
 * resolved configuration, what its components are given, and what its gates say of stated runs.
 */
import type { Reply } from "../../conformance/mod.ts";

/** Where a value came from, strongest first. */
export type OptionOrigin = "flag" | "environment" | "file" | "default";

/** One option of a command. */
export interface ToolOption {
  readonly command: string;
  /** Name, unique in the command. */
  readonly name: string;
  /** Flag, such as `--window`. */
  readonly flag: string;
  readonly variable: string;
  /** Key in the command's section of the settings file. */
  readonly fileKey: string;
  /** Texts of different values that it takes; at least two. */
  readonly samples: readonly string[];
  /** What it decides, where that is one of the things that components of a run have to agree on. */
  readonly decides?: "window_tokens" | "sink_tokens" | "window_ratio" | "validation";
}

/** What a tool is started with. */
export interface ToolSettings {
  readonly command: string;
  readonly flags: Readonly<Record<string, string>>;
  /** Texts by environment variable. */
  readonly environment: Readonly<Record<string, string>>;
  /** Texts by key of the settings file. */
  readonly file: Readonly<Record<string, string>>;
}

/** An option as the tool shows it. */
export interface ShownOption {
  readonly name: string;
  /** Resolved value, as text. */
  readonly value: string;
  readonly origin: OptionOrigin;
}

/** What one component of a run was given. */
export interface ComponentView {
  /** Name, such as `allocator` or `kernel`. */
  readonly component: string;
  /** W in tokens; 0 is full context. */
  readonly windowTokens: number;
  /** S in tokens. */
  readonly sinkTokens: number;
  /** [H] whether each KV head of the first layer is a window head. */
  readonly windowHeads: readonly boolean[];
}

/** A run that a tool would start. */
export interface PlannedRun {
  /** Whether head-wise tables are used. */
  readonly headWise: boolean;
  /** Whether every table is validated after every step. */
  readonly validatesTables: boolean;
  readonly components: readonly ComponentView[];
}

/** Gates of the ABI. */
export type ToolGate = "gate/read" | "gate/capacity";

/** One replay of one side, as a gate sees it; null where nothing was measured. */
export interface ToolReplay {
  /** Mean time to first token in milliseconds. */
  readonly ttftMs: number | null;
  /** Mean time between tokens in milliseconds. */
  readonly tbtMs: number | null;
  /** Output tokens per second. */
  readonly outputTokensPerSecond: number | null;
  /** Requests that were not served. */
  readonly failedRequests: number;
  /** How much of both times is modelled, in milliseconds; nothing by default. */
  readonly modelled?: { readonly ttftMs: number; readonly tbtMs: number };
}

/** Stated runs for a gate: replays by side and pair, interleaved, on a clock that scatters. */
export interface ToolRuns {
  readonly gate: ToolGate;
  /** Replays of each side, a pair each; the gate's own sides by the roles that they play. */
  readonly sides: Readonly<Partial<Record<ToolSide, readonly ToolReplay[]>>>;
  /** Whether every KV head is a window head. */
  readonly allHeadsWindow: boolean;
  /** The read gate's pair as a user names it, baseline first; `row:headwise` by default. */
  readonly pair?: string;
  /** Whether the times are those of a device that runs on the CPU; they are not by default. */
  readonly isSoftware?: boolean;
  /** Share by which the modelled part of each time may be off; nothing is modelled by default. */
  readonly modelError?: number;
}

/** Roles of sides: 1-D, 1-D with clipped reads, 2-D; and both kinds of pools, recycling off and on. */
export type ToolSide =
  | "two-pass"
  | "headwise-row"
  | "uniform"
  | "uniform-clipped"
  | "headwise"
  | "headwise-recycle"
  | "pooled"
  | "pooled-recycle";

/** A metric of a gate, compared. */
export interface ToolComparison {
  /** `ttft`, `tbt` or `throughput`. */
  readonly metric: "ttft" | "tbt" | "throughput";
  /** Mean of the baseline; null where a replay has none. */
  readonly baseline: number | null;
  /** Mean of the candidate; null where a replay has none. */
  readonly candidate: number | null;
  /** Smallest effect that the pairs could have shown, as a ratio; null if unknown. */
  readonly smallestEffect: number | null;
}

/** What a gate says. */
export interface ToolVerdict {
  readonly verdict: "PASS" | "FAIL" | "INCONCLUSIVE";
  /** The first line that a user reads. */
  readonly headline: string;
  /** Why, in words. */
  readonly reasons: readonly string[];
  /** The demanded metrics. */
  readonly comparisons: readonly ToolComparison[];
  /** The same metrics of the control side; empty where there is none. */
  readonly control: readonly ToolComparison[];
  /** Verdicts of `gate/capacity` by pool layout; null for `gate/read`. */
  readonly layouts: Readonly<Record<"headwise" | "pooled", ToolLayoutVerdict>> | null;
}

/** What `gate/capacity` says of one pool layout. */
export interface ToolLayoutVerdict {
  readonly verdict: "PASS" | "FAIL" | "INCONCLUSIVE";
  /** Whether the reasons say that arithmetic allows no gain. */
  readonly saysImpossible: boolean;
}

/** Facts in which two results may differ. */
export type ToolFact = "card" | "seed" | "head map" | "version";

/** Two results of stated runs, the earlier one first. */
export interface ToolRegression {
  readonly before: ToolRuns;
  readonly after: ToolRuns;
  /** Share by which a metric may be worse; the tool's own by default. */
  readonly maxRegression?: number;
  /** What the later result has otherwise. */
  readonly differs?: ToolFact;
}

/** What a regression gate says. */
export interface ToolRegressionVerdict {
  readonly verdict: "PASS" | "FAIL" | "INCONCLUSIVE";
  /** Share by which a metric might be worse. */
  readonly maxRegression: number;
  /** Why, in words, and what differs. */
  readonly reasons: readonly string[];
  /** Which side of the earlier result was compared with which of the later. */
  readonly sides: readonly { readonly before: string; readonly after: string }[];
}

/** What a live server answered in one run, as a serving benchmark sums it up. */
export interface ToolAnswers {
  readonly completed: number;
  /** Requests that were not; null where the benchmark does not say. */
  readonly failed: number | null;
  readonly outputTokens: number;
  /** Tokens of all prompts. */
  readonly inputTokens: number;
  /** Mean time to first token, and between tokens, in milliseconds. */
  readonly ttftMs: number;
  /** Mean time between tokens in milliseconds. */
  readonly tbtMs: number;
}

/** A kind of fault and how far it moves an answer, in units of what is accepted, by arithmetic. */
export interface ToolPower {
  /** What is wrong with a kernel. */
  readonly fault: string;
  readonly margins: readonly number[];
}

/** A tool as a set of commands. */
export interface ToolSubject {
  /** Lists every option of every command. */
  options(): Promise<readonly ToolOption[]>;
  /** Resolves the options of a command and shows all of them. */
  explain(settings: ToolSettings): Promise<Reply<readonly ShownOption[]>>;
  /** Resolves the options of a benchmark and shows what its components would be given. */
  plan(settings: ToolSettings): Promise<Reply<PlannedRun>>;
  /** Gives the order in which sides would be replayed: for each replay its pair and its side. */
  order(
    o: { readonly sides: number; readonly pairs: number },
  ): Promise<readonly { readonly pair: number; readonly side: number }[]>;
  /** Judges stated runs. */
  judge(runs: ToolRuns): Promise<Reply<ToolVerdict>>;
  /** Judges a later result by an earlier one. */
  regress(o: ToolRegression): Promise<Reply<ToolRegressionVerdict>>;
  /** Judges what two servers answered, the baseline first; a single run of each is accepted. */
  judgeAnswers(
    o: { readonly baseline: ToolAnswers; readonly candidate: ToolAnswers },
  ): Promise<Reply<Pick<ToolVerdict, "verdict" | "reasons">>>;
  /** Measures the cases of the conformance suite. */
  power(): Promise<readonly ToolPower[]>;
}
