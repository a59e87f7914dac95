import assert from "node:assert/strict";
import { parse } from "yaml";
import { z } from "zod";
import { PLATFORMS } from "./platforms.ts";

const EXPRESSION = z.string().regex(/^\$\{\{ (?:github|matrix)\.\w+ \}\}$/);

const STEP = z.union([
  z.strictObject({
    // Actions of GitHub alone, by commit: anyone else's, or a moved tag, would see what is published.
    uses: z.string().regex(/^actions\/[\w-]+@[0-9a-f]{40}$/),
    with: z.record(z.string(), z.union([z.string(), z.boolean()])).optional(),
  }),
  z.strictObject({
    name: z.string(),
    if: z.string().optional(),
    shell: z.literal("bash").optional(),
    "working-directory": z.string().optional(),
    env: z.record(z.string().regex(/^[A-Z_]+$/), EXPRESSION).optional(),
    run: z.string(),
  }),
]);

const job = {
  needs: z.string().optional(),
  "timeout-minutes": z.number().int().max(60),
  steps: z.array(STEP),
};

/** The part of the workflow syntax that is used; a misspelt key is an error. */
const WORKFLOW = z.strictObject({
  name: z.string(),
  on: z.strictObject({
    push: z.strictObject({ tags: z.tuple([z.literal("v*")]) }),
    workflow_dispatch: z.strictObject({}),
  }),
  permissions: z.strictObject({ contents: z.literal("read") }),
  concurrency: z.strictObject({ group: z.string(), "cancel-in-progress": z.literal(false) }),
  jobs: z.strictObject({
    build: z.strictObject({ "runs-on": z.string(), ...job }),
    try: z.strictObject({
      strategy: z.strictObject({
        "fail-fast": z.literal(false),
        matrix: z.strictObject({
          include: z.array(z.strictObject({ platform: z.string(), runner: z.string() })),
        }),
      }),
      "runs-on": z.literal("${{ matrix.runner }}"),
      ...job,
    }),
    publish: z.strictObject({
      if: z.literal("startsWith(github.ref, 'refs/tags/')"),
      "runs-on": z.string(),
      permissions: z.strictObject({
        contents: z.literal("write"),
        "id-token": z.literal("write"),
      }),
      ...job,
    }),
  }),
});

const text = Deno.readTextFileSync(".github/workflows/release.yml");
const { jobs } = WORKFLOW.parse(parse(text));
const scripts = Object.values(jobs)
  .flatMap(({ steps }) => steps.flatMap((step) => "run" in step ? [step.run] : []));

Deno.test("release.yml builds and tries an executable for every platform", () => {
  const names = PLATFORMS.map(({ name }) => name);
  const [, built] = /for target in (.*); do\n.* task compile --target "\$target"\n/
    .exec(scripts.join("\n"))!;
  assert.deepEqual(built!.split(" "), names);
  assert.deepEqual(jobs.try.strategy.matrix.include.map(({ platform }) => platform), names);
});

Deno.test("release.yml publishes what was checked, built and tried, and nothing else", () => {
  assert.equal(jobs.try.needs, "build");
  assert.equal(jobs.publish.needs, "try");
  const building = jobs.build.steps.flatMap((step) => "run" in step ? [step.run] : []);
  assert.ok(building.includes(".ci/run"));
  for (const name of ["headwise.js", "headwise.cdx.json", "LICENSES.txt", "SHA256SUMS"]) {
    assert.ok(building.at(-1)!.includes(name), name);
  }
  assert.ok(scripts.some((script) => script.includes("sha256sum -c SHA256SUMS")));
});

Deno.test("release.yml stores no secret, and no script runs what an expression expands to", () => {
  assert.doesNotMatch(text, /secrets\./);
  for (const script of scripts) assert.doesNotMatch(script, /\$\{\{/);
  for (const step of Object.values(jobs).flatMap(({ steps }) => steps)) {
    if ("run" in step) {
      for (const name of Object.keys(step.env ?? {})) {
        assert.ok(name === "GH_TOKEN" || step.run.includes(`$${name}`), name);
      }
    } else if (step.uses.startsWith("actions/checkout")) {
      assert.equal(step.with?.["persist-credentials"], false);
    }
  }
});

Deno.test("release.yml names each action's version, and what publishes runs nothing unverified", () => {
  const uses = [...text.matchAll(/uses: (.*)/g)].map(([, action]) => action!);
  assert.equal(uses.length, 5);
  for (const action of uses) {
    assert.match(action, /^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  }
  const publishing = jobs.publish.steps.flatMap((step) => "run" in step ? [step.run] : []).join(
    "\n",
  );
  assert.doesNotMatch(publishing, /\bnpx\b|npm (?:ci|exec|install|x)\b|curl|wget/);
  const packed = [...publishing.matchAll(/npm pack .*/g)].flatMap(([line]) =>
    line!.match(/\w+@[\d.]+/g)
  );
  const hashed = [...publishing.matchAll(/^[0-9a-f]{128} {2}.*\.tgz$/gm)];
  assert.deepEqual([packed.length, hashed.length], [2, 2]);
});

Deno.test("release.yml names only tasks that exist, and the Deno that everything else does", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync("deno.json"));
  const used = scripts.flatMap((
    script,
  ) => [...script.matchAll(/deno@([\d.]+) (?:task ([\w:]+))?/g)]);
  assert.equal(used.length, 2);
  for (const [, version, task] of used) {
    assert.equal(version, "2.9.6");
    if (task !== undefined) assert.ok(Object.hasOwn(tasks, task), task);
  }
});
