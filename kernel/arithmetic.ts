/**
 * How a kernel computes, as its author declares it: what is rounded, to what, and where.
 *
 * Kernels differ in what they round between the query and the output, and none of it is wrong as such.
 * A declaration says what a kernel rounds, and `error_bound.ts` derives from it how far a right output
 * may lie from the float64 reference. Nothing declared means float32 throughout. The derivation of each
 * field stands in docs/arithmetic.md.
 */

/** Why a declaration of arithmetic was refused: the field, what is wrong with it, what it may be. */
export class ArithmeticError extends Error {
  /** Field of the declaration; empty where the whole of it is wrong. */
  readonly field: string;

  /** Names the field and says what to declare in its place. */
  constructor(field: string, message: string) {
    super(message);
    this.name = "ArithmeticError";
    this.field = field;
  }
}

/** A field whose value is one of a few words; the first is the default. */
interface ChoiceField {
  readonly choices: readonly string[];
  readonly description: string;
}

/** A field that is a number between two others, both allowed. */
interface NumberField {
  readonly minimum: number;
  readonly maximum: number;
  readonly initial: number;
  readonly description: string;
}

/** Types that values between the storage and the sums may be rounded to; `storage` is the query's. */
const ROUNDED_TYPES = ["f32", "tf32", "f16", "bf16", "storage"] as const;

/**
 * Every field of a declaration: the one place that gives names, values, defaults and meanings. The
 * parser, the adapter protocol's schema and the documentation are made of it.
 */
export const ARITHMETIC_FIELDS = {
  query: {
    choices: ["stored", "rescaled", "fixed16"],
    description:
      "`rescaled`: the query is multiplied by scale · log2(e) and rounded to its type again; " +
      "`fixed16`: it becomes two signed bytes, steps of 1/32639 of its row's largest element, " +
      "which scales of key channels are taken into",
  },
  dequantised: {
    choices: ["f32", "storage"],
    description: "What elements of a quantised cache are rounded to before they are multiplied",
  },
  rotation: {
    choices: ["f32", "storage"],
    description: "What the sines and cosines of an append, and their products, are rounded to",
  },
  scores: {
    choices: ROUNDED_TYPES,
    description: "What a score is rounded to before the softmax; `tf32`: what its factors are",
  },
  sums: {
    choices: ["fma", "matrix"],
    description: "`matrix`: units add blocks of exact products, aligned and truncated",
  },
  exponentialError: {
    minimum: 0,
    maximum: 2 ** -4,
    initial: 6 * 2 ** -24,
    description: "Largest relative error of one exponential, its argument taken as exact",
  },
  weights: {
    choices: ROUNDED_TYPES,
    description: "What a softmax weight is rounded to before it meets its value",
  },
  weightRounding: {
    choices: ["nearest", "either"],
    description: "`either`: to one of the two neighbours, as truncation and some drivers do",
  },
  weightScale: {
    minimum: 2 ** -64,
    maximum: 2 ** 15,
    initial: 1,
    description:
      "Factor of the weights, 1 being the largest: above 1 against underflow of float16, " +
      "below 1 against overflow of sums",
  },
  denominator: {
    choices: ["unrounded", "rounded"],
    description: "Whether the denominator adds up the weights as computed, or as rounded",
  },
  normalised: {
    choices: ["after", "before"],
    description:
      "Whether weights are divided by the denominator before they are rounded, or the sums",
  },
  accumulate: {
    choices: ["f32", "f16"],
    description: "Type of the running sums over keys",
  },
  partials: {
    choices: ["f32", "storage"],
    description: "Type of a split's output before splits are merged",
  },
  rescaleThreshold: {
    minimum: 0,
    maximum: 64,
    initial: 0,
    description:
      "Growth of the running maximum, in powers of two, up to which sums are not rescaled",
  },
} as const satisfies Readonly<Record<string, ChoiceField | NumberField>>;

/** The fields of a declaration, each with what it may say. */
export type Fields = typeof ARITHMETIC_FIELDS;

/** Name of a field. */
export type ArithmeticField = keyof Fields;

/** How a kernel computes, every field said. */
export type Arithmetic = {
  readonly [Name in ArithmeticField]: Fields[Name] extends { readonly choices: infer Choices }
    ? Choices extends readonly (infer Choice)[] ? Choice : never
    : number;
};

const FIELD_ENTRIES = Object.entries(ARITHMETIC_FIELDS) as [
  ArithmeticField,
  ChoiceField | NumberField,
][];

/** Float32 throughout: what is judged by where nothing is declared. */
export const FLOAT32_ARITHMETIC: Arithmetic = Object.fromEntries(
  FIELD_ENTRIES.map(([name, field]) => [
    name,
    "choices" in field ? field.choices[0] : field.initial,
  ]),
) as Arithmetic;

/**
 * Completes a declaration: what it leaves out is float32.
 *
 * @param declared Fields that differ from float32 throughout, as an adapter sent them.
 * @throws {ArithmeticError} When a field is unknown, a value is not one of its field's, or two fields
 *   contradict each other.
 */
export function parseArithmetic(declared: unknown): Arithmetic {
  if (typeof declared !== "object" || declared === null || Array.isArray(declared)) {
    throw new ArithmeticError(
      "",
      `Cannot read ${
        JSON.stringify(declared)
      } as arithmetic: declare an object with fields among ` +
        FIELD_ENTRIES.map(([name]) => name).join(", "),
    );
  }
  for (const [name, value] of Object.entries(declared)) checkField(name, value);
  const arithmetic: Arithmetic = { ...FLOAT32_ARITHMETIC, ...declared };
  checkTogether(arithmetic);
  return arithmetic;
}

function checkField(name: string, value: unknown): void {
  const field = new Map<string, ChoiceField | NumberField>(FIELD_ENTRIES).get(name);
  const shown = JSON.stringify(value);
  if (field === undefined) {
    throw new ArithmeticError(
      name,
      `Cannot declare ${JSON.stringify(name)}: arithmetic has the fields ` +
        FIELD_ENTRIES.map(([each]) => each).join(", "),
    );
  }
  if ("choices" in field) {
    if (typeof value === "string" && field.choices.includes(value)) return;
    throw new ArithmeticError(
      name,
      `Cannot declare ${name} ${shown}: it is one of ${field.choices.join(", ")}`,
    );
  }
  if (typeof value === "number" && value >= field.minimum && value <= field.maximum) return;
  throw new ArithmeticError(
    name,
    `Cannot declare ${name} ${shown}: it is a number from ${field.minimum} to ${field.maximum}`,
  );
}

function checkTogether(o: Arithmetic): void {
  if (o.normalised === "before" && o.denominator === "rounded") {
    throw new ArithmeticError(
      "denominator",
      'Cannot declare denominator "rounded" with normalised "before": weights that were divided ' +
        "by the denominator are rounded after it; leave one of the two out",
    );
  }
  const isNarrow = o.weights === "f16" || o.weights === "storage";
  if (isNarrow && o.rescaleThreshold + Math.log2(o.weightScale) > 15) {
    throw new ArithmeticError(
      "rescaleThreshold",
      `Cannot declare rescaleThreshold ${o.rescaleThreshold} and weightScale ${o.weightScale} with ` +
        `weights "${o.weights}": weights up to weightScale · 2^rescaleThreshold must fit float16; ` +
        "declare at most 2^15 for the product",
    );
  }
}

/**
 * What of a declaration differs from float32 throughout.
 *
 * @returns Only the fields that differ, in the order of {@linkcode ARITHMETIC_FIELDS}.
 */
export function declaredFields(arithmetic: Arithmetic): Partial<Arithmetic> {
  return Object.fromEntries(
    FIELD_ENTRIES.map(([name]) => [name, arithmetic[name]] as const)
      .filter(([name, value]) => value !== FLOAT32_ARITHMETIC[name]),
  );
}

/** A declaration in one line, for reports. */
export function describeArithmetic(arithmetic: Arithmetic): string {
  const parts = Object.entries(declaredFields(arithmetic)).map(([name, value]) =>
    `${name} ${typeof value === "number" ? formatNumber(value) : value}`
  );
  return parts.length === 0 ? "float32 throughout" : parts.join(", ");
}

function formatNumber(value: number): string {
  const power = Math.log2(value);
  return value > 0 && value < 1 && Number.isInteger(power) ? `2^${power}` : `${value}`;
}
