import assert from "node:assert/strict";
import { z } from "zod";
import { renderPerfetto, type TraceEvent } from "./perfetto.ts";
import { BENCH, INPUTS, withoutRecordings } from "./report_test_support.ts";

const whole = z.int().nonnegative();
const time = z.number().nonnegative();
const place = { pid: z.int().positive(), ts: time };
const figures = z.record(z.string(), z.number().nonnegative());

/** The Trace Event Format as far as it is used, and nothing beside it. */
const traceSchema = z.strictObject({
  displayTimeUnit: z.literal("ms"),
  traceEvents: z.array(z.discriminatedUnion("ph", [
    z.strictObject({
      ph: z.literal("M"),
      pid: z.int().positive(),
      tid: whole.optional(),
      name: z.enum(["process_name", "thread_name"]),
      args: z.strictObject({ name: z.string().min(1) }),
    }),
    z.strictObject({
      ph: z.literal("X"),
      ...place,
      tid: whole,
      name: z.enum(["prefill", "decode", "prefill + decode"]),
      cat: z.literal("step"),
      dur: time,
      args: figures,
    }),
    z.strictObject({ ph: z.literal("C"), ...place, name: z.string(), args: figures }),
    ...(["b", "e"] as const).map((ph) =>
      z.strictObject({
        ph: z.literal(ph),
        ...place,
        tid: whole,
        id: z.string().min(1),
        name: z.string(),
        cat: z.literal("request"),
        args: figures.optional(),
      })
    ),
  ])),
});

const INPUT = INPUTS[0];
const EVENTS: readonly TraceEvent[] = JSON.parse(renderPerfetto([INPUT])).traceEvents;

Deno.test("renderPerfetto() writes what the Trace Event Format knows and nothing else", () => {
  assert.equal(EVENTS.filter(({ ph }) => ph === "M").length, 2 * BENCH.sides.length);
  traceSchema.parse(JSON.parse(renderPerfetto([INPUT])));
});

Deno.test("renderPerfetto() has a slice for each step, one behind the other", () => {
  const { timeline } = BENCH.sides[0].runs[0];
  const steps = EVENTS.filter((event) => event.ph === "X").filter(({ pid }) => pid === 1);
  assert.equal(steps.length, timeline!.steps);
  let end = 0;
  for (const { ts, dur } of steps) {
    assert.ok(ts >= end - 0.002, `${ts} before ${end}`);
    end = ts + dur;
  }
  const tokens = steps.reduce((sum, { args }) => sum + args.prefillTokens + args.decodeTokens, 0);
  // The last token of a request is not computed upon; all others are.
  const wanted = BENCH.requestList!.inputTokens.reduce(
    (sum, count, index) => sum + count + BENCH.requestList!.outputTokens[index] - 1,
    0,
  );
  assert.equal(tokens, wanted);
});

Deno.test("renderPerfetto() closes every phase inside its request", () => {
  const requests = Map.groupBy(
    EVENTS.flatMap((event) => event.ph === "b" || event.ph === "e" ? [event] : []),
    ({ id }) => id,
  );
  assert.equal(requests.size, BENCH.sides.length * BENCH.requests.count);
  for (const events of requests.values()) {
    const open: string[] = [];
    let last = 0;
    for (const { ph, name, ts } of events) {
      assert.ok(ts >= last);
      last = ts;
      if (ph === "b") open.push(name);
      else assert.equal(open.pop(), name);
    }
    assert.deepEqual(open, []);
    // A phase begins where the one before ended; the last ends with the request.
    const names = events.map(({ ph, name }) => `${ph} ${name}`).slice(1, -1);
    const phases = ["queue", "prefill", "decode"];
    assert.deepEqual(names, phases.flatMap((name) => [`b ${name}`, `e ${name}`]));
    const times = events.map(({ ts }) => ts);
    assert.deepEqual([times[0], times[2], times[4], times[6]], [
      times[1],
      times[3],
      times[5],
      times[7],
    ]);
  }
  for (const [index, queueMs] of BENCH.sides[0].runs[0].samples!.queueMs.entries()) {
    const events = requests.get(`1.${BENCH.requestList!.ids[index]}`)!;
    assert.ok(Math.abs(events[2].ts - events[1].ts - queueMs! * 1000) < 0.002);
  }
});

Deno.test("renderPerfetto() names the fix when a file has no steps", () => {
  for (const input of [withoutRecordings(), INPUTS[2]]) {
    assert.throws(() => renderPerfetto([INPUT, input]), {
      code: "result/not-renderable",
      message: /holds no steps; run 'headwise bench' again .*--timeline/,
    });
  }
});
