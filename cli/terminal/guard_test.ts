import assert from "node:assert/strict";
import { capture } from "../testing_context.ts";
import type { CliContext, CliStream } from "./context.ts";
import { cleanStyled, guardContext } from "./guard.ts";
import { createPaint } from "./paint.ts";
import { createProgress } from "./progress.ts";
import { renderTable } from "./table.ts";

/** What foreign text may try: title, clipboard, link, colours, cursor, C1 forms, overrides, bells. */
const ATTACKS = [
  "\x1b]0;title\x07",
  "\x1b]52;c;aGk=\x1b\\",
  "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
  "\x1b[2J\x1b[H",
  "\x1b[38;5;196mred",
  "\x1b[5mblink",
  "\x1b[1;31;5m",
  "\x1b[8mhidden",
  "\x1bP+q544e\x1b\\",
  "\x1b(0",
  "\x9b2J",
  "\x9d0;title\x9c",
  "\r\x1b[2K",
  "over\rwritten",
  "back\b\b\b\bed",
  "\x00\x7f\x85\xad",
  "\u202egnirts\u202c",
  "\u2066isolate\u2069",
  "\u200f\u061c\ufeff",
  "\u{e0041}\u{e007f}",
  "line\u2028end",
];

/** Attributes of our own: whatever is left of a text without them must be plain. */
const OWN = new RegExp(`${String.fromCharCode(27)}\\[(?:1|2|3|4|22|23|24|31|32|33|36|39|;)+m`, "g");

function isPlain(text: string): boolean {
  return !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text.replaceAll(OWN, "").replaceAll("\n", ""));
}

function collect(o: { readonly isTerminal: boolean; readonly secrets?: readonly string[] }) {
  let text = "";
  const stream: CliStream = {
    write: (part) => void (text += part),
    getColorDepth: () => o.isTerminal ? 4 : 1,
    isTerminal: o.isTerminal,
    columns: 100,
  };
  const world = { process: { stdout: stream, stderr: stream, env: {} } } as unknown as CliContext;
  return { context: guardContext(world, o.secrets ?? []), text: () => text };
}

for (const isTerminal of [false, true]) {
  const where = isTerminal ? "a terminal" : "a pipe";

  Deno.test(`guardContext() lets no attack through to ${where}`, () => {
    const paint = createPaint(isTerminal);
    for (const attack of ATTACKS) {
      const { context, text } = collect({ isTerminal });
      const { stdout, stderr } = context.process;
      stdout.write(`before ${attack} after\n`);
      stderr.write(`${paint.red(`Cannot use '${attack}'`)}\n`);
      stderr.write(`${attack}\n`);
      const rows = [[paint.bold(attack), "1"], ["x", attack]];
      for (const line of renderTable(rows, { columns: [{ title: attack }, { title: "n" }] })) {
        assert.ok(isPlain(line), JSON.stringify(line));
        stdout.write(`${line}\n`);
      }
      const progress = createProgress(stderr, { now: () => 0 });
      progress.update({ label: attack, fraction: 0.5, detail: attack });
      if (isTerminal) progress.close();
      const shown = isTerminal ? text().replaceAll("\r\x1b[2K", "") : text();
      // Those of a bar are ours; none of an attack may be among them.
      const redraws = text().split("\r\x1b[2K").length - 1;
      assert.ok(redraws <= (isTerminal ? 3 : 0), JSON.stringify(text()));
      assert.ok(isPlain(shown), JSON.stringify(shown));
    }
  });

  Deno.test(`guardContext() lets no acting code point through to ${where}`, () => {
    const { context, text } = collect({ isTerminal });
    for (let code = 0; code < 0x3000; code++) {
      context.process.stdout.write(`a${String.fromCodePoint(code)}[2J${code}\n`);
    }
    assert.ok(isPlain(text().replaceAll(/[\t\u200c\u200d]/g, "")));
    assert.equal(text().split("\n").length, 0x3000 + 2);
  });
}

Deno.test("guardContext() keeps our colours, and ends those that a text leaves open", () => {
  const paint = createPaint(true);
  const { context, text } = collect({ isTerminal: true });
  const nested = paint.dim(`a ${paint.green("b")} c`);
  context.process.stdout.write(nested);
  assert.equal(text(), nested);
  assert.equal(cleanStyled("\x1b[31mred"), "\x1b[31mred\x1b[39m");
  assert.equal(cleanStyled("\x1b[2;3mx\x1b[22;23m"), "\x1b[2;3mx\x1b[22;23m");
  const pipe = collect({ isTerminal: false });
  pipe.context.process.stdout.write("\x1b[31mred");
  assert.equal(pipe.text(), "\\u001b[31mred");
});

Deno.test("guardContext() keeps the meaning of JSON and the line ends of CSV", () => {
  const value = { name: "\x7f\x9b\u202e\u0000\ud800", csv: "a\r\nb" };
  const { context, text } = collect({ isTerminal: false });
  context.process.stdout.write(JSON.stringify(value));
  assert.deepEqual(JSON.parse(text()), value);
  assert.ok(isPlain(text()));
  const csv = collect({ isTerminal: false });
  csv.context.process.stdout.write('a,b\r\n"c\rd",e\r\n');
  assert.equal(csv.text(), 'a,b\r\n"c\\u000dd",e\r\n');
});

Deno.test("guardContext() removes secrets, but no words that a short one may be", () => {
  const secrets = ['a-long"secret', "EMPTY"];
  const { context, text } = collect({ isTerminal: false, secrets });
  context.process.stderr.write(`${secrets[0]} ${JSON.stringify(secrets)} EMPTY`);
  assert.equal(text(), '[token] ["[token]","EMPTY"] EMPTY');
  const edge = collect({ isTerminal: false, secrets: ["8letters", "7letter"] });
  edge.context.process.stdout.write("8letters 7letter");
  assert.equal(edge.text(), "[token] 7letter");
});

Deno.test("guardContext() lets no line command a runner of workflows but our annotations", () => {
  const shownOf = (text: string): string => {
    const { context, text: shown } = collect({ isTerminal: false });
    context.process.stderr.write(text);
    return shown();
  };
  for (const command of ["::error::x", "::add-mask::y", "::stop-commands::z", " \t::group::g"]) {
    for (const end of ["\n", "\r\n"]) {
      const shown = shownOf(`Cannot use 'a${end}${command}'${end}`);
      assert.doesNotMatch(shown, /^\s*::/m);
      assert.ok(shown.includes(command.trim().slice(1)), shown);
    }
  }
  assert.equal(shownOf("a ##[error]b\n"), "a #\\u0023[error]b\n");
  const json = JSON.stringify({ a: "##[x]\n::y::" }, null, 2);
  assert.deepEqual(JSON.parse(shownOf(json)), JSON.parse(json));
  const ours = "::error title=a::b\n::notice title=c::d\n";
  assert.equal(shownOf(ours), ours);
  assert.equal(shownOf("a::b\n"), "a::b\n");
});

const FOLDER = "results/tests/guard";

/** Commands that say something of foreign text, given an attack and a file that holds it. */
const COMMANDS: Readonly<Record<string, (attack: string, file: string) => readonly string[]>> = {
  "a word": (attack) => [attack],
  "a flag": (attack) => ["bench", `--${attack}`],
  "a value": (attack) => ["bench", "--page-order", attack],
  "a setting": (attack) => ["bench", "--set", `requests.${attack}=1`],
  "a fixture's name": (attack) => ["fixture", "show", attack],
  "a fixture": (_, file) => ["fixture", "validate", file],
  "a result": (_, file) => ["gate", file, file],
  "a trace": (_, file) => ["bench", "--trace", file, "--fixture", "smoke"],
  "a report": (_, file) => ["report", "show", file],
  "a query": (attack) => ["conformance", "--filter", attack],
  "a subject": (attack) => ["conformance", "--subject", `exec:${FOLDER}/${attack}`],
  "a settings file": (_, file) => ["bench", "--config", file],
};

Deno.test("no command shows foreign text that acts", async () => {
  await Deno.mkdir(FOLDER, { recursive: true });
  const file = `${FOLDER}/foreign.yaml`;
  for (const attack of ATTACKS) {
    await Deno.writeTextFile(file, `${JSON.stringify(attack)}: 1\nbench: {${attack}: ${attack}}\n`);
    for (const [what, argumentsOf] of Object.entries(COMMANDS)) {
      for (const isTerminal of [false, true]) {
        const files = { [file]: await Deno.readTextFile(file) };
        const run = await capture(argumentsOf(attack, file), { isTerminal, files });
        assert.notEqual(run.exitCode, 70, run.stderr);
        const shown = (run.stdout + run.stderr).replaceAll("\r\x1b[2K", "");
        assert.ok(isPlain(shown), `${what}: ${JSON.stringify(shown)}`);
      }
    }
  }
});
