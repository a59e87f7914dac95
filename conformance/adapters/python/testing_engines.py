#!/usr/bin/env python3
"""Stand-ins with the calls that the adapters of engines make, for machines without the engines.

    python3 testing_engines.py vllm | fastdeploy [FAULT]

They test the adapters, not the engines: their pools are written here. A fault, where one is named,
is a bug that such an engine has had.
"""

import heapq
import sys
from types import SimpleNamespace

from fastdeploy_adapter import LISTS, FastDeployAdapter
from headwise_protocol import serve
from vllm_adapter import VllmAdapter


class Pool:
    """Block ids from 1 on; 0 is the null block."""

    def __init__(self, blocks):
        self.num_gpu_blocks = blocks
        self.free = list(range(1, blocks))

    def get_num_free_blocks(self):
        return len(self.free)


class Manager:
    """Rows of blocks by request and group, recycled inside the allocation."""

    def __init__(self, config, max_model_len, scheduler_block_size, fault=""):
        self.block_pool, self.groups = Pool(config.num_blocks), config.groups
        self.page, self.rows, self.fault = scheduler_block_size, {}, fault
        self.coordinator = self

    def allocate_slots(self, request, tokens):
        rows = self.rows.setdefault(request.request_id, [[] for _ in self.groups])
        seen = request.num_computed_tokens
        self.remove_skipped_blocks(request.request_id,
                                   seen + tokens if self.fault == "drops-early" else seen)
        needs = [max(0, -(-(seen + tokens) // self.page) - len(row)) for row in rows]
        if sum(needs) > len(self.block_pool.free):
            return None
        for row, need in zip(rows, needs):
            row.extend(heapq.heappop(self.block_pool.free) for _ in range(need))
        return rows

    def remove_skipped_blocks(self, request_id, computed):
        for group, row in zip(self.groups, self.rows.get(request_id, [])):
            if group.window is None:
                continue
            window = group.window - (1 if self.fault == "window-off" else 0)
            for index in range(max(0, computed - window + 1) // self.page):
                if index < len(row) and row[index] != 0:
                    heapq.heappush(self.block_pool.free, row[index])
                    row[index] = 0

    def get_block_ids(self, request_id):
        return tuple(map(list, self.rows.get(request_id, [[] for _ in self.groups])))

    def free(self, request):
        for row in self.rows.pop(request.request_id, []):
            kept = row[:-1] if self.fault == "leaks-tail" else row
            for block in kept:
                if block != 0:
                    heapq.heappush(self.block_pool.free, block)


def vllm_engine(fault):
    def manager(config, max_model_len=0, scheduler_block_size=0):
        return Manager(config, max_model_len, scheduler_block_size, fault)

    manager.__init__ = manager  # the adapter asks for the options of the constructor
    return SimpleNamespace(
        manager=manager, running="running", dtype=None,
        config=lambda blocks, tensors, groups: SimpleNamespace(num_blocks=blocks, groups=groups),
        group=lambda names, spec: spec,
        full=lambda **_: SimpleNamespace(window=None),
        window=lambda sliding_window, **_: SimpleNamespace(window=sliding_window))


class Lists:
    """A free list a head, ids local to it."""

    def __init__(self, heads, pages, fault):
        self.fault, self.heads = fault, heads
        setattr(self, LISTS, [list(range(pages)) for _ in range(heads)])

    def allocate_gpu_blocks_head_wise(self, pages):
        rows = [[heapq.heappop(ids) for _ in range(pages)] for ids in getattr(self, LISTS)]
        if self.fault == "flat-ids":
            return [[id + head * 1000 for id in row] for head, row in enumerate(rows)]
        return rows

    def recycle_gpu_blocks_head_wise(self, rows):
        for head, row in enumerate(rows):
            target = 0 if self.fault == "one-list" else head
            for id in row:
                heapq.heappush(getattr(self, LISTS)[target], id)


def fastdeploy_engine(fault):
    return SimpleNamespace(make=lambda heads, pages: Lists(heads, pages, fault))


if __name__ == "__main__":
    engine, fault = sys.argv[1], (sys.argv[2:] or [""])[0]
    serve(VllmAdapter(vllm_engine(fault)) if engine == "vllm"
          else FastDeployAdapter(fastdeploy_engine(fault)))
