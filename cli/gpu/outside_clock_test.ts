import assert from "node:assert/strict";
import { type BenchResult, runBench, SIDES } from "../../bench/mod.ts";
import { writeSkeleton } from "../../conformance/mod.ts";
import { loadWorkload, requireLoaded, type TraceRequest } from "../../fixtures/mod.ts";
import { chooseOutsideClock } from "./outside_clock.ts";

const SMOKE = requireLoaded(await loadWorkload("smoke"));
const REQUESTS = [0, 1].map((id) => ({ id, arrivalMs: 0, inputTokens: 90, outputTokens: 4 }));
const FOLDER = "conformance/adapters/python";

const python = await hasNumpy();

/** A clock adapter in Python: NumPy's, with a method replaced by statements. */
const adapter = (body: string): string =>
  [
    "import os, sys, time",
    `sys.path.insert(0, "${FOLDER}")`,
    "from numpy_clock import NumpyClock, serve",
    "class Changed(NumpyClock):",
    ...body.split("\n").map((line) => `    ${line}`),
    "serve(Changed())",
  ].join("\n");

interface RunOptions {
  readonly requestTimeoutMs?: number;
  readonly requests?: readonly TraceRequest[];
  /** Looks at what the adapter left in its folder. */
  readonly inspect?: (folder: string) => Promise<void>;
}

async function runWith(
  body: string,
  { requestTimeoutMs = 20_000, requests = REQUESTS, inspect }: RunOptions = {},
): Promise<BenchResult> {
  const folder = await makeFolder();
  try {
    await Deno.writeTextFile(
      `${folder}/adapter.py`,
      adapter(body.replaceAll("FOLDER", folder)),
    );
    const chosen = await chooseOutsideClock(SMOKE, {
      clock: `exec:python3 ${folder}/adapter.py`,
      seed: null,
      layersMeasured: 2,
      requestTimeoutMs,
    });
    try {
      return await runBench({
        workload: SMOKE,
        trace: { name: "two.csv", sha256: "", dropped: {}, requests },
        clock: chosen.clock,
        pairs: 1,
        warmupSteps: 0,
      });
    } finally {
      await chosen.close();
      await inspect?.(folder);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function makeFolder(): Promise<string> {
  await Deno.mkdir("results", { recursive: true });
  return await Deno.makeTempDir({ dir: "results" });
}

async function hasNumpy(): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name: "run", command: "python3" });
  if (state !== "granted") return false;
  const run = new Deno.Command("python3", { args: ["-c", "import numpy"], stderr: "null" });
  return (await run.output().catch(() => ({ success: false }))).success;
}

Deno.test({
  name: "a NumPy adapter times every side of a gate, and its outputs are judged",
  ignore: !python,
  fn: async () => {
    const { clock, clockCost, verification, sides } = await runWith("pass");
    assert.equal(clock.adapter!.kernels["uniform"], "NumPy, row");
    assert.equal(clock.software, true);
    assert.ok(clockCost!.samples > 0);
    assert.equal(verification.failures.length, 0);
    assert.ok(sides.every(({ runs }) => runs[0].performance!.whole.ttftMs!.mean > 0));
  },
});

Deno.test({
  name: "an adapter whose device is busy takes up the next batch meanwhile",
  ignore: !python,
  fn: async () => {
    // Each batch is ready once another one was begun, or after a while.
    const body = [
      "begun, finished, ahead = 0, 0, 0",
      "def begin(self, cache, steps, samples):",
      "    finish = super().begin(cache, steps, samples)",
      "    self.begun += 1",
      "    number, since = self.begun, time.monotonic()",
      "    def later():",
      "        self.finished += 1",
      "        self.ahead += self.begun > number",
      "        assert self.finished == number",
      "        return finish()",
      "    later.is_ready = lambda: self.begun > number or time.monotonic() - since > 1",
      "    return later",
      "def close(self, request):",
      '    open("FOLDER/ahead", "w").write(str(self.ahead))',
    ].join("\n");
    // Two batches and a half a replay, whose steps nothing waits for.
    const requests = [{ id: 0, arrivalMs: 0, inputTokens: 90, outputTokens: 150 }];
    const { clockCost } = await runWith(body, {
      requests,
      inspect: async (folder) => {
        assert.ok(Number(await Deno.readTextFile(`${folder}/ahead`)) >= 2);
      },
    });
    assert.ok(clockCost!.samples > 0);
  },
});

Deno.test({
  name: "the skeleton of a clock is 40 lines at most, and its outputs are right",
  ignore: !python,
  fn: async () => {
    const folder = await makeFolder();
    try {
      const { files, subject } = await writeSkeleton("python-clock", folder);
      const text = await Deno.readTextFile(files.at(-1)!);
      assert.ok(text.trimEnd().split("\n").length <= 40);
      const chosen = await chooseOutsideClock(SMOKE, {
        clock: subject as `exec:${string}`,
        seed: null,
        layersMeasured: 2,
      });
      try {
        const { clockCost } = await runBench({
          workload: SMOKE,
          trace: { name: "two.csv", sha256: "", dropped: {}, requests: REQUESTS },
          clock: chosen.clock,
          pairs: 1,
          warmupSteps: 0,
        });
        assert.ok(clockCost!.samples > 0);
      } finally {
        await chosen.close();
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

const faults: readonly [string, string, object][] = [
  [
    "a window of one key less",
    "def attend(self, cache, step, query):\n" +
    "    step.windows = step.windows - (step.windows > 0)\n" +
    "    return super().attend(cache, step, query)",
    { code: "bench/clock-refused", message: /output is wrong/ },
  ],
  [
    "the outputs of the step before",
    "def attend(self, cache, step, query):\n" +
    "    return super().attend(cache, step, cache.queries(step.index - 1, step.tokens))",
    { code: "bench/clock-refused", message: /output is wrong/ },
  ],
  [
    "times of nothing",
    "def run(self, cache, steps):\n" +
    "    _, outputs = super().run(cache, steps)\n" +
    "    return [1e-9] * len(steps), outputs",
    { code: "bench/clock-refused", message: /no processor is that fast/ },
  ],
  ["an exit", "def run(self, cache, steps):\n    os._exit(3)", {
    name: "AdapterFault",
    message: /exit code 3/,
  }],
  ["an exception", "def run(self, cache, steps):\n    raise KeyError('gone')", {
    name: "AdapterFault",
    message: /KeyError: 'gone'/,
  }],
  ["no step's time", "def run(self, cache, steps):\n    return [], {}", {
    name: "AdapterFault",
    message: /Cannot write 'milliseconds'/,
  }],
];

for (const [name, body, expected] of faults) {
  Deno.test({
    name: `an adapter with ${name} ends the run`,
    ignore: !python,
    fn: () => assert.rejects(runWith(body), expected),
  });
}

Deno.test({
  name: "an adapter that hangs ends the run when its time is over",
  ignore: !python,
  fn: async () => {
    const body = "def run(self, cache, steps):\n    time.sleep(600)";
    // Long enough for a busy machine to start Python: only the answer to a step never comes.
    await assert.rejects(runWith(body, { requestTimeoutMs: 5000 }), {
      name: "AdapterFault",
      verdict: "timeout",
    });
  },
});

Deno.test({
  name: "an adapter that claims no clock is refused by name",
  ignore: !python,
  fn: async () => {
    await assert.rejects(
      chooseOutsideClock(SMOKE, {
        clock: `exec:python3 ${FOLDER}/numpy_adapter.py`,
        seed: null,
        layersMeasured: null,
      }),
      { code: "bench/clock-refused", message: /does not claim 'clock'/ },
    );
  },
});

/** A clock in TypeScript: it refuses every form but one, and answers the rest with zeros. */
const MODULE = `
import type { Subject } from "@headwise/headwise/conformance";
export function createSubject(): Subject {
  return {
    name: "module-clock",
    capabilities: new Set(["clock"]),
    clock: {
      open: (cache) => Promise.resolve(
        cache.form === "headwise"
          ? { kind: "ok", value: { cache: 7, kernel: "zeros", card: "none", driver: null, versions: {},
              isSoftware: true, isCaptured: false, arithmetic: {}, memoryBytesPerSecond: null,
              flopsPerSecond: null } }
          : { kind: "refused", code: "form", message: "only headwise" }),
      steps: () => Promise.reject(new Error("never asked")),
      close: () => Promise.resolve(),
    },
  };
}
`;

Deno.test("a module may be a clock, and what it refuses is refused by name", async () => {
  const folder = await makeFolder();
  try {
    await Deno.writeTextFile(`${folder}/clock.ts`, MODULE);
    const { clock, close } = await chooseOutsideClock(SMOKE, {
      clock: `module:${folder}/clock.ts`,
      seed: null,
      layersMeasured: null,
    });
    try {
      assert.ok(clock.kind === "adapter");
      assert.equal((await clock.openRunner(SIDES.headwise)).opened.cache, 7);
      await assert.rejects(clock.openRunner(SIDES.uniform), {
        code: "bench/clock-refused",
        message: /does not take form 'row' \(form\): only headwise/,
      });
    } finally {
      await close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a table of times needs no adapter", async () => {
  const folder = await makeFolder();
  try {
    const file = `${folder}/times.csv`;
    await Deno.writeTextFile(
      file,
      "form,sequences,query_tokens,context_tokens,window_tokens,microseconds\nrow,1,1,64,0,5\n",
    );
    const { clock, close } = await chooseOutsideClock(SMOKE, {
      clock: `table:${file}`,
      seed: null,
      layersMeasured: null,
    });
    await close();
    assert.ok(clock.kind === "table" && clock.table.kinds[0].calls.length === 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
