import assert from "node:assert/strict";
import { capture } from "../testing_context.ts";
import { completionScript, type Shell, SHELLS } from "./scripts.ts";

/** The program as a function of the shell: `$HW` would not be a name that scripts complete. */
const PROGRAM = "deno run --quiet --no-prompt --allow-read=. --allow-env cli/main.ts";

/** What a shell shows for a command line, with the cursor at its end. */
const ASK: Readonly<Record<Shell, (line: string) => string>> = {
  // Bash splits at '=' and ':' too, and hands over the word behind the last break.
  bash: (line) => `
headwise() { ${PROGRAM} "$@"; }
source /dev/stdin <<'SCRIPT'
${completionScript("bash")}SCRIPT
COMP_LINE='${line}' COMP_POINT=${line.length}
last=\${COMP_LINE##*[ =:]}
_headwise headwise "$last" ''
printf '%s\\n' "\${COMPREPLY[@]}"
`,
  zsh: (line) => `
headwise() { ${PROGRAM} "$@" }
compdef() { : }
_describe() { print -rl -- "\${(@P)@[-1]}" }
_files() { print -r -- "FILES $*" }
compset() { : }
eval ${quote(completionScript("zsh"))}
words=(\${(z)\${:-${quote(line)}}}) CURRENT=\${#words} PREFIX=\${words[-1]}
if [[ ${quote(line)} == *' ' ]]; then CURRENT=$(( CURRENT + 1 )) PREFIX=''; fi
_headwise
`,
  fish: (line) => `
function headwise; ${PROGRAM} $argv; end
${completionScript("fish")}
complete -C ${quote(line)}
`,
};

for (const shell of SHELLS) {
  const isThere = await starts(shell);
  const skipped = isThere ? "" : ` (skipped: no ${shell} here)`;
  const ask = async (line: string): Promise<string> => {
    const { stdout, stderr } = await run(shell, ASK[shell](line));
    assert.equal(stderr, "");
    return stdout;
  };
  Deno.test({
    name: `the script for ${shell} completes commands, options, values and files${skipped}`,
    ignore: !isThere,
    fn: async () => {
      assert.match(await ask("headwise con"), /^conformance\b/m);
      assert.match(await ask("headwise bench --page"), /^--page-order\b/m);
      assert.match(await ask("headwise bench --clock m"), /^model\b/m);
      // Bash replaces only what stands behind the break.
      const [assigned, query] = {
        bash: [/^model$/m, /^attend$/m],
        zsh: [/^--clock=model:/m, /^kernel\\:attend:/m],
        fish: [/^--clock=model\t/m, /^kernel:attend\t/m],
      }[shell] as [RegExp, RegExp];
      assert.match(await ask("headwise bench --clock=m"), assigned);
      assert.match(await ask("headwise conformance --filter kernel:at"), query);
      assert.match(await ask("headwise bench --fixture long-"), /^long-prefill\b/m);
      const files = await ask("headwise gate deno.j");
      assert.match(files, shell === "zsh" ? /^FILES/m : /^deno\.json/m);
    },
  });
}

Deno.test("headwise completions prints the script of a shell, and names the shells", async () => {
  const { exitCode, stdout } = await capture(["completions", "fish"]);
  assert.equal(exitCode, 0);
  assert.equal(stdout, completionScript("fish"));
  const misspelt = await capture(["completions", "bsh"]);
  assert.equal(misspelt.exitCode, 2);
  assert.match(misspelt.stderr, /expected bash, zsh or fish; did you mean 'bash'\?/);
});

async function run(shell: Shell, script: string): Promise<{ stdout: string; stderr: string }> {
  const args = { bash: ["--norc", "-c"], zsh: ["-f", "-c"], fish: ["--no-config", "-c"] }[shell];
  const { stdout, stderr } = await new Deno.Command(shell, { args: [...args, script] }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { stdout: decode(stdout), stderr: decode(stderr) };
}

async function starts(shell: Shell): Promise<boolean> {
  try {
    return (await new Deno.Command(shell, { args: ["-c", "exit 0"] }).output()).success;
  } catch {
    return false;
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
