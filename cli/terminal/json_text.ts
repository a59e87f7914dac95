/** The JSON that commands print with `--json`: indented by two, without a newline at the end. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
