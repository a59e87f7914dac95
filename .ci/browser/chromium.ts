/// <reference lib="dom" />
import fs from "node:fs";
import type { Browser, Page } from "playwright-core";

/** Where Debian and its kin install it. */
const PROGRAM = "/usr/bin/chromium";

/** WebGPU on SwiftShader, whatever the machine has, and none of the browser's own errands. */
const ARGUMENTS: string[] = [
  "--headless=new",
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Why there is no browser to test with, or null where there is one. */
export function missingChromium(): string | null {
  try {
    Deno.statSync(PROGRAM);
    return null;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return `there is no '${PROGRAM}'; apt-get install chromium`;
  }
}

/** A page, and what went wrong in it that it does not show. */
export interface WatchedPage {
  /** The page. */
  readonly page: Page;
  /** Errors of console and scripts, and requests for anything but the page. */
  readonly complaints: string[];
}

/** Opens a browser of its own, with a fresh profile. */
export async function openBrowser(): Promise<Browser> {
  const { chromium } = await loadPlaywright();
  return await chromium.launch({
    executablePath: PROGRAM,
    args: ARGUMENTS,
    // Playwright's own handlers would outlive the browser.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
}

/**
 * While it loads, Playwright looks for signs of Windows below a Linux. Deno lets no one look into
 * `/proc` who may not do everything, so they are answered here: there are none.
 */
async function loadPlaywright(): Promise<typeof import("playwright-core")> {
  const { existsSync } = fs;
  fs.existsSync = (path) => !/^\/(?:proc|run)\//.test(String(path)) && existsSync(path);
  try {
    return await import("playwright-core");
  } finally {
    fs.existsSync = existsSync;
  }
}

/** Opens a page that may ask for `url` alone. */
export async function openPage(
  browser: Browser,
  url: string,
  o: { readonly colorScheme?: "light" | "dark"; readonly width?: number } = {},
): Promise<WatchedPage> {
  const page = await browser.newPage({
    acceptDownloads: true,
    colorScheme: o.colorScheme ?? "light",
    viewport: { width: o.width ?? 1100, height: 900 },
  });
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const asked = request.url();
    const isOwn = asked === url || asked.startsWith("blob:") || asked.startsWith("data:");
    if (!isOwn) complaints.push(`The page asked for '${asked}'`);
  });
  await page.goto(url);
  return { page, complaints };
}

/** Waits until a run that has begun is over, and gives the page's one line about it. */
export async function waitForEnd(page: Page, timeoutMs: number): Promise<string> {
  await page.waitForFunction(
    () => {
      const { document } = globalThis as unknown as { document: Document };
      return document.documentElement.dataset["phase"] === "idle" &&
        /passed|done|Not ready/.test(document.getElementById("status")?.textContent ?? "");
    },
    undefined,
    { timeout: timeoutMs },
  );
  return await page.textContent("#status") ?? "";
}

/** Presses a button that downloads, and reads the file. */
export async function downloadText(page: Page, button: string): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(button)]);
  return await Deno.readTextFile(await download.path());
}
