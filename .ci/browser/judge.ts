/**
 * Runs the kernel suites in Chromium, through the page, and counts: WGSL's second compiler, Tint.
 * With `--quick` it runs what compiles each kind of program; queries as arguments choose the cases.
 */

import { describeCase, parseReport, type ReportFile } from "../../conformance/mod.ts";
import { readPage } from "../../cli/ui/serve_page.ts";
import { servePage } from "../../cli/ui/server.ts";
import { downloadText, missingChromium, openBrowser, openPage, waitForEnd } from "./chromium.ts";
import { print } from "../../tools/print.ts";

/** What the portable program, which has no subgroups, does differently. */
const PORTABLE = "kernel:attend:layout kernel:mask:tree kernel:c4:every_code";
/** Each kind of program, mask, layout and storage at least once; compiling takes most of the time. */
const QUICK = [
  "kernel:attend:geometry:rows=decode;*",
  "kernel:attend:geometry:rows=mixed;size=128;*",
  "kernel:attend:layout",
  "kernel:mask:head_kinds",
  "kernel:mask:nothing_visible",
  "kernel:mask:tree",
  "kernel:mask:window",
  "kernel:append:layout",
  "kernel:append:rotation",
  "kernel:dual:merge:kinds=ffww;*",
  "kernel:softmax",
  "kernel:sentinel:full_row",
  "kernel:c8:every_code",
  "kernel:c8:mixed",
  "kernel:c4:format",
  "kernel:append_codes:mixed",
].join(" ");
const LONGEST_RUN_MS = 2_400_000;
/** A case may have to compile for long where other programs run beside it. */
const LONGEST_CASE_MS = 120_000;

async function judge(filter: string): Promise<ReportFile[]> {
  const address = { hostname: "127.0.0.1", port: 0, allowRemote: false };
  const server = servePage(await readPage(), address);
  const browser = await openBrowser();
  try {
    const reports: ReportFile[] = [];
    for (const [subgroups, chosen] of [["auto", filter], ["off", PORTABLE]] as const) {
      const query = new URLSearchParams({
        run: "",
        only: "suites",
        subgroups,
        filter: chosen,
        "timeout-ms": String(LONGEST_CASE_MS),
      });
      const { page, complaints } = await openPage(browser, `${server.url}?${query}`);
      print(`subgroups ${subgroups}: ${await waitForEnd(page, LONGEST_RUN_MS)}`);
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

if (import.meta.main) {
  const missing = missingChromium();
  if (missing !== null) {
    print(`Cannot judge the kernel in Chromium: ${missing}`);
    Deno.exit(4);
  }
  const queries = Deno.args.filter((each) => each !== "--quick");
  if (Deno.args.includes("--quick")) queries.push(QUICK);
  const reports = await judge(queries.length === 0 ? "kernel" : queries.join(" "));
  const bad = reports.flatMap(({ cases }) =>
    cases.filter(({ outcome: { kind } }) => kind === "fail" || kind === "error")
  );
  for (const row of bad) print(`${row.query}: ${describeCase(row)}`);
  const count = (name: "passed" | "skipped"): number =>
    reports.reduce((sum, { summary }) => sum + summary[name], 0);
  const isWhole = reports.every(({ complete }) => complete);
  if (!isWhole) print("A run ended before its last case");
  print(`${count("passed")} passed, ${bad.length} failed, ${count("skipped")} skipped`);
  Deno.exit(isWhole && bad.length === 0 ? 0 : 1);
}
