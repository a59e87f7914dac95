#!/usr/bin/env python3
"""FastDeploy's head-wise free lists, as a headwise adapter.

    headwise conformance --filter allocator \
      --subject 'exec:python3 conformance/adapters/python/fastdeploy_adapter.py'

The manager of the engine allocates [H][n] ids that are local to the head, one free list a head, and
clears what it recycles to -1 at page boundaries. The engine is imported; this file holds none of it.
Releases of FastDeploy without `gpu_free_head_wise_block_lists` are refused by name.
"""

from types import SimpleNamespace

from headwise_protocol import Refused, serve, with_tensors
from row_tables import int32_tensor, whole

LISTS = "gpu_free_head_wise_block_lists"


def load_engine():
    """Makes a cache manager of the installed FastDeploy with head-wise lists."""
    from fastdeploy.cache_manager import prefix_cache_manager

    def make(heads, pages):
        manager = object.__new__(prefix_cache_manager.PrefixCacheManager)
        manager.kv_num_heads = heads
        manager.num_gpu_blocks = pages
        setattr(manager, LISTS, [list(range(pages)) for _ in range(heads)])
        for method in ("allocate_gpu_blocks_head_wise", "recycle_gpu_blocks_head_wise"):
            if not hasattr(manager, method):
                raise SystemExit(f"Cannot judge this FastDeploy: it has no {method}")
        return manager

    return SimpleNamespace(make=make)


class FastDeployAdapter:
    """Head-wise rows of requests over the engine's lists."""

    name = "fastdeploy-headwise"
    capabilities = ["allocator.headwise", "allocator.heads", "allocator.recycle", "allocator.sinks",
                    "allocator.tensor_parallel"]
    policies = {"shortage": "bare"}

    def __init__(self, engine=None):
        self.engine = engine or load_engine()

    def shard(self, request):
        kv = whole(request["kvHeadsGlobal"], 1, "tp/divisible", "kvHeadsGlobal")
        query = whole(request["queryHeadsGlobal"], 1, "tp/divisible", "queryHeadsGlobal")
        ranks = whole(request["ranks"], 1, "tp/divisible", "ranks")
        whole(request["rank"], 0, "tp/divisible", "rank", ranks)
        if query % ranks or (kv >= ranks and kv % ranks):
            raise Refused("tp/divisible", f"Cannot divide {kv} and {query} heads over {ranks} ranks")
        return {"kvHeads": max(1, kv // ranks), "queryHeads": query // ranks}

    def create(self, request):
        spec = request["spec"]
        ranks, rank = spec["tensorParallel"]["ranks"], spec["tensorParallel"]["rank"]
        shard = self.shard({"kvHeadsGlobal": spec["kvHeads"], "rank": rank,
                            "queryHeadsGlobal": spec["queryHeads"], "ranks": ranks})
        if spec["prefixSharing"]:
            raise Refused("prefix/window", "Head-wise tables and prefix caching exclude each other")
        self.heads, self.slots = shard["kvHeads"], whole(spec["slots"], 1, "shape/rows", "slots")
        self.page = whole(spec["pageSizeTokens"], 1, "shape/group", "pageSizeTokens")
        self.limit = whole(spec["modelLengthTokens"], 1, "pool/extend", "modelLengthTokens")
        self.window = whole(spec["windowTokens"], 0, "mask/head-kinds", "windowTokens")
        self.sinks = whole(spec["sinkTokens"], 0, "mask/head-kinds", "sinkTokens")
        self.recycles, self.columns = spec["recycle"], -(-self.limit // self.page)
        if spec["columns"] is not None:
            self.columns = whole(spec["columns"], 1, "shape/columns-positive", "columns")
        self.windows = self._window_heads(spec["heads"], rank, ranks)
        self.pages = whole(spec["pagesPerHead"], 1, "pool/per-head", "pagesPerHead")
        self.manager = self.engine.make(self.heads, self.pages)
        self.rows, self.lengths, self.recycled = {}, {}, {}
        return None

    def _window_heads(self, heads, rank, ranks):
        if heads["kind"] == "layers":
            kinds = {tuple(layer) for layer in heads["kindsByLayer"]}
            if len(kinds) > 1:
                raise Refused("layout/per-layer-groups", "All layers share one table")
            layer = heads["kindsByLayer"][0]
            first = rank * len(layer) // ranks  # where heads are fewer, ranks in a row share one
            return [kind == "window" for kind in layer[first:first + self.heads]]
        ratio = heads["ratio"]
        if isinstance(ratio, str) or not 0 <= ratio <= 1:
            raise Refused("mask/head-kinds", f"Cannot use the ratio {ratio}")
        count = int(self.heads * ratio)
        start = 0 if heads["pattern"] == "first" else self.heads - count
        return [start <= head < start + count for head in range(self.heads)]

    def admit(self, request):
        slot, length = self._slot(request), self._length(request)
        if slot in self.rows:
            raise Refused("slot/occupied", f"Slot {slot} holds a request")
        if length < 1:
            raise Refused("length/invalid", "A request has at least one token")
        return self._grow(slot, length, [[] for _ in range(self.heads)])

    def extend(self, request):
        slot, length = self._slot(request), self._length(request)
        return self._grow(slot, length, self._held(slot))

    def _grow(self, slot, length, rows):
        if length > min(self.limit, self.columns * self.page):
            raise Refused("past-columns", f"Cannot hold {length} tokens")
        pages = -(-length // self.page) - len(rows[0])
        if pages > 0:
            if min(map(len, getattr(self.manager, LISTS))) < pages:
                return {"kind": "shortage"}
            for row, ids in zip(rows, self.manager.allocate_gpu_blocks_head_wise(pages)):
                row.extend(ids)
        self.rows[slot], self.lengths[slot] = rows, length
        self.recycled.setdefault(slot, 0)
        return {"kind": "allocated"}

    def recycle(self, request):
        slot, length = self._slot(request), self._length(request)
        position = whole(request["nextPositionTokens"], 0, "position/invalid", "nextPositionTokens",
                         length + 1)
        rows = self._held(slot)
        if length > len(rows[0]) * self.page:
            raise Refused("position/invalid", f"Slot {slot} does not hold {length} tokens")
        if not self.recycles or self.window == 0 or length % self.page:
            return 0
        first = max(-(-self.sinks // self.page), self.recycled[slot])
        end = max(first, (position - self.window + 1) // self.page)
        freed = [row[first:end] if is_window else []
                 for row, is_window in zip(rows, self.windows)]
        self.manager.recycle_gpu_blocks_head_wise(freed)
        for row, ids in zip(rows, freed):
            row[first:first + len(ids)] = [-1] * len(ids)
        self.recycled[slot] = end
        return sum(map(len, freed))

    def release(self, request):
        slot = self._slot(request)
        held = [[id for id in row if id >= 0] for row in self._held(slot)]
        self.manager.recycle_gpu_blocks_head_wise(held)
        del self.rows[slot], self.lengths[slot], self.recycled[slot]
        return sum(map(len, held))

    def snapshot(self, request):
        empty = [[] for _ in range(self.heads)]
        table = [id for slot in range(self.slots) for row in self.rows.get(slot, empty)
                 for id in row + [-1] * (self.columns - len(row))]
        free = [len(ids) for ids in getattr(self.manager, LISTS)]
        value = {"layout": "headwise", "layerGroups": 1, "slots": self.slots,
                 "kvHeads": self.heads, "columns": self.columns,
                 "availability": sum(free) / (self.heads * self.pages)}
        return with_tensors(value, {
            "table": int32_tensor(table), "freePages": int32_tensor(free),
            "waitingPages": int32_tensor([0] * self.heads),
            "lengthsTokens": int32_tensor([self.lengths.get(s, 0) for s in range(self.slots)])})

    def _slot(self, request):
        return whole(request["slot"], 0, "slot/invalid", "slot", self.slots)

    def _length(self, request):
        return whole(request["lengthTokens"], 0, "length/invalid", "lengthTokens")

    def _held(self, slot):
        if slot not in self.rows:
            raise Refused("slot/empty", f"Slot {slot} holds no request")
        return self.rows[slot]


if __name__ == "__main__":
    serve(FastDeployAdapter())
