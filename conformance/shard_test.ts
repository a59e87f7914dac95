import assert from "node:assert/strict";
import fc from "fast-check";
import {
  membersOfShard,
  parseShard,
  runNameOfEnvironment,
  ShardError,
  shardOfEnvironment,
} from "./shard.ts";

Deno.test("membersOfShard() puts every member into exactly one shard, evenly", () => {
  fc.assert(fc.property(fc.nat({ max: 200 }), fc.integer({ min: 1, max: 12 }), (size, count) => {
    const members = Array.from({ length: size }, (_, index) => index);
    const shards = Array.from(
      { length: count },
      (_, index) => membersOfShard(members, { index: index + 1, count }),
    );
    assert.deepEqual(shards.flat().sort((a, b) => a - b), members);
    const sizes = shards.map((shard) => shard.length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
  }));
});

Deno.test("parseShard() refuses what names no shard", () => {
  assert.deepEqual(parseShard("12/12"), { index: 12, count: 12 });
  for (const text of ["", "2", "0/4", "5/4", "1/0", "-1/4", "1/4/2", "a/b", "1.5/4"]) {
    assert.throws(() => parseShard(text), ShardError, text);
  }
});

Deno.test("shardOfEnvironment() counts from where each kind of job counts", () => {
  const cases: readonly [Record<string, string>, string | null][] = [
    [{}, null],
    [{ JOB_COMPLETION_INDEX: "2", JOB_COMPLETION_COUNT: "3" }, "3/3"],
    [{ SLURM_ARRAY_TASK_ID: "0", SLURM_ARRAY_TASK_COUNT: "4" }, "1/4"],
    [{ SLURM_ARRAY_TASK_ID: "4", SLURM_ARRAY_TASK_COUNT: "4", SLURM_ARRAY_TASK_MIN: "1" }, "4/4"],
    [{ CI_NODE_INDEX: "1", CI_NODE_TOTAL: "2" }, "1/2"],
    [{ CI_NODE_TOTAL: "2" }, null],
  ];
  for (const [environment, expected] of cases) {
    const shard = shardOfEnvironment(environment);
    assert.equal(shard === null ? null : `${shard.index}/${shard.count}`, expected);
  }
});

Deno.test("shardOfEnvironment() refuses half of a pair and what is not a number", () => {
  const bad: readonly Record<string, string>[] = [
    { JOB_COMPLETION_INDEX: "0" },
    { SLURM_ARRAY_TASK_ID: "3", SLURM_ARRAY_TASK_COUNT: "two" },
    { CI_NODE_INDEX: "0", CI_NODE_TOTAL: "2" },
    { JOB_COMPLETION_INDEX: "3", JOB_COMPLETION_COUNT: "3" },
  ];
  for (const environment of bad) {
    assert.throws(() => shardOfEnvironment(environment), ShardError, JSON.stringify(environment));
  }
});

Deno.test("runNameOfEnvironment() tells systems apart that give the same number", () => {
  const names = ["SLURM_ARRAY_JOB_ID", "CI_PIPELINE_ID", "GITHUB_RUN_ID"].map((variable) =>
    runNameOfEnvironment({ [variable]: "7" })
  );
  assert.equal(new Set(names).size, 3);
  assert.equal(runNameOfEnvironment({}), "");
});
