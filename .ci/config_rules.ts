import type { Breach, SourceFile } from "./source_tree.ts";

interface ProjectConfig {
  readonly imports?: Readonly<Record<string, string>>;
  readonly tasks?: Readonly<Record<string, { description?: string; command?: string } | string>>;
}

const PERMISSION_WITHOUT_NAMES =
  /^(?:--allow-(?:env|ffi|import|net|read|run|sys|write)|-[RWENSI])$/;
const EXACT_PIN = /^npm:(?:@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+$/;

/** Every dependency is an npm package at one exact version. */
export function checkPins(files: readonly SourceFile[]): Breach[] {
  return Object.entries(readConfig(files).imports ?? {})
    .filter(([, specifier]) => !EXACT_PIN.test(specifier))
    .map(([name, specifier]) => ({
      rule: "exact-pins",
      path: "deno.json",
      message: `Import '${name}' is '${specifier}'; write 'npm:NAME@MAJOR.MINOR.PATCH'`,
    }));
}

/** Every task says what it does and names each permission it takes. */
export function checkTasks(files: readonly SourceFile[]): Breach[] {
  const breaches: Breach[] = [];
  for (const [name, task] of Object.entries(readConfig(files).tasks ?? {})) {
    const breach = (message: string): void => {
      breaches.push({ rule: "task", path: "deno.json", message: `Task '${name}' ${message}` });
    };
    const command = typeof task === "string" ? task : task.command ?? "";
    if (typeof task === "string" || !task.description) breach("has no description");
    for (const word of command.split(/\s+/)) {
      if (word === "-A" || word === "--allow-all") breach(`takes every permission with '${word}'`);
      if (PERMISSION_WITHOUT_NAMES.test(word)) {
        breach(`takes '${word}' without naming what for`);
      }
    }
  }
  return breaches;
}

/** No file names a place outside the checkout, or one person's machine. */
export function checkPlaces(files: readonly SourceFile[]): Breach[] {
  const outside = /\/(?:work|root|home)\/[a-z]|\.\.\/shared\b/;
  const breaches: Breach[] = [];
  for (const { path, text } of files) {
    text.split("\n").forEach((line, index) => {
      const found = outside.exec(line);
      if (found === null) return;
      const message = `Line ${index + 1} names '${found[0]}', a place outside the checkout`;
      breaches.push({ rule: "places", path, message });
    });
  }
  return breaches;
}

function readConfig(files: readonly SourceFile[]): ProjectConfig {
  const config = files.find(({ path }) => path === "deno.json");
  if (config === undefined) {
    throw new Error("Cannot find 'deno.json'; run from the checkout's root");
  }
  return JSON.parse(config.text) as ProjectConfig;
}
