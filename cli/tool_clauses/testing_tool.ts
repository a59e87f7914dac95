/**
 * Checks of this tool itself, by the clauses of kind `tool`. It is judged through what anyone can
 * see of it: which options it has, what it shows of a resolved configuration, what its components
 * are given, and what its gates say of stated runs. What it refuses it throws.
 */
import type { SideName } from "../../bench/mod.ts";
import { EXIT } from "../exit_code.ts";
import { describeFault } from "../fault.ts";
import type { Tool } from "./testing_headwise_tool.ts";

/** One option of a command. */
export interface ToolOption {
  readonly command: string;
  /** Name, unique in the command, and key in the command's section of the settings file. */
  readonly name: string;
  /** Flag, such as `--window`. */
  readonly flag: string;
  readonly variable: string;
  /** Texts of different values that it takes; at least two. */
  readonly samples: readonly string[];
  /** What it decides, where that is one of the things that components of a run have to agree on. */
  readonly decides?: "window_tokens" | "sink_tokens" | "window_ratio" | "validation" | undefined;
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

/** One replay of one side, as a gate sees it; null where nothing was measured. */
export interface ToolReplay {
  /** Mean time to first token in milliseconds. */
  readonly ttftMs: number | null;
  /** Mean time between tokens in milliseconds. */
  readonly tbtMs: number | null;
  readonly outputTokensPerSecond: number | null;
  /** Requests that were not served. */
  readonly failedRequests: number;
  /** How much of both times is modelled, in milliseconds; nothing by default. */
  readonly modelled?: { readonly ttftMs: number; readonly tbtMs: number };
}

/** Stated runs for a gate: replays by side and pair, interleaved, on a clock that scatters. */
export interface ToolRuns {
  /** Replays of each side, a pair each. */
  readonly sides: Readonly<Partial<Record<SideName, readonly ToolReplay[]>>>;
  /** Whether every KV head is a window head; half of them by default. */
  readonly allHeadsWindow?: boolean;
  /** The read gate's pair as a user names it, baseline first; `row:headwise` by default. */
  readonly pair?: string;
  /** Whether the times are those of a device that runs on the CPU; they are not by default. */
  readonly isSoftware?: boolean;
  /** Share by which the modelled part of each time may be off; nothing is modelled by default. */
  readonly modelError?: number;
}

/** Two results of stated runs, the earlier one first. */
export interface ToolRegression {
  readonly before: ToolRuns;
  readonly after: ToolRuns;
  /** Share by which a metric may be worse; the tool's own by default. */
  readonly maxRegression?: number;
  /** What the later result has otherwise. */
  readonly differs?: "card" | "seed" | "head map" | "version";
}

/** What a live server answered in one run, as a serving benchmark sums it up. */
export interface ToolAnswers {
  readonly completed: number;
  /** Requests that were not; null where the benchmark does not say. */
  readonly failed: number | null;
  readonly outputTokens: number;
  /** Tokens of all prompts. */
  readonly inputTokens: number;
  /** Mean time to first token in milliseconds. */
  readonly ttftMs: number;
  /** Mean time between tokens in milliseconds. */
  readonly tbtMs: number;
}

/** Parameters of one case of a check. */
type CheckParams = Readonly<Record<string, string | number | boolean>>;

/** A check with its cases. */
export interface ToolCheck<P extends CheckParams = CheckParams> {
  readonly name: string;
  readonly clauses: readonly string[];
  readonly description: string;
  /** Parameters of each case. */
  readonly cases: readonly P[];
  /** Judges one case; throws where the tool is not as the clauses say. */
  readonly run: (tool: Tool, params: P) => void | Promise<void>;
}

/** Declares a check; its cases then have a type of their own. */
export function defineCheck<const P extends CheckParams>(check: ToolCheck<P>): ToolCheck {
  return check as unknown as ToolCheck;
}

/** Every combination of values. */
export function grid<const A extends Readonly<Record<string, readonly unknown[]>>>(
  axes: A,
): { readonly [K in keyof A]: A[K][number] }[] {
  const entries = Object.entries(axes).reduce<Record<string, unknown>[]>(
    (built, [name, values]) =>
      built.flatMap((each) => values.map((value) => ({ ...each, [name]: value }))),
    [{}],
  );
  return entries as { readonly [K in keyof A]: A[K][number] }[];
}

/**
 * Requires a refusal; a fault of the tool itself stays an exception.
 *
 * @param run What has to be refused.
 * @param isRefusal Tells a refusal from a fault.
 * @returns The refusal's message.
 */
export async function requireRefused(
  run: () => unknown,
  isRefusal: (error: unknown) => boolean = (e) => describeFault(e).exitCode !== EXIT.internal,
): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (isRefusal(error)) return describeFault(error).text;
    throw error;
  }
  throw new Error("Expected a refusal");
}
