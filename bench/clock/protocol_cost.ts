/** What a clock's protocol takes beside the steps themselves, as it is seen from this side of the pipe. */

/** What a clock's protocol took beside the steps themselves. */
export interface ProtocolCost {
  /** Batches sent. */
  readonly batches: number;
  /** Steps sent. */
  readonly steps: number;
  /** Milliseconds of one layer that these steps took, by the device's timers. */
  readonly stepMs: number;
  /** Milliseconds in which a request was with the program. */
  readonly sentMs: number;
  /** Of those, what the program says that it was busy with the steps. */
  readonly busyMs: number;
  /** Milliseconds of packing and judging while no request was with it. */
  readonly ownMs: number;
  /** Milliseconds from giving a row to be judged to its verdict, most of them beside batches that run. */
  readonly judgeMs: number;
  /** Sampled rows judged. */
  readonly samples: number;
  /** Largest share of its error budget that one of them used; 1 is the bound. */
  readonly worstBudgetUsed: number;
}

/** Time that passed around a batch. */
export interface PassedTime {
  /** Milliseconds between its question and its answer. */
  readonly elapsedMs: number;
  /** Steps that were answered before in one stretch with it, and the milliseconds of the stretch. */
  readonly stretch: { readonly earlierMs: number; readonly elapsedMs: number };
}

/** Counts what the protocol takes. */
export interface CostCounter {
  /** What it has taken since it was last forgotten. */
  readonly cost: () => ProtocolCost;
  readonly forget: () => void;
  /** Does something, and counts its time where no request is with the program. */
  readonly own: <T>(work: () => T) => T;
  /** The same for what is awaited. */
  readonly ownWait: (work: Promise<unknown>) => Promise<void>;
  /** A request goes out; gives the time. */
  readonly send: () => number;
  /** A request was answered. */
  readonly receive: (o: {
    readonly sentAtMs: number;
    readonly busyMs: number;
    readonly milliseconds: Float64Array;
  }) => PassedTime;
  /** A row was judged. */
  readonly judged: (o: { readonly ms: number; readonly worstBudgetUsed: number }) => void;
}

/** A stretch of time in which the program always had a request. */
interface Stretch {
  readonly sinceMs: number;
  busyMs: number;
  claimedMs: number;
}

/** Counts from nothing. @param now Reads the clock of the wall, in milliseconds. */
export function createCostCounter(now: () => number): CostCounter {
  let cost = createCost();
  let inFlight = 0;
  let stretch: Stretch | null = null;
  return {
    cost: () => cost,
    forget: () => {
      cost = createCost();
    },
    own: (work) => {
      if (inFlight > 0) return work();
      const begun = now();
      try {
        return work();
      } finally {
        cost.ownMs += now() - begun;
      }
    },
    ownWait: async (work) => {
      const begun = now();
      await work;
      cost.ownMs += now() - begun;
    },
    send: () => {
      const sentAtMs = now();
      stretch ??= { sinceMs: sentAtMs, busyMs: 0, claimedMs: 0 };
      inFlight++;
      return sentAtMs;
    },
    receive: ({ sentAtMs, busyMs, milliseconds }) => {
      const of = stretch!;
      const receivedAtMs = now();
      const elapsedMs = receivedAtMs - of.sinceMs;
      // It cannot have been busy for longer than it had anything to do.
      const busy = Math.min(busyMs, elapsedMs - of.busyMs);
      of.busyMs += busy;
      cost.busyMs += busy;
      if (--inFlight === 0) {
        cost.sentMs += elapsedMs;
        stretch = null;
      }
      const earlierMs = of.claimedMs;
      const stepMs = milliseconds.reduce((sum, each) => sum + each, 0);
      of.claimedMs += stepMs;
      cost.stepMs += stepMs;
      cost.steps += milliseconds.length;
      if (milliseconds.length > 0) cost.batches++;
      return { elapsedMs: receivedAtMs - sentAtMs, stretch: { earlierMs, elapsedMs } };
    },
    judged: ({ ms, worstBudgetUsed }) => {
      cost.judgeMs += ms;
      cost.samples++;
      cost.worstBudgetUsed = Math.max(cost.worstBudgetUsed, worstBudgetUsed);
    },
  };
}

function createCost(): { -readonly [K in keyof ProtocolCost]: ProtocolCost[K] } {
  return {
    batches: 0,
    steps: 0,
    stepMs: 0,
    sentMs: 0,
    busyMs: 0,
    ownMs: 0,
    judgeMs: 0,
    samples: 0,
    worstBudgetUsed: 0,
  };
}
