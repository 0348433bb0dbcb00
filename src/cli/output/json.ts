/** JSON as every command prints it: two spaces, one line end; keys in the order they were made, so equal for equal input. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
