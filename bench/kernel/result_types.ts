/** What a run of the kernel benchmark leaves behind. */

import type { AdapterDescription, GpuCeilings, HostTiming, Multiplier } from "../../kernel/mod.ts";
import type { KernelCase, KernelGoal, PeerName } from "./case.ts";
import type { BenchEnvironment } from "../result/mod.ts";

/** Version of the file; a reader refuses others. */
export const KERNEL_RESULT_VERSION = 1;

/** What a step must read and compute, whatever kernel runs it. */
export interface KernelCaseWork {
  /** Bytes of keys and values that some query of the step sees: 4·D each and KV head at 16 bit. */
  readonly keyValueBytes: number;
  /** Bytes of the table entries of those pages. */
  readonly tableBytes: number;
  /** Bytes of queries read and outputs written. */
  readonly queryOutputBytes: number;
  /** All of these. */
  readonly bytes: number;
  /** Operations of both products over visible keys. */
  readonly flops: number;
  /** Bytes that the case's walk reads, masked keys included. */
  readonly walkedBytes: number;
}

/** The browser that a result was made in. */
export interface BrowserEnvironment {
  /** Operating system, as the browser names it. */
  readonly os: string;
  /** Instruction set, or null where the browser keeps it to itself. */
  readonly arch: string | null;
  /** Name and version of the browser. */
  readonly browser: string;
  /** Name of the GPU adapter. */
  readonly adapter: string | null;
}

/** Figures of a timed case. */
export interface KernelFigures {
  /** Median of the samples. */
  readonly medianMs: number;
  /** First and third quartile. */
  readonly quartilesMs: readonly [number, number];
  /** Largest over smallest sample. */
  readonly spread: number;
  /** Bytes that must be read, over the median. */
  readonly bytesPerSecond: number;
  /** Operations over the median. */
  readonly flopsPerSecond: number;
  /** The ceiling that would take longer at its best. */
  readonly bound: "memory" | "compute";
  /** Time at that ceiling. */
  readonly idealMs: number;
  /** Ideal time over median. */
  readonly ceilingShare: number;
  /** An empty chain of as many dispatches, median. */
  readonly emptyChainMs: number;
  /** Median less ideal time and empty chain, in microseconds. */
  readonly overheadMicroseconds: number;
}

/** What came of a case. */
export type KernelOutcome =
  | {
    readonly kind: "timed";
    /** Milliseconds of each run, oldest first. */
    readonly samplesMs: readonly number[];
    /** Largest share of the error bound that a checked row used. */
    readonly worstBudgetUsed: number;
    /** Keys that the plan reads, whole pages, each KV head and tile counted. */
    readonly keysRead: number;
    /** Work items, by rows of an item. */
    readonly items: Readonly<Record<string, number>>;
    /** Query rows that were split. */
    readonly splitRows: number;
    /** Dispatches of a step. */
    readonly dispatches: number;
    /** CPU milliseconds to plan a step, to upload it and to record its layers. */
    readonly host: HostTiming;
    /** Tuning other than the default, or null. */
    readonly tuning: Readonly<Record<string, number>> | null;
    /** What multiplied most rows; files before matrices do not say. */
    readonly arithmetic?: Multiplier | undefined;
    /** What follows from the samples and the ceilings. */
    readonly figures: KernelFigures;
  }
  | {
    /** `wrong`: the oracle disagrees, so there is no time. `failed`: the device did. */
    readonly kind: "skipped" | "wrong" | "failed";
    /** Why there is no time. */
    readonly reason: string;
  };

/** One case of a result. */
export interface KernelCaseResult {
  /** The case as it was read. */
  readonly case: KernelCase;
  /** What it must do. */
  readonly work: KernelCaseWork;
  /** Layers whose caches took turns. */
  readonly layers: number;
  /** Bytes of their caches. */
  readonly cacheBytes: number;
  /** Times, or why there are none. */
  readonly outcome: KernelOutcome;
}

/** What a peer did on a case. */
export type PeerOutcome =
  | {
    readonly kind: "timed";
    /** Milliseconds of each run. */
    readonly samplesMs: readonly number[];
    /** Median of them. */
    readonly medianMs: number;
    /** What differs from the case, such as `full context in every head`; may be empty. */
    readonly note: string;
  }
  | { readonly kind: "skipped"; readonly reason: string };

/** One peer on one case. */
export interface PeerResult {
  /** The peer. */
  readonly peer: PeerName;
  /** Name of the case. */
  readonly case: string;
  /** Times, or why there are none. */
  readonly outcome: PeerOutcome;
}

/** What was found of the peers. */
export interface PeersReport {
  /** Version of each that answers, or why it is absent. */
  readonly peers: readonly {
    readonly peer: PeerName;
    readonly version: string | null;
    readonly absent: string | null;
  }[];
  /** Their times. */
  readonly results: readonly PeerResult[];
}

/** A goal of a case, judged. */
export interface KernelGoalResult {
  /** Name of the case. */
  readonly case: string;
  /** The goal. */
  readonly goal: KernelGoal;
  /** What was measured in the goal's own unit, or null where something is missing. */
  readonly value: number | null;
  /** Whether it is met, or null where nothing can be said. */
  readonly met: boolean | null;
}

/** A whole run. */
export interface KernelResult {
  /** Tells the file from others. */
  readonly kind: "headwise/kernel-result";
  /** {@link KERNEL_RESULT_VERSION}. */
  readonly schemaVersion: number;
  /** When the run began, in ISO 8601. */
  readonly createdAt: string;
  /** Machine and runtime. */
  readonly environment: BenchEnvironment | BrowserEnvironment;
  /** The adapter, and whether it is software, so that its times say nothing of a GPU. */
  readonly adapter: AdapterDescription & {
    readonly isSoftware: boolean;
    readonly subgroupSize: number;
    readonly dialect: string;
  };
  /** Options in force. */
  readonly options: {
    readonly runs: number;
    readonly checks: number;
    readonly seed: number;
    readonly maxGigabytes: number;
    readonly tuning: "default" | "stored";
  };
  /** Ceilings measured before the first case and after the last, and the better of both. */
  readonly ceilings: {
    readonly before: GpuCeilings;
    readonly after: GpuCeilings;
    readonly memoryBytesPerSecond: number;
    readonly flopsPerSecond: number;
    /** Of f16 matrices that add up in f32; null or left out where there are none. */
    readonly matrixFlopsPerSecond?: number | null | undefined;
  };
  /** Cases in the order of the file. */
  readonly cases: readonly KernelCaseResult[];
  /** Peers, or null where none were asked for. */
  readonly peers: PeersReport | null;
  /** Goals of all cases. */
  readonly goals: readonly KernelGoalResult[];
}
