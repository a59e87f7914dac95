/** What a caller may ask of a benchmark run. */

import type { RouterName, TraceRequest, Workload } from "../../fixtures/mod.ts";
import type { StepRunner } from "../../kernel/mod.ts";
import type { AdapterRunner, MeasuredCeilings, TimeTable } from "../clock/mod.ts";
import type { CardProfile, CostFactors } from "../card/mod.ts";
import type { AvailabilityReading, ClockCalibration } from "../result/mod.ts";
import type {
  BenchEnvironment,
  BenchResult,
  GateName,
  Side,
  SideName,
  SidePair,
} from "../result/mod.ts";

/** Requests that replace the fixture's own. */
export interface BenchTrace {
  /** Name of the file, without its folder. */
  readonly name: string;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** Rows left out, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Requests in arrival order. */
  readonly requests: readonly TraceRequest[];
  /** Tokens of one of their prefix blocks. @default {512} */
  readonly prefixBlockTokens?: number;
}

/** Which clock times the replay. */
export type ClockChoice =
  | {
    readonly kind: "model";
    /** Why not the GPU, or null where the model was asked for. */
    readonly reason: string | null;
  }
  | {
    readonly kind: "gpu";
    /** Name of the adapter, for the result. */
    readonly adapter: string;
    /** Whether the device runs on the CPU: its times give no verdict. @default {false} */
    readonly isSoftware?: boolean;
    /** Opens a runner with caches of its own for one side; the run destroys it at the end. */
    readonly openRunner: (side: Side) => Promise<StepRunner>;
  }
  | {
    readonly kind: "adapter";
    /** Way in to the adapter, for the result. */
    readonly command: string;
    /** Opens a runner for one side; the run destroys it at the end. */
    readonly openRunner: (side: Side) => Promise<AdapterRunner>;
  }
  | {
    readonly kind: "table";
    /** Times of the file. */
    readonly table: TimeTable;
  };

/** What the modelled part of a run is calibrated by. */
export interface Calibration {
  /** Card, as a driver or a data sheet calls it. */
  readonly card: string;
  /** Profiles at hand; the card's own is used where it is among them. */
  readonly profiles: readonly CardProfile[];
  /** Factors of a fit, or ones. */
  readonly factors: CostFactors;
  /** What the factors were fitted to, or null. */
  readonly fittedTo: string | null;
  /** Error of the fit, in place of the card's class. @default {the class's} */
  readonly error?: ClockCalibration["error"];
}

/** How far a run has come. */
export interface BenchProgress {
  /** `warm-up` steps are discarded; `replay` is measured; `gate` is the judging at the end. */
  readonly phase: "warm-up" | "replay" | "gate";
  /** Side that is running, or null in phase `gate`. */
  readonly side: SideName | null;
  /** Index of the pair, from 0. */
  readonly pair: number;
  /** Pairs in all. */
  readonly pairs: number;
  /** Replays finished, of all sides and pairs. */
  readonly replaysDone: number;
  /** Replays in all. */
  readonly replays: number;
  /** Requests of this replay that finished or failed. */
  readonly requestsDone: number;
  /** Requests of a replay. */
  readonly requests: number;
  /** Steps of this replay so far. */
  readonly steps: number;
}

/** What {@link runBench} takes where an option is left out. */
export const BENCH_DEFAULTS = {
  untilDecided: false,
  futility: false,
  maxPairs: 32,
  availability: "pools",
  pageOrder: "shuffled",
  maxChecks: 6,
  debugTables: false,
  timelineEntries: 512,
} as const;

/** Options of {@link runBench}; constant defaults are {@link BENCH_DEFAULTS}. */
export interface BenchOptions {
  /** Workload to replay. */
  readonly workload: Workload;
  /** Requests that replace the workload's own. */
  readonly trace?: BenchTrace;
  /** Gates to judge. @default {["gate/read"]} */
  readonly gates?: readonly GateName[];
  /**
   * Pair that `gate/read` judges; both sides are replayed.
   * @default {the whole row walked against live pages of a head-wise table}
   */
  readonly readPair?: SidePair;
  /** Sides that are replayed besides those of the gates, and shown beside their pairs. */
  readonly moreSides?: readonly SideName[];
  /** Clock. */
  readonly clock: ClockChoice;
  /** A card's profile for the modelled part; without it ceilings are divided by. */
  readonly calibration?: Calibration;
  /** Ceilings of this machine; without them the workload has to state some. */
  readonly ceilings?: MeasuredCeilings;
  /** Interleaved repetitions of every side. @default {1 with the model clock, 6 with the gpu clock} */
  readonly pairs?: number;
  /**
   * Continues after those pairs until every gate says PASS or FAIL, looking after even numbers of
   * pairs at a stricter level, so that false verdicts stay as rare as with a fixed number.
   */
  readonly untilDecided?: boolean;
  /** Gives such a run up where it will most likely stay undecided. */
  readonly futility?: boolean;
  /** Most pairs of a run that continues until it is decided. */
  readonly maxPairs?: number;
  /** How admission reads the share of free pages; the wrong readings show their damage. */
  readonly availability?: AvailabilityReading;
  /** Order in which pools hand out pages. */
  readonly pageOrder?: "shuffled" | "identity";
  /** Whether prompts share the pages of their prefixes. @default {the workload's cache.prefixCache} */
  readonly prefixCache?: boolean;
  /** Replicas of the engine behind a router, each with pools of its own. @default {the workload's, or 1} */
  readonly replicas?: number;
  /** How the router chooses a replica. @default {the workload's, or "round-robin"} */
  readonly router?: RouterName;
  /**
   * Most threads that replay replicas at once, where a clock computes their steps; the result is the
   * same. In a checkout a thread needs permission to read its module.
   * @default {1}
   */
  readonly workers?: number;
  /** Seed of page order, acceptance and sampled checks. @default {the workload's seed} */
  readonly seed?: number;
  /** Discarded steps of each side before the first pair. @default {0 with the model clock, 8 with the gpu clock} */
  readonly warmupSteps?: number;
  /** Most sampled checks of each side, made in its first replay; at least 1. */
  readonly maxChecks?: number;
  /** Validates every block table after every change of it; slow. */
  readonly debugTables?: boolean;
  /**
   * Most entries of the timeline that is recorded of each side's first replay; 0 records neither
   * steps nor gaps between tokens nor the list of requests.
   */
  readonly timelineEntries?: number;
  /** Command that starts the same run again, to record. @default {null} */
  readonly commandLine?: string | null;
  /** Machine and runtime to record. @default {describeEnvironment()} */
  readonly environment?: BenchEnvironment;
  /** Called now and then, and whenever a phase begins or ends. */
  readonly onProgress?: (progress: BenchProgress) => void;
  /**
   * Called with the result so far after every pair but the last, so that a long run that is killed
   * leaves its complete pairs behind.
   */
  readonly onPair?: (result: BenchResult) => Promise<void>;
  /**
   * Result that the same run left when it was stopped: its complete pairs are taken over, and its
   * ceilings, so that all pairs are costed alike.
   */
  readonly resume?: BenchResult;
  /** Stops the run between two steps. */
  readonly signal?: AbortSignal;
}
