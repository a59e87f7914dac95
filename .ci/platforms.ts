/** A platform that executables are built for. */
export interface Platform {
  /** How this project names it. */
  readonly name: string;
  /** How `deno compile` names it. */
  readonly target: string;
  /** How npm's `deno` names its package for it. */
  readonly npmPackage: string;
  /** Ending of an executable. */
  readonly ending: "" | ".exe";
}

/** Every platform that a release has an executable for. */
export const PLATFORMS: readonly Platform[] = [
  platform("linux-x64", "x86_64-unknown-linux-gnu", "@deno/linux-x64-glibc"),
  platform("linux-arm64", "aarch64-unknown-linux-gnu", "@deno/linux-arm64-glibc"),
  platform("macos-x64", "x86_64-apple-darwin", "@deno/darwin-x64"),
  platform("macos-arm64", "aarch64-apple-darwin", "@deno/darwin-arm64"),
  platform("windows-x64", "x86_64-pc-windows-msvc", "@deno/win32-x64", ".exe"),
];

/** The platform of this process, or undefined where no executable is built for it. */
export function thisPlatform(): Platform | undefined {
  return PLATFORMS.find(({ target }) => target === Deno.build.target);
}

function platform(
  name: string,
  target: string,
  npmPackage: string,
  ending: Platform["ending"] = "",
): Platform {
  return { name, target, npmPackage, ending };
}
