/** Ceilings of cards by their makers' data sheets: dense rates, without sparsity. */

/** What a data sheet says of one card. */
export interface DataSheet {
  /** Short name. */
  readonly name: string;
  /** What names the card in a driver's or a benchmark's text in lower case. */
  readonly pattern: RegExp;
  /** Bytes of device memory, as the driver shows them. */
  readonly memoryBytes: number;
  /** Bytes per second from device memory. */
  readonly memoryBytesPerSecond: number;
  /** Operations per second of bf16 matrices. */
  readonly bf16FlopsPerSecond: number;
  /** Operations per second of fp8 matrices, or null where the card has none. */
  readonly fp8FlopsPerSecond: number | null;
  /** Bytes a second that one card sends to its neighbours, one way. */
  readonly linkBytesPerSecond: number;
  /** Whether the card multiplies fp4. */
  readonly hasFp4: boolean;
  /**
   * What software reaches of the two ceilings beside what it reaches of an H100's: 1 but where
   * vendors' own kernels are known to stay farther below.
   */
  readonly reached: { readonly memory: number; readonly matrices: number };
}

/** Cards that multiply fp4. */
const FP4_CARDS: readonly string[] = ["B200", "MI355X"];
/** Products of 8,192 reach 600 to 700 TFLOP/s of an MI300X's 1,307, reads about 4.2 of 5.3 TB/s. */
const AMD = { memory: 0.85, matrices: 0.7 };

/**
 * Cards by name; of two that a text fits the first one is meant. Sources: NVIDIA's and AMD's data
 * sheets of each card.
 */
export const DATA_SHEETS: readonly DataSheet[] = [
  sheet("GH200", /gh200/, [102e9, 4e12, 989e12, 1979e12, 450e9]),
  sheet("H200", /h200/, [150e9, 4.8e12, 989e12, 1979e12, 450e9]),
  sheet("H100 NVL", /h100.*nvl\b/, [100e9, 3.9e12, 835e12, 1671e12, 300e9]),
  sheet("H100 PCIe", /h100.*pcie/, [85.5e9, 2.04e12, 756e12, 1513e12, 32e9]),
  sheet("H100", /h100/, [85.5e9, 3.35e12, 989e12, 1979e12, 450e9]),
  sheet("H20", /h20/, [102e9, 4e12, 148e12, 296e12, 450e9]),
  sheet("A100 40GB", /a100.*40 ?gb?/, [42.4e9, 1.555e12, 312e12, null, 300e9]),
  sheet("A100", /a100/, [85.1e9, 2.04e12, 312e12, null, 300e9]),
  sheet("B200", /g?b200/, [191e9, 7.7e12, 2250e12, 4500e12, 900e9]),
  sheet("MI300X", /mi300x/, [206e9, 5.3e12, 1307e12, 2614e12, 448e9], AMD),
  sheet("MI325X", /mi325x/, [274e9, 6e12, 1307e12, 2614e12, 448e9], AMD),
  sheet("MI355X", /mi355x/, [309e9, 8e12, 2500e12, 5000e12, 537e9], AMD),
  sheet("L40S", /l40s/, [48.3e9, 0.864e12, 362e12, 733e12, 32e9]),
  sheet("L40", /l40/, [48.3e9, 0.864e12, 181e12, 362e12, 32e9]),
  sheet("L4", /l4/, [24.2e9, 0.3e12, 121e12, 242e12, 32e9]),
  sheet("RTX 4090", /(rtx ?)?4090/, [25.4e9, 1.008e12, 165e12, 330e12, 32e9]),
  sheet("RTX 3090", /(rtx ?)?3090/, [25.4e9, 0.936e12, 71e12, null, 32e9]),
];

function sheet(
  name: string,
  named: RegExp,
  [memoryBytes, memoryBytesPerSecond, bf16FlopsPerSecond, fp8FlopsPerSecond, linkBytesPerSecond]:
    readonly [number, number, number, number | null, number],
  reached: DataSheet["reached"] = { memory: 1, matrices: 1 },
): DataSheet {
  return {
    name,
    // A name within a longer one is another card's: h200 in gh200, h20 in h200, l4 in l40.
    pattern: new RegExp(`(?<![a-z0-9])(${named.source})(?!\\d)`),
    memoryBytes,
    memoryBytesPerSecond,
    bf16FlopsPerSecond,
    fp8FlopsPerSecond,
    linkBytesPerSecond,
    hasFp4: FP4_CARDS.includes(name),
    reached,
  };
}

/** The data sheet of the card that a text names, or undefined. */
export function findDataSheet(text: string): DataSheet | undefined {
  const lower = text.toLowerCase();
  return DATA_SHEETS.find(({ pattern }) => pattern.test(lower));
}
