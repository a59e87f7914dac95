/** Reading of published rows, geometries and assumptions from a folder of YAML files. */

import { z } from "zod";
import type { Stored } from "../../fixtures/mod.ts";
import { parseCheckedYaml, requireLoaded } from "../../fixtures/mod.ts";
import {
  geometrySchema,
  type PublishedGeometry,
  type PublishedRow,
  publishedRowSchema,
} from "./published.ts";

/** What sources leave out and a prediction needs. */
const assumptionSchema = z.strictObject({
  prefix: z.string().min(1),
  flags: z.string().optional(),
  cached_prompts: z.int().positive().optional(),
  reason: z.string().min(1),
});

/** What is assumed of rows whose source leaves it out. */
export type PublishedAssumption = Stored<typeof assumptionSchema>;

/** Published rows with what their predictions need. */
export interface PublishedData {
  /** Rows, files in the order of their names. */
  readonly rows: readonly PublishedRow[];
  /** Geometries by name. */
  readonly geometries: ReadonlyMap<string, PublishedGeometry>;
  /** What is assumed of which rows, and why. */
  readonly assumptions: readonly PublishedAssumption[];
  /** Where a row's key stands, as `file:line:column`; where the row begins without that key. */
  readonly placeOf: (id: string, key: keyof PublishedRow | null) => string;
}

/**
 * Reads texts by their file names: `geometries.yaml`, `assumptions.yaml`, and rows in all others.
 *
 * @throws {FixtureError} With file, line, column and fix of what is wrong; also where two rows have
 * one id, or a row is compared with one that does not exist.
 */
export function readPublished(texts: ReadonlyMap<string, string>): PublishedData {
  const load = <T>(file: string, schema: z.ZodType<T>, check?: Check<T>): T =>
    requireLoaded(parseCheckedYaml(texts.get(file) ?? "[]", {
      file,
      schema,
      ...(check === undefined ? {} : { check }),
    }));
  const geometries = load("geometries.yaml", z.array(geometrySchema));
  const assumptions = load("assumptions.yaml", z.array(assumptionSchema));
  const ids = new Set<string>();
  const places = new Map<string, (key: string | null) => string>();
  const rows: PublishedRow[] = [];
  for (const file of [...texts.keys()].sort()) {
    if (file === "geometries.yaml" || file === "assumptions.yaml") continue;
    rows.push(...load(file, z.array(publishedRowSchema), (found, report, locate) => {
      found.forEach((row, index) => {
        const { id } = row;
        if (!ids.has(id)) {
          ids.add(id);
          places.set(id, (key) => {
            const known = key !== null && Object.hasOwn(row, key);
            const { line, column } = locate(known ? [index, key] : [index]);
            return `${file}:${line}:${column}`;
          });
        } else {
          report([index, "id"], {
            code: "validation/repeated-id",
            message: `The id "${id}" is taken`,
            fix: "give each measurement an id of its own",
          });
        }
      });
      found.forEach(({ ab_base: base }, index) => {
        if (base === undefined || ids.has(base)) return;
        report([index, "ab_base"], {
          code: "validation/unknown-row",
          message: `No row has the id "${base}"`,
          fix: "name a row of this file or of one before it",
        });
      });
    }));
  }
  return {
    rows: rows.map((row) => assume(row, assumptions)),
    geometries: new Map(geometries.map((one) => [one.name, one])),
    assumptions,
    placeOf: (id, key) => places.get(id)?.(key) ?? id,
  };
}

type Check<T> = NonNullable<Parameters<typeof parseCheckedYaml<T>>[1]["check"]>;

/** A row with what is assumed of it, as far as it says nothing itself. */
function assume(row: PublishedRow, assumptions: PublishedData["assumptions"]): PublishedRow {
  const found = assumptions.filter(({ prefix }) => row.id.startsWith(prefix))
    .sort((a, b) => a.prefix.length - b.prefix.length);
  return found.reduce((assumed, { flags, cached_prompts: cached }) => ({
    ...assumed,
    ...(flags === undefined || row.flags !== undefined ? {} : { flags }),
    ...(cached === undefined || row.cached_prompts !== undefined
      ? {}
      : { "cached_prompts": cached }),
  }), row);
}
