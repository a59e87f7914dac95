import type { HeadKind, HeadMap } from "../../allocator/mod.ts";
import type { Override, Workload } from "../../fixtures/mod.ts";
import { type Origin, type Resolved, SettingError, type SettingsOf } from "../settings/mod.ts";

/** The window that `--window-fixture` gives a model. */
const WINDOW_FIXTURE = { windowTokens: 4096, sinkTokens: 0 };

/**
 * Turns `--set` into overrides of fixture values.
 *
 * @param text `PATH=VALUE` with commas between them; values are JSON where they can be, else text.
 * @throws {SettingError} When a part has no `=`.
 */
export function parseOverrides(text: string, origin: Origin): Override[] {
  return text.split(",").map((part) => {
    const equals = part.indexOf("=");
    if (equals <= 0) {
      throw new SettingError(`Cannot use '${part}': expected PATH=VALUE, as in seed=7`, origin);
    }
    const path = part.slice(0, equals).trim();
    return { path, value: readValue(part.slice(equals + 1)), origin: origin.text };
  });
}

/**
 * Turns the settings that replace values of a fixture as they stand into overrides: `--model`,
 * `--load`, `--concurrency`, `--scheduler`, `--set` and `--seed`.
 *
 * @param resolved Settings of `bench`.
 */
export function plainOverrides(resolved: Resolved<"bench">): Override[] {
  const { values, origins } = resolved;
  const { load, concurrency } = values;
  for (const name of ["load", "concurrency"] as const) {
    if (values[name] === null || values.trace === null) continue;
    throw new SettingError(
      `Cannot use '--${name}' with a trace: its requests have arrivals of their own; leave one of ` +
        `them out`,
      origins[name],
    );
  }
  const of = (name: "model" | "scheduler" | "load" | "concurrency" | "seed", o: {
    readonly path: string;
    readonly value: unknown;
  }): Override[] => values[name] === null ? [] : [{ ...o, origin: origins[name].text }];
  const arrivals = (value: object) => ({ path: "requests.arrivals", value });
  return [
    ...of("model", { path: "model", value: values.model }),
    ...of("scheduler", { path: "scheduler.profile", value: values.scheduler }),
    ...of("load", arrivals({ kind: "saturation-share", share: load })),
    ...of("concurrency", arrivals({ kind: "closed-loop", concurrency })),
    ...(values.set === null ? [] : parseOverrides(values.set, origins.set)),
    ...of("seed", { path: "seed", value: values.seed }),
  ];
}

/**
 * Turns the settings that change a fixture into overrides of it.
 *
 * A ratio makes the first heads of every layer window heads; a window or a number of sinks alone
 * keeps the fixture's own choice of heads.
 *
 * @param resolved Settings of `bench`.
 * @param workload The fixture with {@linkcode plainOverrides} alone, whose head map the changed one
 * starts from.
 */
export function workloadOverrides(
  resolved: Resolved<"bench">,
  workload: Workload,
): Override[] {
  const { values, origins } = resolved;
  const overrides = plainOverrides(resolved);
  const headMap = changedHeadMap(values, workload);
  if (headMap !== null) {
    const names = ["ratio", "window", "sinks", "windowFixture"] as const;
    const origin = names.map((name) => origins[name]).find(({ kind }) => kind !== "default")!.text;
    overrides.push({ path: "headMap", value: headMap, origin });
  }
  return overrides;
}

function changedHeadMap(
  values: SettingsOf<"bench">,
  workload: Workload,
): Record<string, unknown> | null {
  const { ratio, window, sinks, windowFixture } = values;
  if (ratio === null && window === null && sinks === null && !windowFixture) return null;
  const base = windowFixture ? WINDOW_FIXTURE : workload.headMap;
  const reach = { windowTokens: window ?? base.windowTokens, sinkTokens: sinks ?? base.sinkTokens };
  const share = ratio ?? (windowFixture ? 1 / workload.model.kvHeads : null);
  if (share !== null) return { kind: "pattern", pattern: "first", ratio: share, ...reach };
  return { kind: "head-lists", kindsByLayer: kindsByLayer(workload.headMap), ...reach };
}

function kindsByLayer(map: HeadMap): (readonly HeadKind[])[] {
  const byLayer: (readonly HeadKind[])[] = [];
  for (const { layers, kinds } of map.groups) {
    for (const layer of layers) byLayer[layer] = kinds;
  }
  return byLayer;
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
