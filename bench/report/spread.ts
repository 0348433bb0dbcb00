/** The least, the middle and the greatest of several measurements. */
export interface Spread {
  readonly least: number;
  readonly median: number;
  readonly greatest: number;
}

/** @param values at least one */
export function spread(values: readonly number[]): Spread {
  const ascending = [...values].sort((a, b) => a - b);
  const at = (index: number) => ascending[index] as number;
  const middle = (ascending.length - 1) / 2;
  return {
    least: at(0),
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    greatest: at(ascending.length - 1),
  };
}

/** As `least / median / greatest`; one number where there is one measurement. */
export function spreadText(values: readonly number[], format: (value: number) => string = significant): string {
  const { least, median, greatest } = spread(values);
  return values.length === 1 ? format(median) : [least, median, greatest].map(format).join(" / ");
}

/** Three significant digits, thousands apart. */
export function significant(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}
