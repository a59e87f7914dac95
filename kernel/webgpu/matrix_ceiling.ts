/** What an adapter's subgroup matrices multiply at best: independent chains that stay in registers. */

import { createBuffer, type Gpu } from "./gpu.ts";
import type { MatrixUnit, Program } from "./program.ts";
import { medianTime, timeProgram } from "./pass_timer.ts";

const CHAINS = 8;
const SUBGROUPS = 4;
const RUNS = 15;

function repeat(line: (index: number) => string): string {
  return Array.from({ length: CHAINS }, (_, index) => line(index)).join("\n");
}

/** The program: every subgroup adds one product to each of its sums, `rounds` times. */
export function matrixChainProgram(
  unit: MatrixUnit,
  o: { readonly subgroupSize: number; readonly rounds: number },
): Program {
  const { size } = unit;
  const result = `subgroup_matrix_result<f32, ${size}, ${size}>`;
  const code = `enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

@group(0) @binding(0) var<storage, read_write> sink: array<f32>;
var<workgroup> operands: array<u32, ${size * size / 2}>;

@compute @workgroup_size(${SUBGROUPS * o.subgroupSize})
fn multiplyMatrices(
  @builtin(subgroup_id) subgroup: u32,
  @builtin(local_invocation_index) local: u32,
) {
  for (var at = local; at < ${size * size / 2}u; at += ${SUBGROUPS * o.subgroupSize}u) {
    operands[at] = pack2x16float(vec2<f32>(f32(at % 7u) * 0.01, f32(at % 5u) * -0.01));
  }
  workgroupBarrier();
  let left = subgroupMatrixLoad<subgroup_matrix_left<f16, ${size}, ${size}>, row_major>(&operands, 0u, ${
    size / 2
  }u);
  let right = subgroupMatrixLoad<subgroup_matrix_right<f16, ${size}, ${size}>, col_major>(&operands, 0u, ${
    size / 2
  }u);
${repeat((i) => `  var sum${i} = ${result}();`)}
  for (var round = 0u; round < ${o.rounds}u; round++) {
${repeat((i) => `    sum${i} = subgroupMatrixMultiplyAccumulate(left, right, sum${i});`)}
  }
${
    repeat((i) =>
      `  subgroupMatrixStore<row_major>(&sink, (subgroup * ${CHAINS}u + ${i}u) * ${
        size * size
      }u, ` +
      `sum${i}, ${size}u);`
    )
  }
}`;
  return {
    name: `ceiling:matrix;size=${size};subgroup=${o.subgroupSize};rounds=${o.rounds}`,
    code,
    entryPoint: "multiplyMatrices",
    workgroupSize: SUBGROUPS * o.subgroupSize,
  };
}

/**
 * Measures the matrix ceiling.
 *
 * @param gpu An open GPU with timestamp queries.
 * @returns Operations per second, f16 products added in f32, median of the runs; null where the
 * adapter has no such matrices.
 */
export async function measureMatrixCeiling(gpu: Gpu): Promise<number | null> {
  const { matrix, subgroupSize } = gpu.target;
  if (matrix === undefined) return null;
  const rounds = gpu.isSoftware ? 1 : 2048;
  const workgroups = gpu.isSoftware ? 1 : 1056;
  const program = matrixChainProgram(matrix, { subgroupSize, rounds });
  const sink = createBuffer(gpu, {
    label: "matrix sums",
    sizeBytes: SUBGROUPS * CHAINS * matrix.size ** 2 * 4,
    usage: GPUBufferUsage.STORAGE,
  });
  try {
    const runs = gpu.isSoftware ? 3 : RUNS;
    const times = await timeProgram(gpu, program, { runs, workgroups, output: sink });
    const flops = workgroups * SUBGROUPS * rounds * CHAINS * 2 * matrix.size ** 3;
    return flops / (medianTime(times) / 1000);
  } finally {
    sink.destroy();
  }
}
