/** What a result says of the clock that timed it. */

/** Machine ceilings and where they come from. */
export interface ResultCeilings {
  /** Bytes per second from device memory. */
  readonly memoryBytesPerSecond: number;
  /** Floating-point operations per second. */
  readonly flopsPerSecond: number;
  /** `measured` on this machine, `fixture` where the workload states them, else `default`. */
  readonly source: "measured" | "fixture" | "default";
  /** Where the figures come from, in words. */
  readonly note: string;
}

/** Whose kernel an adapter ran, and where. */
export interface ClockAdapter {
  /** Way in to the adapter, as the command line names it. */
  readonly command: string;
  /** Kernel of each side, in the words of its makers. */
  readonly kernels: Readonly<Record<string, string>>;
  /** Card that it ran on. */
  readonly card: string;
  /** Driver of the card; null where there is none. */
  readonly driver: string | null;
  /** Versions of what matters, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Whether steps were recorded once and replayed. */
  readonly isCaptured: boolean;
  /** Arithmetic that its outputs were judged by: what differs from float32 throughout. */
  readonly arithmetic: Readonly<Record<string, string | number>>;
}

/** Times that were read from a table. */
export interface ClockTable {
  /** Name of the file, without its folder. */
  readonly name: string;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** Rows. */
  readonly rows: number;
  /** Card that the file names, or null. */
  readonly card: string | null;
  /**
   * Relative error of each row's time where it is interpolated from the others: median and 90th
   * percentile of those that can be, in percent; null where none can.
   */
  readonly leaveOutErrorPercent: { readonly median: number; readonly p90: number } | null;
  /** Rows that can be left out and interpolated from the others. */
  readonly rowsLeftOut: number;
  /** Furthest that a step lay outside of the table, as a factor; 1 is inside. */
  readonly furthestFactor: number;
}

/** What the protocol of a clock adapter took beside the steps themselves. */
export interface ClockCost {
  /** Batches sent. */
  readonly batches: number;
  /** Steps sent. */
  readonly steps: number;
  /** Sampled rows that came back and were judged. */
  readonly samples: number;
  /** Milliseconds that replays took, on all sides. */
  readonly wallMs: number;
  /** Milliseconds of packing, sending, reading and waiting for judgement. */
  readonly protocolMs: number;
}

/** The step clock that timed the replay. */
export interface ClockDescription {
  /**
   * `model`: bytes and operations over ceilings; `gpu`: the kernel's own dispatches, timed;
   * `adapter`: somebody else's kernel, timed by its own program; `table`: times of a file.
   */
  readonly kind: "model" | "gpu" | "adapter" | "table";
  /** Whose kernel, where `kind` is `adapter`. */
  readonly adapter?: ClockAdapter;
  /** Which times, where `kind` is `table`. */
  readonly table?: ClockTable;
  /** Why this clock and not the other, or null where it was asked for. */
  readonly reason: string | null;
  /** Whether two replays of one side give the same times. */
  readonly deterministic: boolean;
  /** Whether the times are those of a device that runs on the CPU; such a run has no verdict. */
  readonly software?: boolean;
  /** Layers whose caches are really there and rotated; null where nothing is measured. */
  readonly layersMeasured: number | null;
  /** Ceilings of the modelled part. */
  readonly ceilings: ResultCeilings;
  /** The card's profile that stands in for the ceilings; absent where there is none. */
  readonly calibration?: ClockCalibration;
}

/** A card's profile behind the modelled part, and what is known of its error. */
export interface ClockCalibration {
  /** Card that the times are of. */
  readonly card: string;
  /** `measured`: the card's own profile; `scaled`: another's, carried over by data sheets. */
  readonly basis: "measured" | "scaled";
  /** Card that was measured. */
  readonly profileOf: string;
  /** When it was measured. */
  readonly measuredAt: string;
  /** Driver and versions of what measured it. */
  readonly software: Readonly<Record<string, string | null>>;
  /** Factors on parts of a step, 1 where nothing was fitted. */
  readonly factors: Readonly<Record<string, number>>;
  /** What the factors were fitted to, or null. */
  readonly fittedTo: string | null;
  /** Validated errors, 90th percentile of the class, as shares. */
  readonly error: {
    /** Class of published measurements that the errors are of. */
    readonly class: string;
    /** Of mean TTFT. */
    readonly ttft: number;
    /** Of mean TPOT. */
    readonly tpot: number;
    /** Of throughput. */
    readonly throughput: number;
  };
}
