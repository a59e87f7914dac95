/** The adapters that come with the project, each through its way in. */
import assert from "node:assert/strict";
import { createOracleSubject } from "../subjects/oracle.ts";
import { caseRows, type ReportSummary } from "../report.ts";
import { parseQuery } from "../query.ts";
import { listCases } from "../registry.ts";
import { runConformance } from "../run.ts";
import { writeSkeleton } from "./init.ts";
import { type AdapterSpec, openAdapter } from "./open_adapter.ts";
import { createSubject } from "./skeletons/my_adapter.ts";
import { pickSmokeCases } from "./smoke.ts";
import { parseSubjectSpec } from "./subject_spec.ts";
import { SCRATCH_PARENT } from "./testing_adapters.ts";

const FOLDER = "conformance/adapters";
const FLASH = `exec:python3 ${FOLDER}/python/numpy_flash_adapter.py`;

/** Runs a program; null where it is not there. */
async function run(program: string, args: string[]): Promise<Deno.CommandOutput | null> {
  try {
    return await new Deno.Command(program, { args, stdout: "piped", stderr: "piped" }).output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

const hasCompiler = (await run("cc", ["--version"]))?.success === true;
const hasPython = (await run("python3", ["--version"]))?.success === true;
const hasNumpy = (await run("python3", ["-c", "import numpy"]))?.success === true;
/** Debian's PyTorch has none of the fused attention that the adapter calls. */
const FUSED = "from torch.nn.functional import scaled_dot_product_attention";
const hasTorch = (await run("python3", ["-c", FUSED]))?.success === true;
const hasOldTorch = !hasTorch && (await run("python3", ["-c", "import torch"]))?.success === true;

/** Tests what needs a program, or says loudly that it was not tested. */
function testWith(
  o: { has: boolean; what: string },
  name: string,
  test: () => Promise<void>,
): void {
  const ignored = o.has ? name : `${name} (NOT TESTED: this machine has no ${o.what})`;
  Deno.test({ name: ignored, ignore: !o.has, fn: test });
}

/** Judges an adapter by every `stride`-th case that it claims; none may be anything but passed. */
async function conform(spec: AdapterSpec, stride: number): Promise<ReportSummary> {
  const { subject, close } = await openAdapter(spec, { scratchParent: SCRATCH_PARENT });
  try {
    const claimed = listCases().filter((each) =>
      each.definition.needs(each.params).every((need) => subject.capabilities.has(need)) &&
      !/fuzz/.test(each.query)
    );
    const filters = claimed.filter((_, index) => index % stride === 0).map(({ parsed }) => parsed);
    const report = await runConformance({ subject, filters });
    for (const { query, outcome } of caseRows(report.rows)) {
      assert.ok(outcome.kind === "pass", `${query}: ${JSON.stringify(outcome)}`);
    }
    return report.summary;
  } finally {
    await close();
  }
}

function adapterOf(text: string): AdapterSpec {
  const spec = parseSubjectSpec(text);
  assert.ok(spec.kind === "exec" || spec.kind === "module" || spec.kind === "ffi");
  return spec;
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  await Deno.mkdir(SCRATCH_PARENT, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: SCRATCH_PARENT, prefix: "init-" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function build(source: string, library: string): Promise<void> {
  const warnings = ["-Wall", "-Wextra", "-Werror"];
  const args = ["-O2", ...warnings, "-shared", "-fPIC", "-o", library, source, "-lm"];
  const output = await run("cc", args);
  assert.ok(output?.success, new TextDecoder().decode(output?.stderr));
}

Deno.test("openAdapter() loses nothing of the oracle on its way through a process of its own", async () => {
  const { passed } = await conform(adapterOf(`module:${FOLDER}/examples/oracle_adapter.ts`), 20);
  assert.ok(passed > 40);
});

testWith(
  { has: hasNumpy, what: "NumPy" },
  "the NumPy adapter conforms to what it claims",
  async () => {
    const { passed } = await conform(
      adapterOf(`exec:python3 ${FOLDER}/python/numpy_adapter.py`),
      4,
    );
    assert.ok(passed > 80);
  },
);

testWith(
  { has: hasNumpy, what: "NumPy" },
  "the flash adapter conforms by the arithmetic that it declares",
  async () => {
    const { passed } = await conform(adapterOf(FLASH), 6);
    assert.ok(passed > 70);
  },
);

testWith(
  { has: hasOldTorch, what: "PyTorch before 2.0" },
  "the PyTorch adapter says which version it needs where attention is not fused",
  async () => {
    const output = await run("python3", [`${FOLDER}/python/torch_adapter.py`]);
    assert.equal(output?.success, false);
    assert.match(
      new TextDecoder().decode(output?.stderr),
      /PyTorch 1\.\S+ has no .+ 2\.0 or newer/,
    );
  },
);

/** The flash adapter's faults, each with a test that has to tell it. */
const FLASH_FAULTS = {
  "--undeclared": "kernel:softmax:splits",
  "--fault window": "kernel:mask:window",
  "--fault sink": "kernel:mask:sinks",
  "--fault page": "kernel:attend:layout",
  "--fault scale": "kernel:softmax:scale",
  "--fault rescale": "kernel:size:splits",
} as const;

for (const [fault, filter] of Object.entries(FLASH_FAULTS)) {
  testWith(
    { has: hasNumpy, what: "NumPy" },
    `the flash adapter with ${fault} is not conformant`,
    async () => {
      const { subject, close } = await openAdapter(adapterOf(`${FLASH} ${fault}`), {
        scratchParent: SCRATCH_PARENT,
      });
      try {
        const { summary } = await runConformance({ subject, filters: [parseQuery(filter)] });
        assert.ok(summary.failed > 0, `${filter} passes with the fault`);
        assert.equal(summary.subjectErrors, 0);
      } finally {
        await close();
      }
    },
  );
}

testWith(
  { has: hasTorch, what: "PyTorch with fused attention" },
  "the PyTorch adapter conforms to what it claims",
  async () => {
    const { passed } = await conform(
      adapterOf(`exec:python3 ${FOLDER}/python/torch_adapter.py`),
      8,
    );
    assert.ok(passed > 20);
  },
);

testWith(
  { has: hasCompiler, what: "C compiler" },
  "the C adapter conforms to what it claims, through its shared library",
  () =>
    withFolder(async (folder) => {
      await build(`${FOLDER}/c/attend_adapter.c`, `${folder}/attend.so`);
      const { passed } = await conform(adapterOf(`ffi:${folder}/attend.so`), 4);
      assert.ok(passed > 50);
    }),
);

testWith(
  { has: hasCompiler, what: "C compiler" },
  "openAdapter() survives a shared library that crashes, and reports every other case",
  () =>
    withFolder(async (folder) => {
      const { files } = await writeSkeleton("c", folder);
      const source = files.at(-1)!;
      const text = await Deno.readTextFile(source);
      const crash = text.replace(
        "  if (!sound ||",
        "  if (kv_heads == 6) *(volatile int *)0 = 1;\n  if (!sound ||",
      );
      assert.notEqual(crash, text);
      await Deno.writeTextFile(source, crash);
      await build(source, `${folder}/crash.so`);
      const { subject, close } = await openAdapter(adapterOf(`ffi:${folder}/crash.so`), {
        scratchParent: SCRATCH_PARENT,
      });
      const report = await runConformance({ subject, filters: [parseQuery("allocator")] });
      await close();
      const errors = caseRows(report.rows).flatMap(({ outcome }) =>
        outcome.kind === "error" ? [outcome] : []
      );
      assert.ok(errors.length > 0 && report.summary.passed > 0);
      for (const { code, message } of errors) {
        assert.equal(code, "crash");
        assert.match(message, /signal SIGSEGV|exit code/);
      }
      assert.equal(report.summary.failed + report.summary.suiteErrors, 0);
    }),
);

testWith(
  { has: hasCompiler, what: "C compiler" },
  "a shared library is given the length of a request, and what it answers up to its own length",
  () =>
    withFolder(async (folder) => {
      const { files } = await writeSkeleton("c", folder);
      const source = files.at(-1)!;
      const text = await Deno.readTextFile(source);
      const checked = text.replace(
        "  (void)request_bytes;\n",
        "  if (strlen(request) != request_bytes) return -1;\n",
      );
      assert.notEqual(checked, text);
      await Deno.writeTextFile(source, `#include <string.h>\n${checked}`);
      await build(source, `${folder}/length.so`);
      await smoke(`ffi:${folder}/length.so`);
    }),
);

async function smoke(text: string): Promise<void> {
  const { subject, close } = await openAdapter(adapterOf(text), { scratchParent: SCRATCH_PARENT });
  try {
    const filters = pickSmokeCases(subject.capabilities).map(({ parsed }) => parsed);
    const { summary } = await runConformance({ subject, filters });
    assert.equal(subject.name, "my-adapter");
    assert.equal(summary.passed, filters.length);
    assert.ok(summary.passed > 0);
  } finally {
    await close();
  }
}

Deno.test("writeSkeleton() writes a TypeScript adapter that conforms to its one claim", () =>
  withFolder(async (folder) => {
    const { subject } = await writeSkeleton("ts", folder);
    await smoke(subject);
    const { summary } = await runConformance({
      subject: createSubject(),
      filters: [parseQuery("allocator")],
    });
    assert.equal(summary.failed + summary.subjectErrors + summary.suiteErrors, 0);
  }));

testWith(
  { has: hasPython, what: "python3" },
  "writeSkeleton() writes a Python adapter that speaks",
  () => withFolder(async (folder) => await smoke((await writeSkeleton("python", folder)).subject)),
);

testWith(
  { has: hasCompiler, what: "C compiler" },
  "writeSkeleton() writes a C adapter that speaks once it is built",
  () =>
    withFolder(async (folder) => {
      const { subject, files } = await writeSkeleton("c", folder);
      await build(files.at(-1)!, subject.replace("ffi:", ""));
      await smoke(subject);
    }),
);

Deno.test("writeSkeleton() writes nothing when one of its files is there already", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/my_adapter.py`, "mine");
    await assert.rejects(writeSkeleton("python", folder), {
      name: "SkeletonError",
      message: /my_adapter.py": it is there already/,
    });
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assert.deepEqual(names, ["my_adapter.py"]);
    assert.equal(await Deno.readTextFile(`${folder}/my_adapter.py`), "mine");
  }));

const NOSY = `export async function createSubject() {
  const tried = await Promise.all([
    () => Deno.readTextFileSync("deno.json"),
    () => Deno.writeTextFileSync("results/nosy", ""),
    () => Deno.env.get("HOME"),
    () => new Deno.Command("true").outputSync(),
    () => Deno.connect({ port: 1 }),
    () => Deno.dlopen("libc.so.6", {}),
    () => Deno.hostname(),
  ].map(async (attempt) => {
    try {
      await attempt();
      return "allowed";
    } catch (error) {
      return error.name;
    }
  }));
  return { name: [...new Set(tried)].join(), capabilities: new Set() };
}`;

Deno.test("openAdapter() gives a module no permission beyond the scratch folder", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/nosy.ts`, NOSY);
    const { subject, close } = await openAdapter(adapterOf(`module:${folder}/nosy.ts`), {
      scratchParent: SCRATCH_PARENT,
    });
    await close();
    assert.equal(subject.name, "NotCapable");
  }));

Deno.test("openAdapter() calls a module without createSubject, or with a fault, a crash", () =>
  withFolder(async (folder) => {
    for (const text of ["export const nothing = 1;", "throw new Error('at once');"]) {
      await Deno.writeTextFile(`${folder}/bad.ts`, text);
      const opened = openAdapter(adapterOf(`module:${folder}/bad.ts`), {
        scratchParent: SCRATCH_PARENT,
      });
      await assert.rejects(opened, { verdict: "crash", message: /createSubject|at once/ });
    }
  }));

Deno.test("pickSmokeCases() picks one case of each group, and none without a claim", () => {
  const all = pickSmokeCases(createOracleSubject().capabilities);
  const groups = all.map(({ parsed: { suite, path } }) => `${suite}:${path}`);
  assert.equal(new Set(groups).size, groups.length);
  assert.ok(all.length > 5);
  assert.deepEqual(pickSmokeCases(new Set()), []);
});
