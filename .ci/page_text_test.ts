import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { assemblePage } from "./page_text.ts";

const TEMPLATE = Deno.readTextFileSync("cli/ui/page.html");
const PARTS = {
  template: TEMPLATE,
  version: "1.2.3",
  style: "p{color:red}\n",
  script: "run()\n",
  engine: "serve()\n",
};

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

function elementOf(page: string, tag: string): string {
  return new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)![1]!;
}

Deno.test("assemblePage() allows the very texts of the page, and no request", () => {
  const page = assemblePage(PARTS);
  const policy = /Content-Security-Policy"[\s\S]*?content="([^"]*)"/.exec(page)![1]!;
  const rules = new Map(
    policy.split("; ").map((rule) => {
      const [name, ...sources] = rule.split(" ");
      return [name, sources.join(" ")] as const;
    }),
  );
  assert.equal(rules.get("script-src"), hashOf(elementOf(page, "script")));
  assert.equal(rules.get("style-src"), hashOf(elementOf(page, "style")));
  assert.equal(rules.get("default-src"), "'none'");
  assert.equal(rules.get("worker-src"), "blob:");
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  assert.match(page, /<small>1\.2\.3<\/small>/);
});

Deno.test("assemblePage() lets no text of a script end it, and takes no text for a mark", () => {
  const script = 'say("</script><!-- /* engine */ VERSION");';
  const page = assemblePage({ ...PARTS, script });
  const code = elementOf(page, "script").trim();
  assert.equal(code, 'say("\\x3c/script>\\x3c!-- /* engine */ VERSION");');
  const heard: string[] = [];
  new Function("say", code)((text: string) => heard.push(text));
  assert.deepEqual(heard, ["</script><!-- /* engine */ VERSION"]);
});

Deno.test("assemblePage() names a mark that the template lacks", () => {
  assert.throws(
    () => assemblePage({ ...PARTS, template: TEMPLATE.replace("VERSION", "") }),
    { message: "Cannot fill the page: 'VERSION' stands in it 0 times" },
  );
});
