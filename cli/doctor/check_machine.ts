import { cacheFolder } from "../gpu/mod.ts";
import { DENO_VERSION } from "../version.ts";
import { type Finding, findingOf, notAllowed } from "./finding.ts";
import type { Probe } from "./probe.ts";

/**
 * Looks at what the machine has around the device: Deno, folders, variables, the network.
 *
 * @returns Findings, those that the main job needs first.
 */
export async function checkMachine(probe: Probe): Promise<readonly Finding[]> {
  return [
    checkDeno(probe),
    await checkResults(probe),
    await checkCache(probe),
    ...(probe.os === "linux" ? [await checkRuntimeFolder(probe)] : []),
    await checkNetwork(probe),
    await checkTraces(probe),
  ];
}

function checkDeno({ denoVersion }: Probe): Finding {
  const thing = { name: "Deno", why: "it runs headwise", required: true };
  const fix = `npx -y deno@${DENO_VERSION} task bench`;
  const [found, wanted] = [denoVersion, DENO_VERSION].map((version) =>
    version.split(".").map(Number)
  );
  const isOlder = found![0]! < wanted![0]! ||
    found![0] === wanted![0] && found![1]! < wanted![1]!;
  if (isOlder) {
    const detail = `${denoVersion}, older than ${DENO_VERSION}`;
    return findingOf(thing, { state: "missing", detail, fix });
  }
  if (denoVersion === DENO_VERSION) return findingOf(thing, { state: "ok", detail: denoVersion });
  const detail = `${denoVersion}; tested with ${DENO_VERSION}`;
  return findingOf(thing, { state: "limited", detail, fix });
}

async function checkResults(probe: Probe): Promise<Finding> {
  const thing = {
    name: "results folder",
    why: "every run writes its result there",
    required: true,
  };
  if (!await probe.isGranted({ name: "write", path: "results" })) {
    return findingOf(thing, {
      state: "missing",
      detail: "this process may not write 'results'",
      fix: "start headwise with --allow-write=results",
    });
  }
  const reason = await probe.tryWriting("results");
  return findingOf(
    thing,
    reason === null
      ? { state: "ok", detail: "'results' can be written" }
      : { state: "missing", detail: reason, fix: "mkdir -p results && chmod u+rwx results" },
  );
}

async function checkCache(probe: Probe): Promise<Finding> {
  const thing = { name: "cache folder", why: "'kernel tune' keeps what it found there" };
  const [cache, home] = [await probe.variable("XDG_CACHE_HOME"), await probe.variable("HOME")];
  const folder = cacheFolder((name) => {
    const reading = name === "HOME" ? home : cache;
    return reading.kind === "set" ? reading.value : undefined;
  });
  if (folder === null) {
    if (cache.kind === "unknown" || home.kind === "unknown") {
      return findingOf(thing, notAllowed("--allow-env=XDG_CACHE_HOME,HOME"));
    }
    const fix = 'export XDG_CACHE_HOME="$PWD/results/cache"';
    return findingOf(thing, {
      state: "missing",
      detail: "neither HOME nor XDG_CACHE_HOME is set",
      fix,
    });
  }
  if (!await probe.isGranted({ name: "write", path: folder })) {
    return findingOf(thing, notAllowed(`--allow-read=${folder} --allow-write=${folder}`));
  }
  const reason = await probe.tryWriting(folder);
  return findingOf(
    thing,
    reason === null
      ? { state: "ok", detail: `'${folder}' can be written` }
      : { state: "missing", detail: reason, fix: `mkdir -p ${folder} && chmod u+rwx ${folder}` },
  );
}

async function checkRuntimeFolder(probe: Probe): Promise<Finding> {
  return await checkFolderOf("XDG_RUNTIME_DIR", probe, {
    thing: { name: "XDG_RUNTIME_DIR", why: "Mesa's drivers complain without it" },
    unset: { state: "limited", detail: "not set; /tmp stands in" },
    fix: 'export XDG_RUNTIME_DIR="$(mktemp -d)"',
  });
}

async function checkTraces(probe: Probe): Promise<Finding> {
  return await checkFolderOf("HEADWISE_TRACES", probe, {
    thing: {
      name: "traces",
      why: "tests and 'deno task bench:replay' replay those of Azure, Mooncake and BurstGPT",
    },
    unset: { state: "missing", detail: "HEADWISE_TRACES is not set" },
    fix: "export HEADWISE_TRACES=FOLDER",
  });
}

/** Looks whether a variable names a folder that is there. */
async function checkFolderOf(variable: string, probe: Probe, o: {
  readonly thing: Pick<Finding, "name" | "why">;
  readonly unset: Pick<Finding, "state" | "detail">;
  readonly fix: string;
}): Promise<Finding> {
  const { thing, fix } = o;
  const reading = await probe.variable(variable);
  if (reading.kind === "unknown") return findingOf(thing, notAllowed(`--allow-env=${variable}`));
  if (reading.kind === "unset") return findingOf(thing, { ...o.unset, fix });
  const path = reading.value;
  if (!await probe.isGranted({ name: "read", path })) {
    const detail = `'${path}'; this process may not look whether it is there`;
    return findingOf(thing, { ...notAllowed(`--allow-read=${path}`), detail });
  }
  return findingOf(
    thing,
    await probe.exists(path)
      ? { state: "ok", detail: `'${path}'` }
      : { state: "missing", detail: `'${path}' is not there`, fix },
  );
}

async function checkNetwork(probe: Probe): Promise<Finding> {
  const thing = { name: "network", why: "--endpoint measures servers, and 'serve' is one" };
  if (await probe.isGranted({ name: "net" })) {
    return findingOf(thing, { state: "ok", detail: "every host may be asked" });
  }
  const fix = "start headwise with --allow-net=HOST for servers elsewhere";
  return findingOf(
    thing,
    await probe.isGranted({ name: "net", host: "127.0.0.1" })
      ? { state: "limited", detail: "only servers of this machine may be asked", fix }
      : {
        state: "missing",
        detail: "no host may be asked",
        fix: "start headwise with --allow-net=HOST",
      },
  );
}
