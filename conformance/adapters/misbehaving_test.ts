/** Every way in which an adapter can misbehave gets a verdict of its own, and the run continues. */
import assert from "node:assert/strict";
import { exitCodeOf, parseQuery } from "../mod.ts";
import { caseRows, type ConformanceReport } from "../report.ts";
import { runConformance } from "../run.ts";
import type { AdapterLimits } from "./adapter_process.ts";
import { type AdapterSpec, openAdapter } from "./open_adapter.ts";
import { SCRATCH_PARENT as PARENT, scriptedAdapter } from "./testing_adapters.ts";

/** A folder of its own, so that what is left in it was left by these tests. */
const SCRATCH_PARENT = `${PARENT}/misbehaving`;

const LIMITS: Partial<AdapterLimits> = {
  requestTimeoutMs: 400,
  maxLineBytes: 10_000,
  maxStderrBytes: 100_000,
  maxFaultsInRow: 2,
};

async function judge(
  spec: AdapterSpec,
  limits: Partial<AdapterLimits> = LIMITS,
): Promise<ConformanceReport> {
  const { subject, close } = await openAdapter(spec, { scratchParent: SCRATCH_PARENT, limits });
  try {
    return await runConformance({ subject, filters: [parseQuery("allocator")] });
  } finally {
    await close();
  }
}

/** Judges an adapter that is good until its first real question. */
async function verdictOn(
  script: string,
  limits = LIMITS,
): Promise<{ code: string; message: string }> {
  const report = await judge(scriptedAdapter(script), limits);
  const errors = caseRows(report.rows).filter(({ outcome }) => outcome.kind === "error");
  assert.equal(report.summary.failed, 0);
  assert.equal(report.summary.suiteErrors, 0);
  assert.equal(exitCodeOf(report.summary), 4);
  assert.ok(errors.length > 0);
  const outcome = errors[0]!.outcome;
  assert.ok(outcome.kind === "error" && outcome.origin === "subject");
  return outcome;
}

const onShard = (script: string): string =>
  `if (request.command !== "shard") return good(request); ${script}`;

Deno.test("openAdapter() judges a good adapter, and skips and lists what it lacks", async () => {
  const { rows, summary } = await judge(scriptedAdapter("good(request)"), {});
  assert.equal(summary.failed + summary.subjectErrors + summary.suiteErrors, 0);
  assert.ok(summary.passed > 0 && summary.skipped > 0);
  assert.ok(summary.missingCapabilities.includes("allocator.headwise"));
  assert.equal(exitCodeOf(summary), 0);
  for (const row of caseRows(rows)) assert.notEqual(row.outcome.kind, "error", row.query);
});

Deno.test("openAdapter() fails an adapter that answers wrongly but speaks well", async () => {
  const wrong = onShard("result(request.id, { kvHeads: 1, queryHeads: 1 })");
  const { summary } = await judge(scriptedAdapter(wrong), {});
  assert.ok(summary.failed > 0);
  assert.equal(exitCodeOf(summary), 1);
});

const MISBEHAVIOURS: readonly (readonly [string, string, string, RegExp])[] = [
  ["hangs", "await new Promise((done) => setTimeout(done, 1e6));", "timeout", /within 400 ms/],
  ["spins", "while (true);", "timeout", /within 400 ms/],
  ["ends", "Deno.exit(7);", "crash", /exit code 7/],
  [
    "throws",
    'throw new Error("kaboom");',
    "crash",
    /exit code 1 before it answered; standard error ends with:[\s\S]*kaboom/,
  ],
  ["is killed mid-line", "write('{\"id\":'); Deno.exit(0);", "crash", /middle of a line/],
  ["answers garbage", "write('All good!\\n');", "adapter-error", /not JSON: All good!/],
  ["answers bytes", "Deno.stdout.writeSync(Uint8Array.of(255, 10));", "adapter-error", /UTF-8/],
  [
    "answers with escape sequences",
    "write('\\x1b[2J\\n');",
    "adapter-error",
    /not JSON: \ufffd\[2J/,
  ],
  ["answers out of order", "result(request.id + 1, null);", "adapter-error", /protocol|order/],
  [
    "answers twice",
    "good(request); good(request);",
    "adapter-error",
    /out of order: reply \d+ to request \d+/,
  ],
  [
    "answers another type",
    "result(request.id, { kvHeads: 'one', queryHeads: 1 });",
    "adapter-error",
    /value\.kvHeads/,
  ],
  [
    "adds a field",
    "result(request.id, { kvHeads: 1, queryHeads: 1, note: 1 });",
    "adapter-error",
    /note/,
  ],
  [
    "floods standard error",
    "while (true) Deno.stderr.writeSync(new Uint8Array(65536).fill(97));",
    "adapter-error",
    /more than 100000 bytes to standard error/,
  ],
  [
    "answers with an endless line",
    "while (true) write('x'.repeat(65536));",
    "adapter-error",
    /line of more than 10000 bytes/,
  ],
  [
    "answers with endless lines",
    "while (true) write('{}\\n'.repeat(20000));",
    "adapter-error",
    /does not know/,
  ],
  [
    "breaks in words",
    "write(JSON.stringify({ id: request.id, status: 'errored', message: 'no memory' }) + '\\n');",
    "adapter-error",
    /broke in "shard": no memory/,
  ],
  [
    "skips what it claims",
    "write(JSON.stringify({ id: request.id, status: 'skipped', " +
    "missing: ['allocator.tensor_parallel'] }) + '\\n');",
    "adapter-error",
    /claims allocator.tensor_parallel but skipped/,
  ],
];

for (const [name, script, code, message] of MISBEHAVIOURS) {
  Deno.test(`openAdapter() gives an adapter that ${name} the verdict ${code}`, async () => {
    const outcome = await verdictOn(onShard(script));
    assert.equal(outcome.code, code, outcome.message);
    assert.match(outcome.message, message);
  });
}

Deno.test("openAdapter() starts a crashed adapter again and reports every other case", async () => {
  // Its first life ends at the third question, its later lives at none.
  const { rows, summary } = await judge(
    scriptedAdapter(onShard("if (request.id === 6) Deno.exit(9); good(request);")),
  );
  const errors = caseRows(rows).filter(({ outcome }) => outcome.kind === "error");
  assert.equal(errors.length, 1);
  assert.equal(summary.failed, 0);
  const whole = await judge(scriptedAdapter("good(request)"), {});
  assert.equal(summary.passed, whole.summary.passed - 1);
});

Deno.test("openAdapter() stops asking a command that faults again and again", async () => {
  const { rows } = await judge(scriptedAdapter(onShard("Deno.exit(1);")));
  const messages = caseRows(rows).flatMap(({ outcome }) =>
    outcome.kind === "error" ? [outcome.message] : []
  );
  assert.equal(messages.filter((text) => !/not asked again/.test(text)).length, 2);
  assert.ok(messages.length > 2);
  for (const message of messages) assert.match(message, /exit code 1/);
});

Deno.test("openAdapter() skips a case whose lack the adapter finds out when asked", async () => {
  const skip = "write(JSON.stringify({ id: request.id, status: 'skipped', " +
    "missing: ['allocator.uniform'], reason: 'only head-wise' }) + '\\n');";
  const { summary } = await judge(scriptedAdapter(onShard(skip)));
  assert.equal(summary.passed + summary.failed + summary.subjectErrors, 0);
  assert.ok(summary.missingCapabilities.includes("allocator.uniform"));
});

Deno.test("runConformance() gives the next case a new adapter after a case took too long", async () => {
  const hang = onShard(
    "if (request.id === 4) await new Promise((done) => setTimeout(done, 1e6)); good(request);",
  );
  const { subject, close } = await openAdapter(scriptedAdapter(hang), {
    scratchParent: SCRATCH_PARENT,
  });
  const filters = [parseQuery("allocator:tensor_parallel")];
  const { rows, summary } = await runConformance({ subject, filters, timeoutMs: 1500 });
  await close();
  const errors = caseRows(rows).flatMap(({ outcome }) => outcome.kind === "error" ? [outcome] : []);
  assert.deepEqual(errors.map(({ code }) => code), ["timeout"]);
  assert.match(errors[0]!.message, /No answer within 1500 ms/);
  assert.equal(summary.failed + summary.suiteErrors, 0);
  assert.ok(summary.passed > 2);
});

const STARTS: readonly (readonly [string, AdapterSpec, string, RegExp])[] = [
  [
    "is not there",
    { kind: "exec", program: "no-such-program", args: [] },
    "crash",
    /Cannot start "no-such-program"/,
  ],
  ["ends at once", scriptedAdapter("Deno.exit(3);"), "crash", /exit code 3/],
  ["says nothing", scriptedAdapter(""), "timeout", /did not answer within 1000 ms/],
  [
    "speaks another version",
    scriptedAdapter("result(request.id, { protocol: 2, name: 'later' });"),
    "adapter-error",
    /uses protocol 2, and this suite protocol 1/,
  ],
  [
    "claims what no one knows",
    scriptedAdapter("good(request)", ["kernel.telepathy"]),
    "adapter-error",
    /capabilities/,
  ],
];

for (const [name, spec, verdict, message] of STARTS) {
  Deno.test(`openAdapter() throws at once when the adapter ${name}`, async () => {
    const limits = { ...LIMITS, startTimeoutMs: 1000 };
    const options = { scratchParent: SCRATCH_PARENT, limits };
    await assert.rejects(openAdapter(spec, options), { name: "AdapterFault", verdict, message });
  });
}

for (const name of ["HEADWISE_ENDPOINT_TOKEN", "HEADWISE_AGAINST_TOKEN"]) {
  Deno.test(`openAdapter() keeps ${name} from the adapter`, async () => {
    const reply =
      "print(json.dumps({'id': r['id'], 'status': 'errored', 'message': t}), flush=True)";
    const code = `import json, os, sys\nt = repr(os.environ.get('${name}'))\n` +
      `for line in sys.stdin:\n  r = json.loads(line)\n  ${reply}`;
    Deno.env.set(name, "secret");
    try {
      const spec = { kind: "exec", program: "python3", args: ["-c", code] } as const;
      const opening = openAdapter(spec, { scratchParent: SCRATCH_PARENT });
      await assert.rejects(opening, { message: /broke in "hello": ''$/ });
    } finally {
      Deno.env.delete(name);
    }
  });
}

Deno.test("openAdapter() leaves no scratch folder behind", async () => {
  const left = [];
  for await (const entry of Deno.readDir(SCRATCH_PARENT)) left.push(entry.name);
  assert.deepEqual(left, []);
});
