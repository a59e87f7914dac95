/** Runs kernel suites in Chromium, through the page, and counts: WGSL's second compiler, Tint. */

import { parseReport, renderReports, type ReportFile } from "../../conformance/mod.ts";
import { readPage } from "../../cli/ui_page.ts";
import { servePage } from "../../cli/ui_server.ts";
import { downloadText, missingChromium, openBrowser, openPage, waitForEnd } from "./chromium.ts";

/** Every case with subgroups; without them, what the portable program does differently. */
const RUNS = [
  { subgroups: "auto", filter: "kernel" },
  { subgroups: "off", filter: "kernel:attend:layout kernel:attend:length kernel:mask:tree" },
] as const;
const LONGEST_RUN_MS = 600_000;

async function judge(): Promise<ReportFile[]> {
  const address = { hostname: "127.0.0.1", port: 0, allowRemote: false };
  const server = servePage(await readPage(), address);
  const browser = await openBrowser();
  try {
    const reports: ReportFile[] = [];
    for (const { subgroups, filter } of RUNS) {
      const query = new URLSearchParams({ run: "", only: "suites", subgroups, filter });
      const { page, complaints } = await openPage(browser, `${server.url}?${query}`);
      say(`${filter}, subgroups ${subgroups}: ${await waitForEnd(page, LONGEST_RUN_MS)}`);
      const report = await downloadText(page, "#download-suites");
      if (complaints.length > 0) throw new Error(complaints.join("\n"));
      reports.push(parseReport(report, `chromium-${subgroups}.jsonl`));
      await page.close();
    }
    return reports;
  } finally {
    await browser.close();
    await server.close();
  }
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) {
  const missing = missingChromium();
  if (missing !== null) {
    say(`Cannot judge the kernel in Chromium: ${missing}`);
    Deno.exit(4);
  }
  const reports = await judge();
  const bad = reports.flatMap(({ cases }) =>
    cases.filter(({ outcome: { kind } }) => kind === "fail" || kind === "error")
  );
  if (bad.length > 0) say(renderReports("tap", reports));
  const count = (name: "passed" | "skipped"): number =>
    reports.reduce((sum, { summary }) => sum + summary[name], 0);
  const isWhole = reports.every(({ complete }) => complete);
  if (!isWhole) say("A run ended before its last case");
  say(`${count("passed")} passed, ${bad.length} failed, ${count("skipped")} skipped`);
  Deno.exit(isWhole && bad.length === 0 ? 0 : 1);
}
