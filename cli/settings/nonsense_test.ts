import assert from "node:assert/strict";
import { parseFaults } from "../../bench/mod.ts";
import { capture } from "../testing_context.ts";
import { flagOf, type Setting, type SettingTable, variableOf } from "./setting.ts";
import { type CommandName, SETTING_TABLES } from "./tables.ts";

const SETTINGS = Object.entries(SETTING_TABLES).flatMap((
  [command, table]: [string, SettingTable],
) =>
  Object.entries(table).map(([name, setting]): [string, string, Setting<unknown>] => [
    command,
    name,
    setting,
  ])
);

/** Texts that may be anything: names, paths, addresses, which are judged where they are used. */
const FREE = new Set(
  ("fixture model trace card calibration set out endpoint against endpointModel filter " +
    "regressions run expectations from host file cases json").split(" "),
);

/** Places of a command's arguments, as many as it demands. */
const ARGUMENTS: Partial<Record<CommandName, readonly string[]>> = {
  "gate": ["a.json", "b.json"],
  "sweep merge": ["a.jsonl"],
  "report show": ["a.json"],
  "report merge": ["a.jsonl"],
  "adapter init": ["python"],
  "adapter smoke": ["exec:true"],
  "fixture show": ["smoke"],
  "fixture validate": ["a.yaml"],
  "fixture import": ["a.csv"],
  "kernel roofline": ["a.json"],
  "init": ["results/a.yaml"],
};

function lineOf(command: string, ...flags: readonly string[]): string[] {
  return [...command.split(" "), ...ARGUMENTS[command as CommandName] ?? [], ...flags];
}

Deno.test("every setting refuses a value that is none, by flag and by variable", async () => {
  let refused = 0;
  for (const [command, name, setting] of SETTINGS) {
    const variable = variableOf(name, setting);
    const given: (readonly [string, readonly string[], Record<string, string>])[] = [
      [variable, [], { [variable]: "banana" }],
    ];
    if (setting.placeholder !== undefined) given.push([flagOf(name), [flagOf(name), "banana"], {}]);
    if (FREE.has(name) && setting.placeholder !== undefined) continue;
    for (const [origin, flags, environment] of given) {
      const run = await capture(lineOf(command, ...flags, "--explain-config"), { environment });
      assert.equal(run.exitCode, 2, `${command} ${origin}: ${run.stdout}${run.stderr}`);
      assert.ok(run.stderr.includes(`${origin}: `), `${command} ${origin}: ${run.stderr}`);
      refused++;
    }
  }
  assert.ok(refused > 150, `${refused}`);
});

/** A value of a setting that differs from its default and that it takes. */
function valueOf(name: string, setting: Setting<unknown>): string {
  const choices = (setting.parse as { choices?: readonly string[] }).choices ?? [];
  const candidates = [...choices, "20", "0.5", "1/2", "ttft=20ms", "stall=3", "on", "off", "word"];
  const found = candidates.find((text) => {
    try {
      return JSON.stringify(setting.parse(text)) !== JSON.stringify(setting.defaultValue);
    } catch {
      return false;
    }
  });
  return found ?? assert.fail(`Nothing suits ${name}`);
}

Deno.test("a setting whose effect needs another one is refused alone, and noted as a variable", async () => {
  const lonely: string[] = [];
  for (const [command, name, setting] of SETTINGS) {
    const values = Object.fromEntries(
      Object.entries(SETTING_TABLES[command as CommandName] as SettingTable)
        .map(([each, { defaultValue }]) => [each, defaultValue]),
    );
    if ((setting.needs?.(values) ?? null) === null) continue;
    const value = valueOf(name, setting);
    const flags = setting.placeholder === undefined ? [flagOf(name)] : [flagOf(name), value];
    const run = await capture(lineOf(command, ...flags, "--explain-config"));
    assert.equal(run.exitCode, 2, `${command} ${flags}`);
    assert.match(run.stderr, /It has no effect without --\w[\w -]*; add that, or leave this out/);
    const variable = variableOf(name, setting);
    const environment = { [variable]: value };
    const noted = await capture(lineOf(command, "--explain-config"), { environment });
    assert.equal(noted.exitCode, 0, `${command} ${variable}: ${noted.stderr}`);
    assert.match(noted.stderr, new RegExp(`^${variable}: It has no effect without --`, "m"));
    lonely.push(`${command} ${flagOf(name)}`);
  }
  for (const known of ["bench --slo", "bench --limit", "bench --max-pairs", "calibrate --steps"]) {
    assert.ok(lonely.includes(known), known);
  }
});

Deno.test("a setting that has no effect beside another one is refused", async () => {
  const pairs: readonly (readonly string[])[] = [
    ["bench", "--endpoint", "http://127.0.0.1:1/v1", "--clock", "model"],
    ["bench", "--endpoint", "http://127.0.0.1:1/v1", "--page-order", "identity"],
    ["bench", "--clock", "model", "--layers-measured", "3"],
    ["conformance", "--subject", "oracle", "--subgroups", "off"],
    ["conformance", "--self-test", "--shard", "1/2"],
    ["init", "results/a.yaml", "--kind", "model", "--model", "smoke"],
  ];
  for (const line of pairs) {
    const run = await capture([...line, "--explain-config"]);
    assert.equal(run.exitCode, 2, line.join(" "));
    assert.match(run.stderr, /It has no effect with/);
  }
});

Deno.test("an unknown variable of ours names the likely one, for every variable", async () => {
  const names = new Set(SETTINGS.map(([, name, setting]) => variableOf(name, setting)));
  for (const name of names) {
    const wrong = `${name}X`;
    const run = await capture(["kernel", "list", "--explain-config"], {
      environment: { [wrong]: "1" },
    });
    assert.match(run.stderr, new RegExp(`Variable ${wrong} has no effect: .*mean HEADWISE_\\w+`));
  }
});

Deno.test("what --faults takes is what the server reads, and the rest neither", () => {
  const { parse } = SETTING_TABLES.serve.faults;
  const known = "status server disconnect stall malformed abort cut".split(" ");
  for (const fault of known) {
    assert.equal(parse(`${fault}=3`), `${fault}=3`);
    assert.deepEqual(parseFaults(`${fault}=3`), { [fault]: 3 });
  }
  for (const wrong of ["rain=3", "stall", "stall=0", "stall=x", "stall=3=4"]) {
    assert.throws(() => parse(wrong), RangeError);
  }
});
