/** What a `module:` adapter may reach: its own files and the scratch folder, whatever it tries. */
import assert from "node:assert/strict";
import { AdapterFault } from "../adapter_fault.ts";
import { openAdapter } from "../open_adapter.ts";
import { SCRATCH_PARENT } from "../testing_adapters.ts";

const SECRET = "the-secret-of-another-folder";

interface Place {
  /** The adapter's folder, an absolute path. */
  readonly own: string;
  /** A folder beside it that is not its. */
  readonly outside: string;
  /** URL of a server that no one may ask. */
  readonly canary: string;
  /** How often it was asked. */
  readonly asked: () => number;
  /** Opens a module of this text; gives the name of its subject. */
  readonly nameOf: (text: string, file?: string) => Promise<string>;
}

async function inPlace(use: (place: Place) => Promise<void>): Promise<void> {
  await Deno.mkdir(SCRATCH_PARENT, { recursive: true });
  const root = await Deno.realPath(
    await Deno.makeTempDir({ dir: SCRATCH_PARENT, prefix: "host-" }),
  );
  const [own, outside] = [`${root}/own`, `${root}/outside`];
  await Promise.all([own, outside].map((folder) => Deno.mkdir(folder)));
  await Deno.writeTextFile(`${outside}/secret.txt`, SECRET);
  await Deno.writeTextFile(`${outside}/secret.json`, JSON.stringify(SECRET));
  await Deno.writeTextFile(`${outside}/secret.ts`, `export default ${JSON.stringify(SECRET)};`);
  await Deno.writeTextFile(`${outside}/secret.cjs`, `module.exports = ${JSON.stringify(SECRET)};`);
  let asked = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    asked++;
    return new Response(`export default ${JSON.stringify(SECRET)};`, {
      headers: { "content-type": "text/javascript" },
    });
  });
  try {
    await use({
      own,
      outside,
      canary: `http://127.0.0.1:${server.addr.port}`,
      asked: () => asked,
      nameOf: async (text, file = "adapter.ts") => {
        await Deno.writeTextFile(`${own}/${file}`, text);
        const spec = { kind: "module", file: `${own}/${file}` } as const;
        const { subject, close } = await openAdapter(spec, { scratchParent: `${root}/scratch` });
        await close();
        return subject.name;
      },
    });
    // Neither the copy of the module nor its scratch folder is left.
    assert.deepEqual([...Deno.readDirSync(`${root}/scratch`)], []);
  } finally {
    await server.shutdown();
    await Deno.remove(root, { recursive: true });
  }
}

/** Specifiers that lead out of a module's own files, and the attribute that each is tried with. */
function waysOut(o: Place): (readonly [string, string | null])[] {
  const file = (name: string): string => new URL(`file://${o.outside}/${name}`).href;
  return [
    [file("secret.txt"), "text"],
    [file("secret.txt"), "bytes"],
    [file("secret.json"), "json"],
    [file("secret.ts"), null],
    [file("secret.ts"), "text"],
    [`${o.outside}/secret.ts`, null],
    ["../outside/secret.ts", null],
    ["../outside/secret.txt", "text"],
    [new URL("./module_graph.ts", import.meta.url).href, "text"],
    [new URL("../../../deno.json", import.meta.url).href, "json"],
    [new URL("../../../LICENSE", import.meta.url).href, "text"],
    ["npm:zod@4.6.7", null],
    ["npm:the-bytes-of-a-file", null],
    ["zod", null],
    ["jsr:@std/assert", null],
    [`${o.canary}/module.js`, null],
    [`${o.canary}/module.js`, "text"],
    ["https://example.com/module.js", null],
  ];
}

/** Texts of expressions, by their names, that give a promise of what is imported. */
function importers(specifier: string, attribute: string | null): Record<string, string> {
  const name = JSON.stringify(specifier);
  const options = attribute === null ? "" : `, { with: { type: "${attribute}" } }`;
  const clause = attribute === null ? "" : ` with { type: "${attribute}" }`;
  const statement = `import found from ${name}${clause};`;
  const module = JSON.stringify(`${statement} export default found;`);
  const poster = JSON.stringify(`${statement} postMessage(String(found));`);
  const blob = (text: string): string =>
    `URL.createObjectURL(new Blob([${text}], { type: "text/javascript" }))`;
  return {
    import: `import([${name}].join("")${options})`,
    eval: `(0, eval)(${JSON.stringify(`import(${name}${options})`)})`,
    function: `new Function(${JSON.stringify(`return import(${name}${options})`)})()`,
    data: `import("data:text/javascript," + encodeURIComponent(${module}))`,
    blob: `import(${blob(module)})`,
    worker: `new Promise((done, fail) => {
      const worker = new Worker(${blob(poster)}, { type: "module" });
      worker.onmessage = ({ data }) => done(data);
      worker.onerror = (event) => { event.preventDefault(); fail(new Error(event.message)); };
    })`,
    hook: `(async () => {
      const { registerHooks } = await import("node:module");
      const hooks = registerHooks({
        resolve: (each, context, next) =>
          each === "out:" ? { url: ${name}, shortCircuit: true } : next(each, context),
      });
      try { return await import(["out:"].join("")${options}); } finally { hooks.deregister(); }
    })()`,
    require:
      `(async () => (await import("node:module")).createRequire(import.meta.url)(${name}))()`,
    preload: `(async () => (await import("node:module")).default._load(${name}))()`,
  };
}

/** An adapter whose name lists the attempts that did not fail, and nothing else. */
function trying(attempts: Readonly<Record<string, string>>): string {
  const entries = Object.entries(attempts)
    .map(([name, text]) => `[${JSON.stringify(name)}, () => ${text}],`);
  return `const attempts = [\n${entries.join("\n")}\n];
export async function createSubject() {
  const held = [];
  for (const [name, attempt] of attempts) {
    try {
      await attempt();
      held.push(name);
    } catch {
      // As it should be.
    }
  }
  return { name: held.join(" ") || "nothing", capabilities: new Set() };
}`;
}

Deno.test("module: a module imports nothing but its own files, however it goes about it", () =>
  inPlace(async (place) => {
    const attempts: Record<string, string> = {};
    for (const [specifier, attribute] of waysOut(place)) {
      for (const [how, text] of Object.entries(importers(specifier, attribute))) {
        attempts[`${how}(${specifier},${attribute})`] = text;
      }
    }
    assert.ok(Object.keys(attempts).length > 150);
    assert.equal(await place.nameOf(trying(attempts)), "nothing");
    assert.equal(place.asked(), 0);
  }));

Deno.test("module: an import that stands in the text is refused before the module runs", () =>
  inPlace(async (place) => {
    for (const [specifier, attribute] of waysOut(place)) {
      const clause = attribute === null ? "" : ` with { type: "${attribute}" }`;
      const subject =
        'export const createSubject = () => ({ name: "ran", capabilities: new Set() });';
      const name = JSON.stringify(specifier);
      const options = clause === "" ? "" : `, {${clause.replace("with", "with:")} }`;
      for (
        const text of [
          `import found from ${name}${clause}; ${subject} found;`,
          `export { default } from ${name}${clause}; ${subject}`,
          `await import(${name}${options}); ${subject}`,
        ]
      ) {
        await assert.rejects(place.nameOf(text), (error) => {
          assert.ok(error instanceof AdapterFault, String(error));
          assert.equal(error.verdict, "crash");
          assert.match(error.message, /^Cannot host ".*own\/adapter\.ts"/);
          assert.ok(!error.message.includes(SECRET));
          return true;
        }, text);
      }
    }
    assert.equal(place.asked(), 0);
  }));

Deno.test("module: its permissions are the scratch folder alone", () =>
  inPlace(async (place) => {
    const path = JSON.stringify(`${place.outside}/secret.txt`);
    const written = JSON.stringify(`${place.outside}/written`);
    const url = JSON.stringify(place.canary);
    const port = new URL(place.canary).port;
    const node = (name: string, use: string): string =>
      `(async () => { const it = await import("node:${name}"); return ${use}; })()`;
    const attempts = {
      read: `Deno.readTextFile(${path})`,
      stat: `Deno.stat(${path})`,
      list: `[...Deno.readDirSync(${JSON.stringify(place.outside)})]`,
      "own folder": `Deno.readTextFile(${JSON.stringify(`${place.own}/adapter.ts`)})`,
      "working folder": `Deno.readTextFile("deno.json")`,
      "node read": node("fs", `it.readFileSync(${path})`),
      "node open": node("fs/promises", `await it.open(${path})`),
      "fetch file": `fetch(new URL("file://" + ${path}))`,
      "sqlite": node("sqlite", `new it.DatabaseSync(${written})`),
      "wasi": node("wasi", `new it.WASI({ version: "preview1", preopens: { "/": ${path} } })`),
      "vm read": node("vm", `it.runInThisContext('Deno.readTextFileSync(' + ${path} + ')')`),
      "process files": `Deno.readTextFile("/proc/self/environ")`,
      "parent's files": `Deno.readTextFile("/proc/" + Deno.ppid + "/environ")`,
      write: `Deno.writeTextFile(${written}, "")`,
      "write here": `Deno.writeTextFile("results/written", "")`,
      "temporary file": `Deno.makeTempFile()`,
      "heap snapshot": node("v8", `it.writeHeapSnapshot(${written})`),
      link: `Deno.link(${path}, ${written})`,
      symlink: `Deno.symlink(${path}, ${written})`,
      env: `Deno.env.get("HOME")`,
      "all env": `Deno.env.toObject()`,
      "node env": node("process", "it.env.HOME.length"),
      fetch: `fetch(${url})`,
      connect: `Deno.connect({ hostname: "127.0.0.1", port: ${port} })`,
      listen: `Deno.listen({ port: 0 })`,
      "node net": node(
        "net",
        `await new Promise((done, fail) => it.connect(${port}, "127.0.0.1")` +
          `.on("connect", done).on("error", fail))`,
      ),
      "node http": node(
        "http",
        `await new Promise((done, fail) => it.get(${url}, done).on("error", fail))`,
      ),
      socket: `new Promise((done, fail) => {
        const socket = new WebSocket(${url}.replace("http", "ws"));
        socket.onopen = done;
        socket.onerror = fail;
      })`,
      lookup: `Deno.resolveDns("example.com", "A")`,
      run: `new Deno.Command("true").output()`,
      "node run": node("child_process", `it.execFileSync("true")`),
      kill: `Deno.kill(Deno.ppid, "SIGCONT")`,
      library: `Deno.dlopen("libc.so.6", {})`,
      addon: node("process", `it.dlopen({ exports: {} }, ${path})`),
      host: `Deno.hostname()`,
      inspector: node("inspector", `it.open(${port})`),
      folder: `Deno.chdir(${JSON.stringify(place.outside)})`,
      more: `Deno.permissions.request({ name: "net" })
        .then(({ state }) => { if (state !== "granted") throw new Error(); })`,
    };
    assert.equal(await place.nameOf(trying(attempts)), "nothing");
    assert.equal(place.asked(), 0);
    const names = [...Deno.readDirSync(place.outside)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["secret.cjs", "secret.json", "secret.ts", "secret.txt"]);
  }));

Deno.test("module: what the platform keeps for a module is removed with its folder", () =>
  inPlace(async ({ nameOf }) => {
    const text = trying({
      caches: `caches.open("kept").then((each) => each.put("http://a/", new Response("kept")))`,
      storage: `localStorage.setItem("kept", "kept")`,
    });
    // It may keep things, and \`inPlace()\` sees that nothing is left; elsewhere it could not write.
    assert.equal(await nameOf(text), "caches storage");
    // Another run finds nothing of it.
    const again = `export const createSubject = () => ({
      name: String(localStorage.getItem("kept")), capabilities: new Set(),
    });`;
    assert.equal(await nameOf(again), "null");
  }));

Deno.test("module: its own files run, wherever the permissions' syntax has a meaning of its own", () =>
  inPlace(async ({ own, nameOf }) => {
    const names = ["a,b", "a,..,", "--allow-all", "spaced name", "per%2Ccent#?", "ünïcode"];
    for (const name of names) {
      const folder = `${own}/${name}`;
      await Deno.mkdir(`${folder}/deep`, { recursive: true });
      await Deno.writeTextFile(`${folder}/deep/part.ts`, `export const part: string = "part";`);
      await Deno.writeTextFile(`${own}/types.ts`, `export type { Part } from "./nowhere.ts";`);
      const text = `import { part } from "./deep/part.ts";
        import type { Part } from "../types.ts";
        import type { Subject } from "@headwise/headwise/conformance";
        const read = await Deno.readTextFile("deno.json").then(() => "read", () => "refused");
        export const createSubject = (): Subject =>
          ({ name: part + " " + read, capabilities: new Set() });`;
      assert.equal(await nameOf(text, `${name}/${name}.ts`), "part refused", name);
    }
  }));

Deno.test("module: a link in its folder leads nowhere", () =>
  inPlace(async ({ own, outside, nameOf }) => {
    // Deno may only link where it may read and write all there is.
    const args = ["-c", 'ln -s "$1" "$2"', "sh", `${outside}/secret.ts`, `${own}/link.ts`];
    await new Deno.Command("sh", { args }).output();
    const text = `import secret from "./link.ts";
      export const createSubject = () => ({ name: secret, capabilities: new Set() });`;
    await assert.rejects(nameOf(text), { verdict: "crash", message: /link\.ts": it leads to/ });
  }));
