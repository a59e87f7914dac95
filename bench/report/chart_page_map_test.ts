import assert from "node:assert/strict";
import type { PageHistory } from "../result/mod.ts";
import { pageMapSpec } from "./chart_page_map.ts";

Deno.test("pageMapSpec() puts panels below one another, apart and over the whole height", () => {
  for (const panels of [1, 2, 3, 5]) {
    const rows = Array.from({ length: panels }, () => ({ kind: "full", stretches: [] }));
    const spec = pageMapSpec({ rows, steps: [] } as unknown as PageHistory, {
      steps: [0, 9],
      pages: 4,
    });
    const ranges = (spec.scales ?? []).flatMap(({ name, ...scale }) => {
      if (!/^y-\d+$/.test(name)) return [];
      const [bottom, top] = (scale as { range: { signal: string }[] }).range.map(({ signal }) =>
        Number(/^height \* ([\d.e-]+)$/.exec(signal)![1])
      );
      return [{ top: top!, bottom: bottom! }];
    });
    assert.equal(ranges.length, panels);
    assert.equal(ranges[0]!.top, 0);
    assert.equal(ranges.at(-1)!.bottom, 1);
    ranges.forEach(({ top, bottom }, panel) => {
      assert.ok(bottom > top);
      if (panel === 0) return;
      const gap = top - ranges[panel - 1]!.bottom;
      assert.ok(gap > 0 && gap < (bottom - top) / 2, `panel ${panel}: ${gap}`);
    });
  }
});
