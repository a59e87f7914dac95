import assert from "node:assert/strict";
import { loadWorkload, requireLoaded } from "../../fixtures/mod.ts";
import { BENCH_SETTINGS } from "../settings/bench.ts";
import { resolveSettings } from "../settings/resolve.ts";
import { SettingError } from "../settings/setting.ts";
import { parseOverrides, workloadOverrides } from "./overrides.ts";

const FLAG = { kind: "flag", text: "--set" } as const;

async function overridden(
  fixture: string,
  o: { flags?: Record<string, string>; environment?: Record<string, string> },
) {
  const plain = requireLoaded(await loadWorkload(fixture));
  const resolved = resolveSettings(BENCH_SETTINGS, {
    flags: o.flags ?? {},
    environment: o.environment ?? {},
    file: {},
  });
  const overrides = workloadOverrides(resolved, plain);
  return { plain, overrides, loaded: await loadWorkload(fixture, { overrides }) };
}

Deno.test("workloadOverrides() changes nothing when nothing is set", async () => {
  assert.deepEqual((await overridden("smoke", {})).overrides, []);
});

Deno.test("workloadOverrides() makes the first heads window heads when a ratio is set", async () => {
  const { plain, loaded, overrides } = await overridden("smoke", {
    environment: { FD_T53_HEAD_WISE_SWA_RATIO: "0.5" },
  });
  const { headMap } = requireLoaded(loaded);
  const half = headMap.kvHeads / 2;
  assert.ok(half >= 1);
  for (const { kinds } of headMap.groups) {
    assert.deepEqual(kinds, kinds.map((_, head) => head < half ? "window" : "full"));
  }
  assert.equal(headMap.windowTokens, plain.headMap.windowTokens);
  assert.equal(overrides[0]!.origin, "FD_T53_HEAD_WISE_SWA_RATIO");
});

Deno.test("workloadOverrides() keeps the choice of heads when only the window is set", async () => {
  const { plain, loaded } = await overridden("capacity-duo-attention", {
    flags: { window: "512", sinks: "16" },
  });
  const { headMap } = requireLoaded(loaded);
  assert.equal(headMap.windowTokens, 512);
  assert.equal(headMap.sinkTokens, 16);
  assert.deepEqual(headMap.groups, plain.headMap.groups);
});

Deno.test("workloadOverrides() gives the engine's window when its fixture switch is on", async () => {
  const { loaded } = await overridden("eb45-21b-a3b-32k-bf16-kv50-512s", {
    environment: { FD_T53_HEAD_WISE_SWA_FIXTURE: "1" },
  });
  const { headMap } = requireLoaded(loaded);
  assert.equal(headMap.windowTokens, 4096);
  assert.equal(headMap.sinkTokens, 0);
  assert.deepEqual(headMap.groups[0]!.kinds, ["window", "full", "full", "full"]);
});

Deno.test("workloadOverrides() passes the seed and --set on to the fixture's own checks", async () => {
  const { loaded } = await overridden("smoke", { flags: { seed: "9", set: "tensorParallel=3" } });
  assert.equal(loaded.kind, "rejected");
  const [found] = loaded.diagnostics.filter(({ severity }) => severity === "error");
  assert.equal(found!.file, "--set");
});

Deno.test("parseOverrides() reads JSON values, and text where it is none", () => {
  const overrides = parseOverrides("a.b=1,c=true,d=40 GiB,e=null", FLAG);
  assert.deepEqual(overrides.map(({ path, value }) => [path, value]), [
    ["a.b", 1],
    ["c", true],
    ["d", "40 GiB"],
    ["e", null],
  ]);
});

Deno.test("parseOverrides() refuses a part without a path or a value", () => {
  for (const text of ["seed", "=7", "seed=1,"]) {
    assert.throws(() => parseOverrides(text, FLAG), SettingError, text);
  }
});

Deno.test("workloadOverrides() replaces arrivals and scheduler, and refuses arrivals beside a trace", async () => {
  const half = await overridden("smoke", { flags: { load: "0.5", scheduler: "sglang" } });
  const workload = requireLoaded(half.loaded);
  assert.equal(workload.scheduler.profile, "sglang");
  assert.ok(workload.requests.kind === "synthetic");
  assert.deepEqual(workload.requests.arrivals, {
    kind: "saturation-share",
    share: 0.5,
    ratePerSecond: null,
  });
  const closed = requireLoaded((await overridden("smoke", { flags: { concurrency: "3" } })).loaded);
  assert.ok(closed.requests.kind === "synthetic");
  assert.deepEqual(closed.requests.arrivals, { kind: "closed-loop", concurrency: 3 });
  for (const name of ["load", "concurrency"]) {
    await assert.rejects(
      overridden("smoke", { flags: { [name]: "1", trace: "trace.csv" } }),
      (error) => error instanceof SettingError && error.message.includes(`--${name}`),
    );
  }
});
