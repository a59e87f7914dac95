import assert from "node:assert/strict";
import { commonFolder, isIn, listAdapterFiles, type ModuleGraph } from "./module_graph.ts";

const FOLDERS = { own: "/a/own", project: ["/p/kernel", "/p/allocator"] };

/** A graph of modules by path, each with the paths that it imports, `!` before an attribute. */
function graphOf(modules: Readonly<Record<string, readonly string[]>>): ModuleGraph {
  return {
    roots: [`file://${Object.keys(modules)[0]}`],
    modules: Object.entries(modules).map(([path, imports]) => ({
      specifier: `file://${path}`,
      dependencies: imports.map((each) => {
        const [target = "", assertionType] = each.split("!");
        return {
          specifier: target,
          code: { specifier: target.startsWith("/") ? `file://${target}` : target },
          ...(assertionType === undefined ? {} : { assertionType }),
        };
      }),
    })),
  };
}

Deno.test("listAdapterFiles() lists the module first, then the code that it imports, once", () => {
  const graph = graphOf({
    "/a/own/x.ts": ["/a/own/deep/y.js", "/a/own/z.wasm", "node:fs"],
    "/a/own/deep/y.js": ["/a/own/x.ts", "/p/kernel/mod.ts"],
    "/p/kernel/mod.ts": ["/p/kernel/text.wgsl!text", "/p/allocator/mod.ts"],
    "/a/own/unused.ts": ["/etc/passwd!text"],
  });
  assert.deepEqual(listAdapterFiles(graph, FOLDERS), [
    "/a/own/x.ts",
    "/a/own/deep/y.js",
    "/a/own/z.wasm",
    "/p/kernel/mod.ts",
    "/p/kernel/text.wgsl",
    "/p/allocator/mod.ts",
  ]);
});

Deno.test("listAdapterFiles() refuses what is no code, or not the adapter's, with the fix", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["/a/own/data.txt!text", /as text; put what it needs into a module/],
    ["/a/own/data.json!json", /as json/],
    ["/a/own/code.ts!text", /as text/],
    ["/a/own/data.txt", /as a file that is no code/],
    ["/a/owner/x.ts", /outside "\/a\/own"; put it inside/],
    ["/a/x.ts", /outside/],
    ["/p/secret/x.ts", /outside/],
    ["/p/kernel/text.wgsl!text", /as text/],
    ["npm:zod", /no network; bundle it/],
    ["https://example.com/x.ts", /no network/],
    ["data:text/javascript,1", /no network/],
  ];
  for (const [target, message] of cases) {
    const graph = graphOf({ "/a/own/x.ts": ["/a/own/y.ts"], "/a/own/y.ts": [target] });
    assert.throws(() => listAdapterFiles(graph, FOLDERS), { verdict: "crash", message }, target);
  }
  // A module of the project may have texts, but none of another's.
  const theirs = graphOf({ "/a/own/x.ts": ["/p/kernel/m.ts"], "/p/kernel/m.ts": ["/etc/x!text"] });
  assert.throws(() => listAdapterFiles(theirs, FOLDERS), {
    message: /"\/p\/kernel\/m\.ts".*as text/,
  });
});

Deno.test("listAdapterFiles() passes types by, and says what does not parse or has no name", () => {
  const modules = (imports: object): ModuleGraph => ({
    roots: ["file:///a/own/x.ts"],
    modules: [{ specifier: "file:///a/own/x.ts", ...imports }],
  });
  const typeOnly = { dependencies: [{ specifier: "anything" }] };
  assert.deepEqual(listAdapterFiles(modules(typeOnly), FOLDERS), ["/a/own/x.ts"]);
  const bare = { dependencies: [{ specifier: "anything", code: {} }] };
  assert.throws(() => listAdapterFiles(modules(bare), FOLDERS), /write 'import type'/);
  assert.throws(() => listAdapterFiles(modules({ error: "No parse" }), FOLDERS), {
    message: 'Cannot host "/a/own/x.ts": No parse',
  });
});

Deno.test("commonFolder() and isIn() go by whole names", () => {
  assert.equal(commonFolder(["/a/b/c.ts", "/a/bc/d.ts"]), "/a");
  assert.equal(commonFolder(["/x.ts", "/a/b.ts"]), "/");
  assert.equal(commonFolder(["/a/b/c.ts"]), "/a/b");
  assert.deepEqual(
    ["/a/b", "/a/..b", "/a", "/ab", "/", "/a/../b"].map((path) => isIn("/a", path)),
    [true, true, false, false, false, false],
  );
  assert.ok(isIn("/", "/x"));
});
