/// <reference lib="dom" />
/** Entry of the page: controls, the engine's worker, and the views of what it tells. */

import { viewBenchmark } from "./benchmark_views.ts";
import { buildNode, type View } from "./element.ts";
import type { EngineMessage, EngineRequest } from "./messages.ts";
import { readOrder, writeOrder } from "./run_order.ts";
import { viewAdapter, viewProblem, viewProgress, viewStatus } from "./run_views.ts";
import {
  canRun,
  canRunTicked,
  FIRST_STATE,
  type PageState,
  startRun,
  stopRun,
  takeIn,
} from "./state.ts";
import { viewFailures, viewMatrix, viewVerdict } from "./suite_views.ts";

const part = <T extends HTMLElement = HTMLElement>(id: string): T => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element '${id}'`);
  return found as T;
};

const filter = part<HTMLInputElement>("filter");
const withSuites = part<HTMLInputElement>("with-suites");
const withBenchmark = part<HTMLInputElement>("with-benchmark");
const withSubgroups = part<HTMLInputElement>("with-subgroups");
const runButton = part<HTMLButtonElement>("run");
const stopButton = part<HTMLButtonElement>("stop");

const SHOW_EVERY_MS = 50;

const asked = readOrder(new URLSearchParams(location.search));
let state: PageState = { ...FIRST_STATE, refusal: asked.fault };
let shown: PageState | null = null;
let isWaiting = false;
let pictureUrl: string | null = null;

const engine = startEngine();
filter.value = asked.order.filter ?? "kernel";
withSuites.checked = asked.order.filter !== null;
withBenchmark.checked = asked.order.benchmark;
withSubgroups.checked = asked.order.subgroups === "auto";

part("controls").addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
stopButton.addEventListener("click", () => {
  state = stopRun(state);
  show();
  ask({ kind: "cancel" });
});
for (const control of [withSuites, withBenchmark]) control.addEventListener("change", show);
for (const [id, name, type, textOf] of downloads()) {
  part(id).addEventListener("click", () => {
    const text = textOf(state);
    if (text !== null) download(name, new Blob([text], { type }));
  });
}
ask({ kind: "describe" });
show();

function startEngine(): Worker {
  // The worker's code stands in the page as text, so that it needs no file beside it.
  const code = part("engine").textContent ?? "";
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.addEventListener("message", ({ data }: MessageEvent<EngineMessage>) => {
    const wasOpening = state.phase.kind === "opening";
    update(takeIn(state, data));
    if (data.kind === "ended" && wasOpening && asked.isOrdered && asked.fault === null) run();
  });
  worker.addEventListener("error", ({ message }) => {
    const title = `The page's worker ended: ${message}`;
    const problem = { title, fixes: ["Load the page again."] };
    update({ ...state, problem, phase: { kind: "idle" }, adapter: null });
  });
  return worker;
}

function ask(request: EngineRequest): void {
  engine.postMessage(request);
}

function run(): void {
  if (!canRun(state)) return;
  state = startRun(state);
  show();
  const order = writeOrder({
    filter: filter.value,
    suites: withSuites.checked,
    benchmark: withBenchmark.checked,
    subgroups: withSubgroups.checked,
    timeoutMs: asked.order.timeoutMs,
  });
  ask({ kind: "run", order });
}

function update(next: PageState): void {
  state = next;
  // A few times a second is enough, however fast cases end. A hidden page has timers, but no frames.
  if (isWaiting) return;
  isWaiting = true;
  setTimeout(() => {
    isWaiting = false;
    show();
  }, SHOW_EVERY_MS);
}

function show(): void {
  const before = shown;
  shown = state;
  const { problem, refusal, cases, bad, suites, benchmark, phase, families } = state;
  const changed = (key: keyof PageState): boolean => before?.[key] !== state[key];
  // Not during a run, which would close the details.
  if (changed("adapter") || before?.phase.kind === "opening") {
    replace("adapter", viewAdapter(state));
  }
  if (changed("problem")) replace("problem", viewProblem(problem));
  if (changed("phase")) replace("progress", viewProgress(state));
  if (changed("suites")) replace("verdict", viewVerdict(suites));
  if (changed("cases")) replace("matrix-place", viewMatrix(cases));
  if (changed("bad")) replace("failures", viewFailures(bad));
  if (changed("benchmark")) showBenchmark(benchmark);
  if (changed("families")) {
    replace(
      "families",
      families.map((value) => ({ tag: "option", attributes: { value }, children: [] })),
    );
  }
  setText("status", viewStatus(state));
  setText("refusal", refusal ?? "");
  filter.setAttribute("aria-invalid", String(refusal !== null));
  const isIdle = phase.kind === "idle";
  const ticked = { suites: withSuites.checked, benchmark: withBenchmark.checked };
  runButton.disabled = !canRunTicked(state, ticked);
  stopButton.disabled = isIdle || phase.kind === "opening" || state.isStopping;
  part("suites").hidden = cases.length === 0 && suites === null;
  part("benchmark").hidden = benchmark === null;
  for (const [id, , , textOf] of downloads()) part(id).hidden = textOf(state) === null;
  document.documentElement.dataset["phase"] = phase.kind;
}

function replace(id: string, views: readonly View[]): void {
  part(id).replaceChildren(...views.map((view) => buildNode(view, document)));
}

/** A live region is read out on every change, so an equal text is no change. */
function setText(id: string, text: string): void {
  const target = part(id);
  if (target.textContent !== text) target.textContent = text;
}

function showBenchmark(benchmark: PageState["benchmark"]): void {
  replace("figures-place", viewBenchmark(benchmark));
  if (pictureUrl !== null) URL.revokeObjectURL(pictureUrl);
  pictureUrl = null;
  const picture = benchmark?.kind === "report" ? benchmark.report.picture : null;
  const place = part("roofline");
  place.hidden = picture === null;
  place.replaceChildren();
  if (picture === null) return;
  // As an image it brings its style along, which the page's policy would not let it have inline.
  pictureUrl = URL.createObjectURL(new Blob([picture], { type: "image/svg+xml" }));
  const image = document.createElement("img");
  image.src = pictureUrl;
  image.alt = "Roofline: both ceilings, and a dot for each case; its figures stand in the table";
  place.append(image);
}

type Download = readonly [
  id: string,
  name: string,
  type: string,
  textOf: (state: PageState) => string | null,
];

function downloads(): readonly Download[] {
  const report = ({ benchmark }: PageState) =>
    benchmark?.kind === "report" ? benchmark.report : null;
  return [
    [
      "download-suites",
      "headwise-conformance.jsonl",
      "application/jsonl",
      (s) => s.suites?.text ?? null,
    ],
    [
      "download-benchmark",
      "headwise-kernel.json",
      "application/json",
      (s) => report(s)?.text ?? null,
    ],
    [
      "download-roofline",
      "headwise-roofline.svg",
      "image/svg+xml",
      (s) => report(s)?.picture ?? null,
    ],
  ];
}

function download(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
