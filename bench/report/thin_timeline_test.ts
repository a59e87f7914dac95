import assert from "node:assert/strict";
import fc from "fast-check";
import { stepColumns } from "../replay/fold.ts";
import { joinSteps } from "../replay/step_entries.ts";
import { createTimeline, recordStep, timeSteps } from "../replay/timeline.ts";
import { thinTimeline } from "./thin_timeline.ts";

const step = fc.record({
  running: fc.nat(9),
  prefillTokens: fc.nat(9),
  decodeTokens: fc.nat(9),
  fullHeadPages: fc.nat(9),
  windowHeadPages: fc.nat(9),
});

Deno.test("thinTimeline() joins entries into what joining the steps at once would give", () => {
  fc.assert(fc.property(
    fc.array(step, { minLength: 1, maxLength: 40 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 0, max: 30 }),
    (steps, few, more) => {
      const timeline = createTimeline();
      for (const each of steps) recordStep(timeline, each);
      timeSteps(timeline, {
        attentionMs: new Float64Array(steps.length).fill(3),
        restMs: new Float64Array(steps.length).fill(7),
      });
      const joined = (maxEntries: number) =>
        joinSteps(stepColumns({ timeline, folded: null }), {
          steps: timeline.timed,
          maxEntries,
          headPages: 2,
          pageHistory: null,
        });
      const [thin, wanted] = [thinTimeline(joined(few + more), { maxEntries: few }), joined(few)];
      assert.deepEqual({ ...thin, running: null }, { ...wanted, running: null });
      thin.running.forEach((running, entry) =>
        assert.ok(Math.abs(running - wanted.running[entry]) < 0.002)
      );
    },
  ));
});

Deno.test("thinTimeline() leaves a short timeline alone", () => {
  const timeline = createTimeline();
  recordStep(timeline, { running: 1 });
  timeSteps(timeline, { attentionMs: Float64Array.of(1), restMs: Float64Array.of(1) });
  const short = joinSteps(stepColumns({ timeline, folded: null }), {
    steps: timeline.timed,
    maxEntries: 5,
    headPages: 1,
    pageHistory: null,
  });
  assert.equal(thinTimeline(short, { maxEntries: 1 }), short);
});
