import { type Finding, findingOf, notAllowed } from "./finding.ts";
import type { Probe } from "./probe.ts";

/** Prints the versions of Python and of packages as JSON, without importing any of them. */
const PYTHON_PROGRAM = `
import importlib.metadata, json, platform
def version(name):
    try: return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError: return None
print(json.dumps({"python": platform.python_version(), "numpy": version("numpy"), "torch": version("torch")}))
`;

/** Looks for programs that adapters and comparisons use. */
export async function checkPrograms(probe: Probe): Promise<readonly Finding[]> {
  return [
    ...await checkPython(probe),
    await checkProgram(probe, {
      name: "cc",
      args: ["--version"],
      why: "it builds adapters in C, for --subject ffi:LIBRARY",
      package: "gcc",
    }),
    await checkDenoStart(probe),
  ];
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
    const fix = installCommand(probe.os, "python3");
    return everything.map((thing) =>
      findingOf(thing, { state: "missing", detail: "python3 does not start", fix })
    );
  }
  const versions = JSON.parse(output) as Readonly<Record<string, string | null>>;
  return [
    findingOf(python, { state: "ok", detail: versions["python"] ?? "there" }),
    ...packages.map((thing) => {
      const version = versions[thing.name] ?? null;
      return findingOf(
        thing,
        version === null
          ? {
            state: "missing",
            detail: "not installed",
            fix: `python3 -m pip install ${thing.name}`,
          }
          : { state: "ok", detail: version },
      );
    }),
  ];
}

async function checkProgram(probe: Probe, o: {
  readonly name: string;
  readonly args: readonly string[];
  readonly why: string;
  readonly package: string;
}): Promise<Finding> {
  if (!await probe.isGranted({ name: "run", command: o.name })) {
    return findingOf(o, notAllowed(`--allow-run=${o.name}`));
  }
  const output = await probe.run(o.name, o.args);
  return findingOf(
    o,
    output === null
      ? { state: "missing", detail: "not installed", fix: installCommand(probe.os, o.package) }
      : { state: "ok", detail: output.split("\n")[0]! },
  );
}

/** Deno itself is there; what may lack is the permission to start it again. */
async function checkDenoStart(probe: Probe): Promise<Finding> {
  const thing = {
    name: "adapter processes",
    why: "--subject module: and ffi: run in a Deno of their own",
  };
  return findingOf(
    thing,
    await probe.isGranted({ name: "run", command: "deno" })
      ? { state: "ok", detail: "Deno may be started" }
      : {
        state: "missing",
        detail: "this process may not start Deno",
        fix: "start headwise with --allow-run=deno",
      },
  );
}

/** The command that installs a package with the system's usual package manager. */
export function installCommand(os: string, name: string): string {
  if (os === "darwin") return `brew install ${name}`;
  return os === "windows" ? `winget install ${name}` : `apt-get install -y ${name}`;
}
