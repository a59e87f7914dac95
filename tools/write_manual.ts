import { buildRoutes } from "../cli/app.ts";
import { commandPageOf } from "../cli/manual/command_page.ts";
import { listManual } from "../cli/manual/manual.ts";
import { renderRoff } from "../cli/manual/render_roff.ts";
import { print } from "./print.ts";
import config from "../deno.json" with { type: "json" };

/**
 * Writes every page of the manual in roff.
 *
 * @param folder Folder that gets the pages; it is made if it is not there.
 * @param date Date of the pages, YYYY-MM-DD.
 */
export function writeManual(folder: string, date: string): readonly string[] {
  Deno.mkdirSync(folder, { recursive: true });
  return listManual(commandPageOf(buildRoutes())).map((page) => {
    const path = `${folder}/${page.name}.${page.chapter}`;
    Deno.writeTextFileSync(path, renderRoff(page, { version: config.version, date }));
    return path;
  });
}

/** The day of the build, or that of the sources where a packager says so. */
function dateOfBuild(): string {
  const epoch = Deno.env.get("SOURCE_DATE_EPOCH");
  const time = epoch === undefined ? Date.now() : 1000 * Number(epoch);
  return new Date(time).toISOString().slice(0, 10);
}

if (import.meta.main) {
  const paths = writeManual("dist/man", dateOfBuild());
  print(`Wrote ${paths.length} pages to 'dist/man'; try: man -l ${paths[0]}`);
}
