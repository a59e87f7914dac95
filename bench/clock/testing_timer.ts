/** A timer for tests that computes whole steps by the oracle over whole caches of formula contents. */

import {
  attendDirect,
  digestRows,
  encodeValues,
  fillByFormula,
  type OpenedCache,
  sinkLogitsByFormula,
  type StepTimer,
  type TimedAnswer,
  type TimedCache,
  type TimedSteps,
} from "../../kernel/mod.ts";

/** What is wrong with a timer. */
export interface Tampering {
  /** Changes the outputs of a step before they are digested. */
  readonly output?: (output: Uint16Array, step: number) => Uint16Array;
  /** Changes an answer before it is given. */
  readonly answer?: (answer: TimedAnswer, steps: TimedSteps) => TimedAnswer;
  /** What it says of itself. */
  readonly opened?: Partial<OpenedCache>;
}

/** Makes a timer, honest but for what is asked; it takes 1 ms for 1,000 keys. */
export function createTestingTimer(
  tampering: Tampering = {},
): StepTimer & { readonly requests: TimedSteps[] } {
  const requests: TimedSteps[] = [];
  let open: { cache: TimedCache; table: Int32Array; kept: Kept } | null = null;
  return {
    requests,
    open: (cache) => {
      const { layout, batch, kvHeads, columns } = cache.shape;
      const rows = layout === "uniform" ? batch : cache.layerGroups * batch * kvHeads;
      open = { cache, table: new Int32Array(rows * columns).fill(-1), kept: new Map() };
      const value: OpenedCache = {
        cache: 0,
        kernel: `oracle, ${cache.form}`,
        card: "a card of tests",
        driver: null,
        versions: {},
        isSoftware: true,
        isCaptured: false,
        arithmetic: {},
        memoryBytesPerSecond: null,
        flopsPerSecond: null,
        ...tampering.opened,
      };
      return Promise.resolve({ kind: "ok", value });
    },
    steps: (steps) => {
      requests.push(steps);
      if (open === null) throw new Error("no cache is open");
      if (steps.table !== null) open.table.set(steps.table);
      const answer = runSteps(open, steps, tampering);
      return Promise.resolve({ kind: "ok", value: tampering.answer?.(answer, steps) ?? answer });
    },
    close: () => Promise.resolve(),
  };
}

/** Outputs of steps, by their number. */
type Kept = Map<number, Uint16Array>;

function runSteps(
  { cache, table, kept }: { cache: TimedCache; table: Int32Array; kept: Kept },
  steps: TimedSteps,
  tampering: Tampering,
): TimedAnswer {
  const { shape: { batch, queryHeads, kvHeads, headSize } } = cache;
  const rowElements = queryHeads / kvHeads * headSize;
  const count = steps.groups.length;
  const outputs = new Uint16Array(steps.samples.length / 3 * rowElements);
  for (let sample = 0; 3 * sample < steps.samples.length; sample++) {
    const [step, token, head] = steps.samples.subarray(3 * sample, 3 * sample + 3);
    const from = (token * kvHeads + head) * rowElements;
    outputs.set(kept.get(step)!.subarray(from, from + rowElements), sample * rowElements);
  }
  const milliseconds = new Float64Array(count);
  const digests: number[] = [];
  for (let step = 0; step < count; step++) {
    for (let at = steps.changeStarts[step]; at < steps.changeStarts[step + 1]; at++) {
      table[steps.changes[2 * at]] = steps.changes[2 * at + 1];
    }
    const lengths = steps.queryLengths.subarray(step * batch, (step + 1) * batch);
    const cached = steps.cachedLengths.subarray(step * batch, (step + 1) * batch);
    const keys = lengths.reduce((sum, length, slot) => sum + (length && length + cached[slot]), 0);
    milliseconds[step] = keys / 1000 + step * 1e-6;
    const number = steps.firstStep + step;
    const computed = attendStep(cache, table, {
      step: number,
      group: steps.groups[step],
      lengths,
      cached,
    });
    const output = tampering.output?.(computed, number) ?? computed;
    kept.set(number, output);
    digests.push(...digestRows(output, rowElements));
  }
  return { milliseconds, digests: Uint32Array.from(digests), outputs, busyMs: 1 };
}

function attendStep(
  cache: TimedCache,
  table: Int32Array,
  o: { step: number; group: number; lengths: Int32Array; cached: Int32Array },
): Uint16Array {
  const { shape, seed } = cache;
  const { batch, kvHeads, queryHeads, headSize, pageSizeTokens, columns, layout, storage } = shape;
  const [pages, heads] = layout === "pooled"
    ? [shape.poolPages ?? shape.pages * kvHeads, 1]
    : [shape.pages, kvHeads];
  const tensor = (name: "keys" | "values"): Uint16Array => {
    const bits = new Uint16Array(pages * heads * pageSizeTokens * headSize);
    let offset = 0;
    for (let page = 0; page < pages; page++) {
      for (let head = 0; head < heads; head++) {
        for (let slot = 0; slot < pageSizeTokens; slot++, offset += headSize) {
          const place = { seed, layer: o.step % cache.layers, page, head, slot, tensor: name };
          fillByFormula(bits, { ...place, offset, elements: headSize, storage });
        }
      }
    }
    return bits;
  };
  const tokens = o.lengths.reduce((sum, length) => sum + length, 0);
  const query = new Uint16Array(tokens * queryHeads * headSize);
  for (let token = 0; token < tokens; token++) {
    for (let head = 0; head < queryHeads; head++) {
      fillByFormula(query, {
        ...{ seed, layer: 0, page: o.step, head, slot: token, tensor: "query", storage },
        offset: (token * queryHeads + head) * headSize,
        elements: headSize,
      });
    }
  }
  const rows = layout === "uniform" ? 0 : o.group * batch * kvHeads * columns;
  const own = layout === "uniform" ? table : table.subarray(rows, rows + batch * kvHeads * columns);
  const starts = [0];
  for (const length of o.lengths) starts.push(starts.at(-1)! + length);
  const { output } = attendDirect({
    shape,
    query,
    keys: tensor("keys"),
    values: tensor("values"),
    table: own,
    queryStarts: Int32Array.from(starts),
    cachedLengths: o.cached,
    headWindows: cache.headWindows.subarray(o.group * kvHeads, (o.group + 1) * kvHeads),
    sinkTokens: cache.sinkTokens,
    ...(cache.scoreScale === null ? {} : { scale: cache.scoreScale }),
    ...(cache.learnedSinks ? { sinkLogits: sinkLogitsByFormula(seed, queryHeads) } : {}),
  });
  return encodeValues(storage, output);
}
