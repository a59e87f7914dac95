import type { PackageFolder } from "./package_folder.ts";

/** Part of what `deno info --json FILE` prints. */
interface ModuleGraph {
  readonly npmPackages: Readonly<
    Record<string, { readonly name: string; readonly version: string; readonly localPath: string }>
  >;
}

/** The arguments of `deno` that run the bundler with no more than it needs. */
export function bundlerArguments(
  packages: { readonly program: readonly PackageFolder[]; readonly tool: readonly PackageFolder[] },
  o: { readonly outFolder: string },
): string[] {
  const { os, arch } = Deno.build;
  const platform = `${os === "windows" ? "win32" : os}-${arch === "aarch64" ? "arm64" : "x64"}`;
  const folderOf = (name: string): string => {
    const found = packages.tool.find((each) => each.name === name);
    if (found !== undefined) return found.folder;
    throw new Error(`Cannot find package '${name}'; run 'deno install' while online`);
  };
  const native = folderOf(`@esbuild/${platform}`);
  const binary = os === "windows" ? `${native}/esbuild.exe` : `${native}/bin/esbuild`;
  return [
    "run",
    "--no-prompt",
    // The bundler would take another binary from a variable.
    "--ignore-env",
    `--allow-read=${
      [
        ".",
        // Its hash goes into the bill of materials.
        Deno.execPath(),
        folderOf("esbuild"),
        native,
        ...packages.program.map(({ folder }) => folder),
      ].join(",")
    }`,
    `--allow-write=${o.outFolder}`,
    `--allow-run=${binary}`,
    ".ci/bundle.ts",
    o.outFolder,
    JSON.stringify(packages.program),
  ];
}

async function packagesOf(entry: string): Promise<PackageFolder[]> {
  const command = new Deno.Command("deno", { args: ["info", "--json", entry], stderr: "inherit" });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`Cannot list the packages of '${entry}'; the reason is above`);
  const { npmPackages } = JSON.parse(new TextDecoder().decode(stdout)) as ModuleGraph;
  return Object.values(npmPackages)
    .map(({ name, version, localPath }) => ({ name, version, folder: localPath }));
}

if (import.meta.main) {
  const packages = {
    program: await packagesOf(".ci/bundle_entry.ts"),
    tool: await packagesOf(".ci/bundle.ts"),
  };
  const args = bundlerArguments(packages, { outFolder: Deno.args[0] ?? "dist" });
  Deno.exit((await new Deno.Command("deno", { args }).spawn().status).code);
}
