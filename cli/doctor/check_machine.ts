import { cacheFolder } from "../gpu/mod.ts";
import { DENO_VERSION } from "../version.ts";
import {
  type Check,
  examineAll,
  type Finding,
  type FindingFacts,
  limited,
  missing,
  notAllowed,
  ok,
} from "./finding.ts";
import type { Probe } from "./probe.ts";

const RUNTIME_FOLDER: Check = {
  name: "XDG_RUNTIME_DIR",
  why: "Mesa's drivers complain without it",
  look: folderOf(
    "XDG_RUNTIME_DIR",
    limited("not set; /tmp stands in", 'export XDG_RUNTIME_DIR="$(mktemp -d)"'),
  ),
};

/**
 * Looks at what the machine has around the device: Deno, folders, variables, the network.
 *
 * @returns Findings, those that the main job needs first.
 */
export async function checkMachine(probe: Probe): Promise<readonly Finding[]> {
  return await examineAll([
    { name: "Deno", why: "it runs headwise", required: true, look: lookAtDeno },
    {
      name: "results folder",
      why: "every run writes its result there",
      required: true,
      look: lookAtResults,
    },
    { name: "cache folder", why: "'kernel tune' keeps what it found there", look: lookAtCache },
    ...(probe.os === "linux" ? [RUNTIME_FOLDER] : []),
    {
      name: "network",
      why: "--endpoint measures servers, and 'serve' is one",
      look: lookAtNetwork,
    },
    {
      name: "traces",
      why: "tests and 'deno task bench:replay' replay those of Azure, Mooncake and BurstGPT",
      look: folderOf(
        "HEADWISE_TRACES",
        missing("HEADWISE_TRACES is not set", "export HEADWISE_TRACES=FOLDER"),
      ),
    },
  ], probe);
}

function lookAtDeno({ denoVersion }: Probe): FindingFacts {
  const fix = `npx -y deno@${DENO_VERSION} task bench`;
  const [found, wanted] = [denoVersion, DENO_VERSION].map((version) =>
    version.split(".").map(Number)
  );
  const isOlder = found![0]! < wanted![0]! ||
    found![0] === wanted![0] && found![1]! < wanted![1]!;
  if (isOlder) return missing(`${denoVersion}, older than ${DENO_VERSION}`, fix);
  return denoVersion === DENO_VERSION
    ? ok(denoVersion)
    : limited(`${denoVersion}; tested with ${DENO_VERSION}`, fix);
}

async function lookAtResults(probe: Probe): Promise<FindingFacts> {
  if (!await probe.isGranted({ name: "write", path: "results" })) {
    const fix = "start headwise with --allow-write=results";
    return missing("this process may not write 'results'", fix);
  }
  return await tryWriting(probe, "results");
}

async function tryWriting(probe: Probe, folder: string): Promise<FindingFacts> {
  const reason = await probe.tryWriting(folder);
  return reason === null
    ? ok(`'${folder}' can be written`)
    : missing(reason, `mkdir -p ${folder} && chmod u+rwx ${folder}`);
}

async function lookAtCache(probe: Probe): Promise<FindingFacts> {
  const [cache, home] = [await probe.variable("XDG_CACHE_HOME"), await probe.variable("HOME")];
  const folder = cacheFolder((name) => {
    const reading = name === "HOME" ? home : cache;
    return reading.kind === "set" ? reading.value : undefined;
  });
  if (folder === null) {
    if (cache.kind === "unknown" || home.kind === "unknown") {
      return notAllowed("--allow-env=XDG_CACHE_HOME,HOME");
    }
    const fix = 'export XDG_CACHE_HOME="$PWD/results/cache"';
    return missing("neither HOME nor XDG_CACHE_HOME is set", fix);
  }
  if (!await probe.isGranted({ name: "write", path: folder })) {
    return notAllowed(`--allow-read=${folder} --allow-write=${folder}`);
  }
  return await tryWriting(probe, folder);
}

/** Looks whether a variable names a folder that is there. */
function folderOf(variable: string, unset: FindingFacts): Check["look"] {
  return async (probe) => {
    const reading = await probe.variable(variable);
    if (reading.kind === "unknown") return notAllowed(`--allow-env=${variable}`);
    if (reading.kind === "unset") return unset;
    const path = reading.value;
    if (!await probe.isGranted({ name: "read", path })) {
      const detail = `'${path}'; this process may not look whether it is there`;
      return { ...notAllowed(`--allow-read=${path}`), detail };
    }
    if (await probe.exists(path)) return ok(`'${path}'`);
    return { ...unset, state: "missing", detail: `'${path}' is not there` };
  };
}

async function lookAtNetwork(probe: Probe): Promise<FindingFacts> {
  if (await probe.isGranted({ name: "net" })) return ok("every host may be asked");
  const fix = "start headwise with --allow-net=HOST";
  return await probe.isGranted({ name: "net", host: "127.0.0.1" })
    ? limited("only servers of this machine may be asked", `${fix} for servers elsewhere`)
    : missing("no host may be asked", fix);
}
