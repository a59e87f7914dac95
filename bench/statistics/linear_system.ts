/** Linear systems of a few unknowns. */

/**
 * Solves a system by elimination with pivots, in place.
 *
 * @param matrix Rows of the coefficients, the right-hand side behind them;
 * they are overwritten.
 * @returns The unknowns in column order, not finite where the matrix is singular.
 */
export function solveLinear(matrix: (number[] | Float64Array)[]): number[] {
  const size = matrix.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(matrix[row][column]) > Math.abs(matrix[pivot][column])) pivot = row;
    }
    [matrix[column], matrix[pivot]] = [matrix[pivot], matrix[column]];
    for (let row = column + 1; row < size; row++) {
      const factor = matrix[row][column] / matrix[column][column];
      for (let k = column; k <= size; k++) matrix[row][k] -= factor * matrix[column][k];
    }
  }
  const result = new Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row--) {
    let sum = matrix[row][size];
    for (let column = row + 1; column < size; column++) sum -= matrix[row][column] * result[column];
    result[row] = sum / matrix[row][row];
  }
  return result;
}
