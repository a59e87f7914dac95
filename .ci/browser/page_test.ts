/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { parseKernelResult } from "../../bench/mod.ts";
import { readPage } from "../../cli/ui/serve_page.ts";
import { servePage } from "../../cli/ui/server.ts";
import { parseReport } from "../../conformance/mod.ts";
import { downloadText, missingChromium, openBrowser, openPage, waitForEnd } from "./chromium.ts";

const missing = missingChromium();
const BUILT = new URL("../../dist/ui/index.html", import.meta.url);
const ADDRESS = { hostname: "127.0.0.1", port: 0, allowRemote: false };
/** Few cases, of both programs and the append. */
const FEW = "kernel:mask:window kernel:append:rotation";
const LONGEST_MS = 240_000;

function test(name: string, run: (browser: Browser) => Promise<void>): void {
  Deno.test({
    name: missing === null ? name : `${name} [SKIPPED: ${missing}]`,
    ignore: missing !== null,
    // Playwright keeps pipes and timers of its own until the process ends.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const browser = await openBrowser();
      try {
        await run(browser);
      } finally {
        await browser.close();
      }
    },
  });
}

async function isVisible(page: Page, selector: string): Promise<boolean> {
  return await page.locator(selector).isVisible();
}

test("the page runs suites and benchmark after its server has gone, and asks for nothing", async (browser) => {
  const server = servePage(await readPage(), ADDRESS);
  const { page, complaints } = await openPage(browser, server.url);
  await server.close();
  await page.fill("#filter", FEW);
  await page.waitForSelector("#run:enabled");
  await page.click("#run");
  await page.waitForSelector("#progress progress");
  assert.match(await waitForEnd(page, LONGEST_MS), /^\d+ passed, 0 failed, 0 skipped/);
  assert.deepEqual(await page.locator("#matrix tbody th").allTextContents(), [
    "kernel:append",
    "kernel:mask",
  ]);
  assert.equal(await page.textContent("#verdict"), "Conformant");
  assert.equal(await page.locator("#progress progress").count(), 0);
  const report = parseReport(await downloadText(page, "#download-suites"), "report.jsonl");
  assert.ok(report.complete && report.summary.passed > 20 && report.summary.failed === 0);
  assert.match(report.run.environment["browser"] ?? "", /^Chromium \d+\./);
  assert.match(report.run.metadata["label"] ?? "", /swiftshader, subgroups of 4$/);
  const text = await downloadText(page, "#download-benchmark");
  const result = parseKernelResult(text, { file: "kernel.json" });
  assert.deepEqual(result.cases.map(({ outcome }) => outcome.kind), ["timed", "timed", "timed"]);
  assert.equal(result.adapter.dialect, "tint");
  assert.ok(result.adapter.isSoftware);
  // The picture was drawn, not only named.
  const width = await page.locator("#roofline img").evaluate((image) =>
    (image as HTMLImageElement).naturalWidth
  );
  assert.ok(width > 0);
  assert.match(await downloadText(page, "#download-roofline"), /^<svg/);
  assert.deepEqual(complaints, []);
});

test("the page opens from a file, starts by ?run, and stops when told", async (browser) => {
  const query = new URLSearchParams({ run: "", filter: "kernel:attend" });
  const { page, complaints } = await openPage(browser, `${BUILT}?${query}`);
  await page.waitForSelector("#matrix");
  await page.click("#stop");
  assert.match(await waitForEnd(page, LONGEST_MS), /^Stopped: \d+ passed/);
  assert.equal(await page.textContent("#verdict"), "Incomplete");
  assert.ok(!await isVisible(page, "#benchmark"));
  const report = parseReport(await downloadText(page, "#download-suites"), "report.jsonl");
  assert.ok(!report.complete && report.cases.length < report.run.cases);
  assert.ok(await page.isEnabled("#run"));
  assert.deepEqual(complaints, []);
});

test("the page says where a filter is wrong, and runs nothing", async (browser) => {
  const { page, complaints } = await openPage(browser, `${BUILT}?run&filter=kernel:Mask`);
  await page.waitForSelector("#refusal:not(:empty)");
  assert.match(await page.textContent("#refusal") ?? "", /Mask/);
  assert.equal(await page.getAttribute("#filter", "aria-invalid"), "true");
  assert.ok(!await isVisible(page, "#suites"));
  assert.deepEqual(complaints, []);
});

/** Serves the page with other code before its engine; its policy, which would forbid that, goes. */
async function servedWith(code: string): Promise<ReturnType<typeof servePage>> {
  const page = (await readPage())
    .replace('http-equiv="Content-Security-Policy"', 'name="no-policy"')
    .replace('id="engine">', () => `id="engine">${code};`);
  return servePage(page, ADDRESS);
}

test("the page shows failures of a device that computes wrongly, with commands", async (browser) => {
  const server = await servedWith(`
    const read = GPUBuffer.prototype.getMappedRange;
    GPUBuffer.prototype.getMappedRange = function (...range) {
      const bytes = read.apply(this, range);
      if (this.usage & GPUBufferUsage.MAP_READ) new Uint8Array(bytes).fill(0x41);
      return bytes;
    }`);
  const query = "run&only=suites&filter=kernel:mask:head_kinds";
  const { page, complaints } = await openPage(browser, `${server.url}?${query}`);
  assert.match(await waitForEnd(page, LONGEST_MS), /^0 passed, [1-9]\d* failed/);
  assert.equal(await page.textContent("#verdict"), "Not conformant");
  await page.locator("#failures summary").first().click();
  assert.match(
    await page.locator("#failures pre").first().textContent() ?? "",
    /^headwise conformance --subject webgpu --filter 'kernel:mask:head_kinds:[^']+'$/,
  );
  assert.deepEqual(complaints, []);
  await server.close();
});

test("the page says how to get WebGPU where there is none", async (browser) => {
  const server = await servedWith(
    'Object.defineProperty(WorkerNavigator.prototype, "gpu", { value: undefined })',
  );
  const { page, complaints } = await openPage(browser, `${server.url}?run`);
  await page.waitForSelector("[role=alert] li");
  assert.match(await page.textContent("#problem") ?? "", /This browser has no WebGPU.*version 113/);
  assert.ok(!await page.isEnabled("#run"));
  assert.deepEqual(complaints, []);
  await server.close();
});

test("the page survives the loss of its device, keeps what ran, and can run again", async (browser) => {
  const { page } = await openPage(browser, `${BUILT}?run&only=suites&filter=kernel:attend`);
  await page.waitForSelector("#matrix");
  const session = await browser.newBrowserCDPSession();
  await session.send("Browser.crashGpuProcess");
  await page.waitForSelector("#problem [role=alert]", { timeout: LONGEST_MS });
  assert.match(await page.textContent("#problem") ?? "", /The GPU device was lost/);
  const report = parseReport(await downloadText(page, "#download-suites"), "report.jsonl");
  assert.ok(!report.complete && report.summary.passed > 0);
  await page.fill("#filter", "kernel:mask:window");
  await page.click("#run");
  assert.match(await waitForEnd(page, LONGEST_MS), /^\d+ passed, 0 failed/);
  assert.equal(await page.locator("#problem [role=alert]").count(), 0);
});
