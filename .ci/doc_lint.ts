/**
 * `deno doc --lint`, but for types that are inferred from schemas: their fields are documented in the
 * schema, which the linter counts as a private type.
 */

const { stdout, stderr } = await new Deno.Command("deno", {
  args: ["doc", "--lint", ...Deno.args],
  env: { NO_COLOR: "1" },
}).output();
const text = new TextDecoder();
const findings = `${text.decode(stdout)}${text.decode(stderr)}`.split(/^(?=error)/m)
  .filter((finding) => finding.startsWith("error["))
  .filter((finding) =>
    !/private-type-ref.*[\s\S]*\| export type \w+ = Stored<typeof/.test(finding)
  );
Deno.stderr.writeSync(new TextEncoder().encode(findings.join("")));
Deno.exit(findings.length === 0 ? 0 : 1);
