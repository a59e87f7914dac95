import assert from "node:assert/strict";
import { buildAllocator } from "./builders_test.ts";
import {
  AllocatorError,
  type AllocatorOptions,
  HeadMapError,
  type Layout,
  TableError,
} from "./mod.ts";

Deno.test("createAllocator() refuses an option by name when it is out of range", () => {
  const table: readonly (readonly [Partial<AllocatorOptions>, RegExp])[] = [
    [{ slots: 0 }, /slots "0"/],
    [{ pagesPerHead: 0 }, /pagesPerHead "0"/],
    [{ pagesPerHead: 1.5 }, /pagesPerHead "1.5"/],
    [{ modelLengthTokens: 0 }, /modelLengthTokens "0"/],
    [{ preallocatedPages: -1 }, /preallocatedPages "-1"/],
    [{ pageSizeTokens: 8 }, /pageSizeTokens "8"/],
    [{ pageSizeTokens: 48 }, /pageSizeTokens "48"/],
    [{ pageSizeTokens: 512 }, /pageSizeTokens "512"/],
    [{ pagesPerHead: 2 ** 30 }, /fewer than 2\^31/],
    [{ layout: "pooled", pagesPerHead: 2 ** 30 }, /fewer than 2\^31/],
  ];
  for (const [change, message] of table) {
    assert.throws(() => buildAllocator(change), (error) => {
      assert.ok(error instanceof AllocatorError);
      assert.equal(error.code, "options/invalid");
      assert.match(error.message, message);
      return true;
    });
  }
  assert.throws(() => buildAllocator({ columns: 0 }), TableError);
  assert.throws(() => buildAllocator({ layout: "flat" as Layout }), TableError);
  assert.throws(() => buildAllocator({ windowTokens: -1 }), HeadMapError);
});

Deno.test("createAllocator() accepts every page size of the ABI", () => {
  for (const pageSizeTokens of [16, 32, 64, 128, 256]) {
    assert.equal(buildAllocator({ pageSizeTokens }).options.pageSizeTokens, pageSizeTokens);
  }
});

Deno.test("createAllocator() refuses prefix sharing, together with recycling by its clause", () => {
  const codeOf = (recycle: boolean): string => {
    try {
      buildAllocator({ prefixSharing: true, recycle });
    } catch (error) {
      if (error instanceof AllocatorError) return error.code;
    }
    return "";
  };
  assert.equal(codeOf(true), "prefix/window");
  assert.equal(codeOf(false), "options/invalid");
});
