import {
  type Check,
  examineAll,
  type Finding,
  findingOf,
  missing,
  notAllowed,
  ok,
} from "./finding.ts";
import type { Probe } from "./probe.ts";

/** Prints the versions of Python and of packages as JSON, without importing any of them. */
const PYTHON_PROGRAM = `
import importlib.metadata, json, platform
def version(name):
    try: return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError: return None
print(json.dumps({"python": platform.python_version(), "numpy": version("numpy"), "torch": version("torch")}))
`;

const CC: Check = {
  name: "cc",
  why: "it builds adapters in C, for --subject ffi:LIBRARY",
  look: async (probe) => {
    if (!await probe.isGranted({ name: "run", command: "cc" })) return notAllowed("--allow-run=cc");
    const output = await probe.run("cc", ["--version"]);
    return output === null
      ? missing("not installed", installCommand(probe.os, "gcc"))
      : ok(output.split("\n")[0]!);
  },
};

/** Deno itself is there; what may lack is the permission to start it again. */
const DENO_START: Check = {
  name: "adapter processes",
  why: "--subject module: and ffi: run in a Deno of their own",
  look: async (probe) =>
    await probe.isGranted({ name: "run", command: "deno" })
      ? ok("Deno may be started")
      : missing("this process may not start Deno", "start headwise with --allow-run=deno"),
};

/** Looks for programs that adapters and comparisons use. */
export async function checkPrograms(probe: Probe): Promise<readonly Finding[]> {
  return [...await checkPython(probe), ...await examineAll([CC, DENO_START], probe)];
}

async function checkPython(probe: Probe): Promise<readonly Finding[]> {
  const python = { name: "python3", why: "--subject 'exec:python3 …' runs adapters in Python" };
  const packages = [
    { name: "numpy", why: "the shipped adapter of a kernel in NumPy runs with it" },
    {
      name: "torch",
      why: "'kernel bench --peers' times PyTorch's attention; the adapter in PyTorch runs with it",
    },
  ] as const;
  const everything = [python, ...packages];
  if (!await probe.isGranted({ name: "run", command: "python3" })) {
    return everything.map((thing) => findingOf(thing, notAllowed("--allow-run=python3")));
  }
  const output = await probe.run("python3", ["-c", PYTHON_PROGRAM]);
  if (output === null) {
    const facts = missing("python3 does not start", installCommand(probe.os, "python3"));
    return everything.map((thing) => findingOf(thing, facts));
  }
  const versions = JSON.parse(output) as Readonly<Record<string, string | null>>;
  return [
    findingOf(python, ok(versions["python"] ?? "there")),
    ...packages.map((thing) => {
      const version = versions[thing.name] ?? null;
      const fix = `python3 -m pip install ${thing.name}`;
      return findingOf(thing, version === null ? missing("not installed", fix) : ok(version));
    }),
  ];
}

/** The command that installs a package with the system's usual package manager. */
export function installCommand(os: string, name: string): string {
  if (os === "darwin") return `brew install ${name}`;
  return os === "windows" ? `winget install ${name}` : `apt-get install -y ${name}`;
}
