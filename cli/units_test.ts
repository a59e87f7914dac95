import assert from "node:assert/strict";
import {
  formatBytes,
  formatChange,
  formatCount,
  formatDuration,
  formatNumber,
  formatRate,
} from "./units.ts";

Deno.test("formatDuration() changes its unit with the size", () => {
  const cases: [number | null, string][] = [
    [0, "0 ms"],
    [0.00123, "1.23 µs"],
    [0.8124, "812 µs"],
    [1, "1.00 ms"],
    [43.21, "43.2 ms"],
    [1234.5, "1,235 ms"],
    [12_345, "12.3 s"],
    [null, "–"],
  ];
  for (const [value, text] of cases) assert.equal(formatDuration(value), text);
});

Deno.test("formatNumber() keeps three significant digits below a hundred", () => {
  const cases: [number | null, string][] = [
    [0, "0"],
    [0.012345, "0.0123"],
    [0.1, "0.100"],
    [4.068, "4.07"],
    [99.94, "99.9"],
    [12_031.4, "12,031"],
    [null, "–"],
  ];
  for (const [value, text] of cases) assert.equal(formatNumber(value), text);
});

Deno.test("formatChange() gives no sign to a change that rounds to nothing", () => {
  assert.equal(formatChange(1.3), "+30.0 %");
  assert.equal(formatChange(0.9999), "±0.0 %");
  assert.equal(formatChange(null), "–");
});

Deno.test("formatBytes() uses binary units", () => {
  assert.equal(formatBytes(512), "512 B");
  assert.equal(formatBytes(1536), "1.50 KiB");
  assert.equal(formatBytes(2 ** 31), "2 GiB");
});

Deno.test("formatCount() keeps whole numbers whole and rounds means", () => {
  assert.equal(formatCount(12_031), "12,031");
  assert.equal(formatCount(11 / 3), "3.67");
  assert.equal(formatCount(null), "–");
});

Deno.test("formatRate() uses decimal units", () => {
  assert.equal(formatRate(1e11, "B"), "100 GB/s");
  assert.equal(formatRate(989e12, "FLOP"), "989 TFLOP/s");
  assert.equal(formatRate(1e12, "B"), "1.00 TB/s");
  assert.equal(formatRate(12, "FLOP"), "12.0 FLOP/s");
});
