/**
 * Makes a parser that accepts a decimal number.
 *
 * @returns A parser that throws with the bound.
 */
export function decimalNumber(o: { readonly min: number }): (text: string) => number {
  return (text) => {
    const value = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (value >= o.min) return value;
    throw new RangeError(`expected a number of at least ${o.min}`);
  };
}
