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
import { describeIssues, type Stored } from "../fixtures/mod.ts";
import { FileError } from "./file_error.ts";

const ID_PATTERN = /^[a-z][a-z0-9]*\/[a-z0-9]+(-[a-z0-9]+)*$/;

const clauseSchema = z.strictObject({
  /** Stable slug such as `slot/swap-rows`; never a section number, because numbers rot. */
  id: z.string().regex(ID_PATTERN),
  /** How binding it is, in the words of RFC 2119. */
  level: z.enum(["MUST", "SHOULD", "MAY"]),
  /**
   * What breaking it means: the wrong data is read, written, freed or kept (`safety`); outputs are
   * wrong (`answer`); what has to be refused is not (`shape`); an implementation decides otherwise than
   * it declares (`policy`); or headwise itself is wrong (`tool`), which its own tests judge.
   */
  kind: z.enum(["safety", "answer", "shape", "policy", "tool"]),
  /** The sentence. */
  text: z.string().min(1),
  /** Why the sentence is there. */
  rationale: z.string().min(1),
});

const sectionSchema = z.strictObject({
  section: z.number().int().min(0),
  title: z.string().min(1),
  clauses: z.array(clauseSchema).min(1),
});

const pendingSchema = z.strictObject({
  pending: z.array(z.strictObject({
    id: clauseSchema.shape.id,
    /** Why it has no test yet. */
    reason: z.string().min(1),
  })),
});

/** One normative sentence, and the section of the ABI that it stands in, for reading order only. */
export type Clause = Stored<typeof clauseSchema> & {
  /** Number of the section. */
  readonly section: number;
  /** Its title. */
  readonly sectionTitle: string;
};

/** A clause that has no test yet. */
export type PendingClause = Stored<typeof pendingSchema>["pending"][number];

/** A clause file that cannot be read. */
export class ClauseError extends FileError {
  /** Always `clause`. */
  readonly code = "clause";
  /** Always `ClauseError`. */
  override readonly name = "ClauseError";
}

/**
 * Reads one section file.
 *
 * @param file Name that errors carry.
 * @throws {ClauseError} If the text is no YAML, has an unknown key or lacks one.
 */
export function parseClauses(text: string, file: string): Clause[] {
  const { section, title: sectionTitle, clauses } = readYaml(text, file, sectionSchema);
  return clauses.map(({ text, rationale, ...facts }) => ({
    ...facts,
    section,
    sectionTitle,
    text: text.trim(),
    rationale: rationale.trim(),
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
  const [twice] = [...Map.groupBy(clauses, ({ id }) => id)].filter(([, { length }]) => length > 1);
  if (twice === undefined) return clauses;
  const message = `Cannot load the clauses: the id "${twice[0]}" stands twice; rename one of them`;
  throw new ClauseError(message, "clauses");
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
