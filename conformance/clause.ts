/**
 * A clause is one normative sentence of the block-table ABI with an id that never changes.
 *
 * The sentences live in `clauses/*.yaml`, one file a section, and are embedded as text so that a
 * bundled program carries them.
 */
import { parse } from "yaml";
import { z } from "zod";
import declarations from "./clauses/declarations.yaml" with { type: "text" };
import capturedSteps from "./clauses/slots.yaml" with { type: "text" };
import configuration from "./clauses/configuration.yaml" with { type: "text" };
import gates from "./clauses/gates.yaml" with { type: "text" };
import layouts from "./clauses/layouts.yaml" with { type: "text" };
import pendingText from "./clauses/pending.yaml" with { type: "text" };
import pools from "./clauses/pools.yaml" with { type: "text" };
import sentinels from "./clauses/sentinels.yaml" with { type: "text" };
import shapes from "./clauses/shapes.yaml" with { type: "text" };
import visibility from "./clauses/visibility.yaml" with { type: "text" };
import { describeIssues } from "../fixtures/mod.ts";
import { FileError } from "./file_error.ts";

/** How binding a clause is, in the words of RFC 2119. */
export type ClauseLevel = "MUST" | "SHOULD" | "MAY";

/**
 * What breaking a clause means: the wrong data is read, written, freed or kept (`safety`); outputs
 * are wrong (`answer`); what has to be refused is not (`shape`); an implementation decides otherwise
 * than it declares (`policy`); or headwise itself is wrong (`tool`), which its own tests judge.
 */
export type ClauseKind = "safety" | "answer" | "shape" | "policy" | "tool";

/** One normative sentence. */
export interface Clause {
  /** Stable slug such as `slot/swap-rows`; never a section number, because numbers rot. */
  readonly id: string;
  /** How binding it is. */
  readonly level: ClauseLevel;
  /** What breaking it means. */
  readonly kind: ClauseKind;
  /** Section of the ABI it stands in, for reading order only. */
  readonly section: number;
  /** Title of that section. */
  readonly sectionTitle: string;
  /** The sentence. */
  readonly text: string;
  /** Why the sentence is there. */
  readonly rationale: string;
}

/** A clause that has no test yet. */
export interface PendingClause {
  /** Id of the clause. */
  readonly id: string;
  /** Why it has none. */
  readonly reason: string;
}

/** A clause file that cannot be read. */
export class ClauseError extends FileError {
  /** Always `clause`. */
  readonly code = "clause";
  /** Always `ClauseError`. */
  override readonly name = "ClauseError";
}

const ID_PATTERN = /^[a-z][a-z0-9]*\/[a-z0-9]+(-[a-z0-9]+)*$/;

const sectionSchema = z.strictObject({
  section: z.number().int().min(0),
  title: z.string().min(1),
  clauses: z.array(z.strictObject({
    id: z.string().regex(ID_PATTERN),
    level: z.enum(["MUST", "SHOULD", "MAY"]),
    kind: z.enum(["safety", "answer", "shape", "policy", "tool"]),
    text: z.string().min(1),
    rationale: z.string().min(1),
  })).min(1),
});

const pendingSchema = z.strictObject({
  pending: z.array(z.strictObject({ id: z.string().regex(ID_PATTERN), reason: z.string().min(1) })),
});

/**
 * Reads one section file.
 *
 * @param file Name that errors carry.
 * @throws {ClauseError} If the text is no YAML, has an unknown key or lacks one.
 */
export function parseClauses(text: string, file: string): Clause[] {
  const section = readYaml(text, file, sectionSchema);
  return section.clauses.map((clause) => ({
    id: clause.id,
    level: clause.level,
    kind: clause.kind,
    section: section.section,
    sectionTitle: section.title,
    text: clause.text.trim(),
    rationale: clause.rationale.trim(),
  }));
}

/**
 * Reads a list of pending clauses.
 *
 * @param text YAML with one key, `pending`.
 * @param file Name that errors carry.
 * @throws {ClauseError} If the text does not follow the schema.
 */
export function parsePendingClauses(text: string, file: string): PendingClause[] {
  return readYaml(text, file, pendingSchema).pending;
}

/**
 * Lists every clause of the ABI in reading order.
 *
 * @throws {ClauseError} If an embedded file is damaged or an id stands twice.
 */
export function listClauses(): readonly Clause[] {
  const files = {
    declarations,
    layouts,
    shapes,
    sentinels,
    visibility,
    pools,
    capturedSteps,
    configuration,
    gates,
  };
  const clauses = Object.entries(files).flatMap(([name, text]) =>
    parseClauses(text, `${name}.yaml`)
  );
  const seen = new Set<string>();
  for (const clause of clauses) {
    if (seen.has(clause.id)) {
      throw new ClauseError(
        `Cannot load the clauses: the id "${clause.id}" stands twice; rename one of them`,
        "clauses",
      );
    }
    seen.add(clause.id);
  }
  return clauses;
}

/**
 * Lists the clauses that are allowed to have no test.
 *
 * @throws {ClauseError} If the embedded file is damaged.
 */
export function listPendingClauses(): readonly PendingClause[] {
  return parsePendingClauses(pendingText, "pending.yaml");
}

function readYaml<T>(text: string, file: string, schema: z.ZodType<T>): T {
  let data: unknown;
  try {
    data = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ClauseError(`Cannot read "${file}": ${detail}`, file);
  }
  const result = schema.safeParse(data);
  if (!result.success) {
    throw new ClauseError(`Cannot read "${file}": ${describeIssues(result.error)}`, file);
  }
  return result.data;
}
