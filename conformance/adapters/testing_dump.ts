/** Geometry of a dump: two slots of two heads, the first of them with a window of 32 tokens. */
export const DUMP_GEOMETRY = {
  layout: "headwise",
  slots: 2,
  kvHeads: 2,
  headWindows: [32, 0],
  sinkTokens: 4,
  pagesPerHead: 8,
  pageSizeTokens: 16,
  lengthsTokens: [64, 10],
} as const;

/** Builds the bytes of a `.npy` file for tests. */
export function npyOf(
  o: { descr: string; shape: string; data: Uint8Array; order?: string },
): Uint8Array<ArrayBuffer> {
  const { descr, shape, data, order = "False" } = o;
  const header = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const text = new TextEncoder().encode(`${header.padEnd(117)}\n`);
  const magic = [
    0x93,
    ...new TextEncoder().encode("NUMPY"),
    1,
    0,
    text.length & 255,
    text.length >> 8,
  ];
  return Uint8Array.from([...magic, ...text, ...data]);
}
