import assert from "node:assert/strict";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import config from "../deno.json" with { type: "json" };
import { parseExpectations } from "../conformance/mod.ts";
import { CONFORMANCE_SETTINGS } from "./settings/conformance.ts";
import { flagOf, variableOf } from "./settings/setting.ts";
import { KNOWN_VARIABLES } from "./settings/tables.ts";

const read = (path: string): string =>
  Deno.readTextFileSync(new URL(`../docs/ci/${path}`, import.meta.url));

const NAME = z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
const QUANTITY = z.string().regex(/^\d+(m|Mi|Gi)?$/);
const FIELD = z.strictObject({ fieldRef: z.strictObject({ fieldPath: z.string() }) });

/** The part of the Kubernetes API that the manifest uses; a misspelt key is an error. */
const POD = z.strictObject({
  spec: z.strictObject({
    restartPolicy: z.literal("Never"),
    automountServiceAccountToken: z.literal(false),
    securityContext: z.strictObject({
      runAsNonRoot: z.literal(true),
      runAsUser: z.number().int().min(1),
      fsGroup: z.number().int().min(1),
    }),
    containers: z.tuple([z.strictObject({
      name: NAME,
      image: z.string().regex(/^[\w.-]+(\/[\w.-]+)+:[\w.-]+$/),
      workingDir: z.string(),
      command: z.array(z.string()),
      args: z.array(z.string()),
      env: z.array(z.union([
        z.strictObject({ name: z.string(), value: z.string() }),
        z.strictObject({ name: z.string(), valueFrom: FIELD }),
      ])).default([]),
      resources: z.strictObject({
        requests: z.strictObject({ cpu: QUANTITY, memory: QUANTITY }),
        limits: z.strictObject({ memory: QUANTITY }),
      }),
      securityContext: z.strictObject({
        allowPrivilegeEscalation: z.literal(false),
        capabilities: z.strictObject({ drop: z.tuple([z.literal("ALL")]) }),
      }),
      volumeMounts: z.array(z.strictObject({ name: NAME, mountPath: z.string() })),
    })]),
    volumes: z.array(z.strictObject({
      name: NAME,
      persistentVolumeClaim: z.strictObject({ claimName: NAME }),
    })),
  }),
});

const JOB = z.strictObject({
  apiVersion: z.literal("batch/v1"),
  kind: z.literal("Job"),
  metadata: z.strictObject({ name: NAME }),
  spec: z.union([
    z.strictObject({
      completionMode: z.literal("Indexed"),
      completions: z.number().int().min(1),
      parallelism: z.number().int().min(1),
      backoffLimitPerIndex: z.number().int().min(0),
      maxFailedIndexes: z.number().int().min(0),
      podFailurePolicy: z.strictObject({
        rules: z.array(z.union([
          z.strictObject({
            action: z.enum(["FailIndex", "FailJob", "Ignore", "Count"]),
            onExitCodes: z.strictObject({
              operator: z.enum(["In", "NotIn"]),
              values: z.array(z.number().int().min(1).max(255)),
            }),
          }),
          z.strictObject({
            action: z.enum(["FailIndex", "FailJob", "Ignore", "Count"]),
            onPodConditions: z.array(z.strictObject({ type: z.string(), status: z.string() })),
          }),
        ])),
      }),
      template: POD,
    }),
    z.strictObject({ suspend: z.literal(true), backoffLimit: z.literal(0), template: POD }),
  ]),
});

const CLAIM = z.strictObject({
  apiVersion: z.literal("v1"),
  kind: z.literal("PersistentVolumeClaim"),
  metadata: z.strictObject({ name: NAME }),
  spec: z.strictObject({
    accessModes: z.tuple([z.literal("ReadWriteMany")]),
    resources: z.strictObject({ requests: z.strictObject({ storage: QUANTITY }) }),
  }),
});

const ACTION = z.strictObject({
  name: z.string(),
  description: z.string().max(125),
  inputs: z.record(
    z.string(),
    z.strictObject({
      description: z.string(),
      required: z.boolean().optional(),
      default: z.string().optional(),
    }),
  ),
  outputs: z.record(z.string(), z.strictObject({ description: z.string(), value: z.string() })),
  runs: z.strictObject({
    using: z.literal("composite"),
    steps: z.array(z.strictObject({
      id: z.string().optional(),
      name: z.string(),
      if: z.string().optional(),
      shell: z.literal("bash"),
      "working-directory": z.string(),
      env: z.record(z.string(), z.string()),
      run: z.string(),
    })),
  }),
});

Deno.test("docs/ci/kubernetes is an Indexed Job whose shards are those that the tool reads", () => {
  const documents = parseAllDocuments(read("kubernetes/conformance.yaml"));
  assert.deepEqual(documents.flatMap(({ errors }) => errors), []);
  const [claim, shards, report] = documents.map((document) => document.toJS());
  const { name } = CLAIM.parse(claim).metadata;
  const jobs = [shards, report].map((job) => JOB.parse(job).spec);
  for (const { template: { spec } } of jobs) {
    const [{ volumeMounts, workingDir }] = spec.containers;
    assert.deepEqual(
      volumeMounts.map((mount) => mount.name),
      spec.volumes.map((each) => each.name),
    );
    assert.deepEqual(spec.volumes.map((each) => each.persistentVolumeClaim.claimName), [name]);
    // The tasks may write there and nowhere else.
    assert.equal(volumeMounts[0]?.mountPath, `${workingDir}/results`);
  }
  const [indexed] = jobs;
  assert.ok(indexed !== undefined && "completions" in indexed);
  const [{ env, args, image }] = indexed.template.spec.containers;
  const count = env.find((each) => each.name === "JOB_COMPLETION_COUNT");
  assert.ok(count !== undefined && "value" in count);
  assert.equal(count.value, String(indexed.completions));
  assert.equal(indexed.parallelism, indexed.completions);
  for (const each of env) assert.ok(KNOWN_VARIABLES.includes(each.name), each.name);
  assertFlags(args);
  assert.ok(image.endsWith(`:${config.version}`), image);
});

Deno.test("docs/ci/github is a composite action that hands its inputs over as variables", () => {
  const action = ACTION.parse(parse(read("github/action.yml")));
  const used = new Set<string>();
  const variables = Object.keys(CONFORMANCE_SETTINGS).map((name) => variableOf(name));
  for (const { run, env, "working-directory": folder } of action.runs.steps) {
    assert.doesNotMatch(run, /\$\{\{/, "An expression in a script runs whatever it expands to");
    assert.match(folder, /^\$\{\{ github\.action_path \}\}(\/\.\.){3}$/);
    for (const [name, value] of Object.entries(env)) {
      for (const [, input] of value.matchAll(/inputs\.(\w+)/g)) used.add(input!);
      if (name.startsWith("HEADWISE_")) assert.ok(variables.includes(name), name);
      assert.ok(run.includes(`$${name}`) || name.startsWith("HEADWISE_"), name);
    }
    const [, version] = /npx -y deno@([\d.]+) task/.exec(run) ?? [];
    assert.equal(version, "2.9.6");
  }
  assert.deepEqual([...used].sort(), Object.keys(action.inputs).sort());
  const outputs = Object.values(action.outputs).map(({ value }) => value);
  assert.deepEqual(outputs, ["${{ steps.judge.outputs.report }}"]);
});

Deno.test("docs/ci/README.md names flags, variables and expectations as they are", () => {
  const text = read("README.md");
  const blocks = [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)];
  const commands = blocks.flatMap(([, , block]) => block!.split("\n"))
    .flatMap((line) => /deno task conformance (.*)/.exec(line)?.[1] ?? []);
  assert.equal(commands.length, 2);
  for (const command of commands) assertFlags(command.split(" "));
  for (const [, variable] of text.matchAll(/`(HEADWISE_\w+)`/g)) {
    assert.ok(KNOWN_VARIABLES.includes(variable!), variable);
  }
  const yaml = blocks.filter(([, language]) => language === "yaml").map(([, , block]) => block!);
  assert.equal(yaml.length, 3);
  for (const block of yaml) assert.ok(parse(block));
  assert.equal(parseExpectations(yaml.at(-1)!, "README.md").length, 1);
});

function assertFlags(words: readonly string[]): void {
  const known = Object.keys(CONFORMANCE_SETTINGS).map(flagOf);
  const flags = words.filter((word) => word.startsWith("--"));
  assert.ok(flags.length > 0);
  for (const flag of flags) assert.ok(known.includes(flag), flag);
}
