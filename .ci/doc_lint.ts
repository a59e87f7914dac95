/**
 * `deno doc --lint`, but for types that are inferred from schemas: their fields are documented in the
 * schema, and the linter counts the schema itself as a private type.
 */

const { stdout, stderr } = await new Deno.Command("deno", {
  args: ["doc", "--lint", ...Deno.args],
  env: { NO_COLOR: "1" },
}).output();
const text = new TextDecoder();
const findings = `${text.decode(stdout)}${text.decode(stderr)}`.split(/^(?=error)/m)
  .filter((finding) => finding.startsWith("error["))
  .filter((finding) => !/references private type '(?:output|ZodType|\w+[sS]chema)'/.test(finding))
  .filter((finding) => !/missing-explicit-type.*[\s\S]*\| export const \w+Schema\b/.test(finding));
Deno.stderr.writeSync(new TextEncoder().encode(findings.join("")));
Deno.exit(findings.length === 0 ? 0 : 1);
