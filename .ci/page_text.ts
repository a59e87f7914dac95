import { createHash } from "node:crypto";

/** What the page is made of. */
export interface PageParts {
  /** HTML with a mark for each of the others. */
  readonly template: string;
  /** Version of the tool. */
  readonly version: string;
  /** CSS. */
  readonly style: string;
  /** Code of the page. */
  readonly script: string;
  /** Code of its worker. */
  readonly engine: string;
}

/**
 * Puts the parts together: one file that needs no other, with a policy that allows nothing but it.
 *
 * @throws {Error} When a mark of the template is missing, or stands there twice.
 */
export function assemblePage(o: PageParts): string {
  const page = fill(o.template, {
    "VERSION": o.version,
    "/* style */": endNothing(o.style),
    "/* engine */": endNothing(o.engine),
    "/* script */": endNothing(o.script),
  });
  return fill(page, { '"POLICY"': `"${policyOf(page)}"` });
}

/** In HTML a script ends at its end tag, in a text of its code too. */
function endNothing(code: string): string {
  return code.trimEnd().replaceAll(/<(?=\/(?:script|style)|!--)/gi, "\\x3c");
}

function fill(template: string, texts: Readonly<Record<string, string>>): string {
  // Split first, for a text may hold the mark of another one.
  const marks = Object.keys(texts);
  for (const mark of marks) {
    const count = template.split(mark).length - 1;
    if (count !== 1) throw new Error(`Cannot fill the page: '${mark}' stands in it ${count} times`);
  }
  const anyMark = new RegExp(`(${marks.map((mark) => RegExp.escape(mark)).join("|")})`);
  return template.split(anyMark).map((part) => texts[part] ?? part).join("");
}

/** Allows the texts of this very page, workers and images that it makes itself, and no request. */
function policyOf(page: string): string {
  const hashesOf = (tag: string): string =>
    [...page.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, "gs"))]
      .map(([, text]) => `'sha256-${createHash("sha256").update(text!).digest("base64")}'`)
      .join(" ");
  return [
    "default-src 'none'",
    `script-src ${hashesOf("script")}`,
    `style-src ${hashesOf("style")}`,
    "worker-src blob:",
    "img-src blob: data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}
