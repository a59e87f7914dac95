/**
 * The structs that the CPU writes and shaders read, each declared once: the WGSL text and the offsets
 * that packers write to are both made from the list of fields. Every field takes one 32-bit word, so
 * a struct's size is the number of its fields; WGSL demands multiples of 16 bytes of a uniform.
 */

/** A field: its name, its WGSL type, and what it means where the name does not say it. */
type Field = readonly [name: string, type: "u32" | "f32", meaning?: string];

/** A struct as both sides see it. */
export interface StructLayout<NAME extends string> {
  /** Its declaration in WGSL. */
  readonly wgsl: string;
  /** 32-bit words of one. */
  readonly words: number;
  /** Index of each field in 32-bit words. */
  readonly at: Readonly<Record<NAME, number>>;
}

function defineStruct<const FIELDS extends readonly Field[]>(
  name: string,
  fields: FIELDS,
): StructLayout<FIELDS[number][0]> {
  const lines = fields.flatMap(([field, type, meaning]) => [
    ...(meaning === undefined ? [] : [`  // ${meaning}`]),
    `  ${field}: ${type},`,
  ]);
  const at = Object.fromEntries(fields.map(([field], index) => [field, index]));
  return {
    wgsl: `struct ${name} {\n${lines.join("\n")}\n}\n`,
    words: fields.length,
    at: at as Record<FIELDS[number][0], number>,
  };
}

/** Scalars of one dispatch; bound first everywhere. */
export const PARAMS = defineStruct("Params", [
  ["scaleLog2", "f32"],
  ["columns", "u32"],
  ["sinkTokens", "u32"],
  ["tableBase", "u32"],
  ["queryHeads", "u32"],
  ["bindingRows", "u32"],
  ["partialStateBase", "u32"],
  ["logSumExpBase", "u32"],
  ["treeBase", "u32"],
  ["treeTokens", "u32"],
  ["learnedSinkBase", "u32"],
  ["itemBase", "u32"],
  ["itemCount", "u32"],
  ["walksRows", "u32", "Whether keys that the masks hide are read all the same."],
  [
    "scaleBase",
    "u32",
    "Scales that tokens share: in `extras`, or in pairs behind the append's `rotary`.",
  ],
  ["reserved", "u32"],
]);

/**
 * One workgroup's work. Pages [firstPage, firstPage + firstPages) and then those from secondShift on
 * are visible to some row; `order` counts their tokens without the gap.
 */
export const ITEM = defineStruct("Item", [
  ["queryToken", "u32"],
  ["slot", "u32"],
  ["head", "u32"],
  ["rows", "u32"],
  ["firstRow", "u32"],
  ["cached", "u32"],
  ["visibleBegin", "u32"],
  ["visibleEnd", "u32"],
  ["firstPages", "u32"],
  ["firstPage", "u32"],
  ["secondShift", "u32"],
  ["windowTokens", "u32"],
  ["partialRow", "u32"],
  ["safeRow", "u32"],
  ["unmaskedBegin", "u32", "From here every row sees every key, unless the program has masks."],
  ["unmaskedEnd", "u32"],
  ["splits", "u32", "Of a tile whose last workgroup joins them; else 0."],
  ["firstPartial", "u32", "Partial row of the first of them."],
  ["counter", "u32", "Place that counts those that are finished."],
  ["reserved", "u32"],
]);

/** A query row whose splits are joined. */
export const MERGE = defineStruct("Merge", [
  ["outputRow", "u32"],
  ["head", "u32"],
  ["partialRow", "u32"],
  ["partialStride", "u32"],
  ["splits", "u32"],
  ["reserved0", "u32"],
  ["reserved1", "u32"],
  ["reserved2", "u32"],
]);

/** Scalars of filling a buffer. */
export const FILL_PARAMS = defineStruct("FillParams", [
  ["seed", "u32"],
  ["words", "u32"],
]);
