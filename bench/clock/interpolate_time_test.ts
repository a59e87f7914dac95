import assert from "node:assert/strict";
import { interpolateTime, leaveOutErrors, MAX_EXTRAPOLATION } from "./interpolate_time.ts";
import type { CallSize, TimedCall } from "./time_table.ts";

/** A card that takes a power of each size: a plane in log space. */
function powerLaw({ sequences, queryTokens, contextTokens }: CallSize): number {
  return 0.003 * sequences ** 0.9 * queryTokens ** 0.8 * contextTokens ** 0.95;
}

/** A launch of 5 µs, then reading: curved in log space. */
function affine({ sequences, contextTokens }: CallSize): number {
  return 0.005 + sequences * contextTokens * 5e-7;
}

function grid(time: (size: CallSize) => number): TimedCall[] {
  const calls: TimedCall[] = [];
  for (const sequences of [1, 4, 16, 64]) {
    for (const queryTokens of [1, 8, 64]) {
      for (const contextTokens of [256, 1024, 4096, 16384]) {
        const size = { sequences, queryTokens, contextTokens };
        calls.push({ ...size, milliseconds: time(size) });
      }
    }
  }
  return calls;
}

Deno.test("interpolateTime() gives a measured size its measured time", () => {
  const calls = grid(affine);
  for (const call of calls) {
    const { milliseconds, outsideFactor } = interpolateTime(calls, call);
    assert.equal(milliseconds, call.milliseconds);
    assert.equal(outsideFactor, 1);
  }
});

Deno.test("interpolateTime() follows a power of each size exactly", () => {
  const calls = grid(powerLaw);
  for (const contextTokens of [300, 700, 9000]) {
    const size = { sequences: 7, queryTokens: 3, contextTokens };
    const { milliseconds } = interpolateTime(calls, size);
    assert.ok(Math.abs(milliseconds / powerLaw(size) - 1) < 1e-3, `${milliseconds}`);
  }
});

Deno.test("interpolateTime() stays between neighbours of a curved time", () => {
  const size = { sequences: 8, queryTokens: 1, contextTokens: 2048 };
  const { milliseconds } = interpolateTime(grid(affine), size);
  assert.ok(Math.abs(milliseconds / affine(size) - 1) < 0.25, `${milliseconds}`);
});

Deno.test("interpolateTime() tells how far outside a size lies", () => {
  const calls = grid(affine);
  const factor = (size: Partial<CallSize>): number =>
    interpolateTime(calls, { sequences: 4, queryTokens: 8, contextTokens: 1024, ...size })
      .outsideFactor;
  assert.equal(factor({}), 1);
  assert.ok(Math.abs(factor({ contextTokens: 32768 }) - 2) < 1e-9);
  assert.ok(Math.abs(factor({ sequences: 128, contextTokens: 64 }) - 4) < 1e-9);
  assert.ok(factor({ queryTokens: 65 }) < MAX_EXTRAPOLATION);
});

Deno.test("leaveOutErrors() leaves out what the others enclose, and only that", () => {
  const errors = leaveOutErrors(grid(powerLaw));
  assert.equal(errors.length, 4 * 3 * 4);
  assert.ok(errors.every((error) => error < 1e-2));
  const line = [1, 2, 4].map((sequences) => ({
    sequences,
    queryTokens: 1,
    contextTokens: 64,
    milliseconds: sequences,
  }));
  assert.equal(leaveOutErrors(line).length, 1);
  assert.ok(
    leaveOutErrors([...line.slice(0, 1), { ...line[1], milliseconds: 3 }, line[2]])[0] > 0.3,
  );
});
