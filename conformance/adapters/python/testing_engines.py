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
    """Block ids from 1 on; 0 is the null block. Freed blocks with a hash are taken last."""

    def __init__(self, blocks):
        self.num_gpu_blocks = blocks
        self.free = set(range(1, blocks))
        self.owners, self.hashes = {}, {}

    def get_num_free_blocks(self):
        return len(self.free)

    def take(self):
        cached = set(self.hashes.values())
        block = min(self.free, key=lambda id: (id in cached, id))
        self.free.remove(block)
        self.hashes = {key: each for key, each in self.hashes.items() if each != block}
        self.owners[block] = 1
        return block

    def share(self, block):
        self.free.discard(block)
        self.owners[block] = self.owners.get(block, 0) + 1

    def drop(self, block):
        self.owners[block] -= 1
        if self.owners[block] == 0:
            self.free.add(block)


class Manager:
    """Rows of blocks by request and group, recycled inside the allocation."""

    def __init__(self, config, max_model_len, scheduler_block_size, fault=""):
        self.block_pool, self.groups = Pool(config.num_blocks), config.groups
        self.page, self.rows, self.fault = scheduler_block_size, {}, fault
        self.coordinator, self.single_type_managers, self.num_cached_block = self, [self], {}

    def get_computed_blocks(self, request):
        most = (request.num_tokens - 1) // self.page
        rows = [[] for _ in self.groups]
        for hash in request.block_hashes[:most]:
            blocks = [self.block_pool.hashes.get((group, hash)) for group in range(len(rows))]
            if None in blocks:
                break
            for row, block in zip(rows, blocks):
                row.append(block)
        return rows, len(rows[0]) * self.page

    def cache_blocks(self, request, tokens):
        for group, row in enumerate(self.rows[request.request_id]):
            for hash, block in zip(request.block_hashes, row[:tokens // self.page]):
                self.block_pool.hashes.setdefault((group, hash), block)
        self.num_cached_block[request.request_id] = tokens // self.page

    def allocate_slots(self, request, tokens, num_new_computed_tokens=0, new_computed_blocks=None,
                       delay_cache_blocks=False):
        rows = self.rows.setdefault(request.request_id, [[] for _ in self.groups])
        seen = request.num_computed_tokens + num_new_computed_tokens
        self.remove_skipped_blocks(request.request_id,
                                   seen + tokens if self.fault == "drops-early" else seen)
        found = new_computed_blocks or [[] for _ in rows]
        needs = [max(0, -(-(seen + tokens) // self.page) - len(row) - len(hits))
                 for row, hits in zip(rows, found)]
        idle = sum(block in self.block_pool.free for hits in found for block in hits)
        if sum(needs) + idle > len(self.block_pool.free):
            return None
        for hits in found:
            for block in hits:
                self.block_pool.share(block)
        for row, hits, need in zip(rows, found, needs):
            row.extend(hits)
            row.extend(self.block_pool.take() for _ in range(need))
        return rows

    def remove_skipped_blocks(self, request_id, computed):
        for group, row in zip(self.groups, self.rows.get(request_id, [])):
            if group.window is None:
                continue
            window = group.window - (1 if self.fault == "window-off" else 0)
            for index in range(max(0, computed - window + 1) // self.page):
                if index < len(row) and row[index] != 0:
                    self.block_pool.drop(row[index])
                    row[index] = 0

    def get_block_ids(self, request_id):
        return tuple(map(list, self.rows.get(request_id, [[] for _ in self.groups])))

    def free(self, request):
        for row in self.rows.pop(request.request_id, []):
            kept = row[:-1] if self.fault == "leaks-tail" else row
            for block in kept:
                if block == 0:
                    continue
                if self.fault == "forgets-owners":
                    self.block_pool.owners[block] = 1
                self.block_pool.drop(block)


def vllm_engine(fault):
    def manager(config, max_model_len=0, scheduler_block_size=0):
        return Manager(config, max_model_len, scheduler_block_size, fault)

    manager.__init__ = manager  # the adapter asks for the options of the constructor
    return SimpleNamespace(
        manager=manager, running="running", dtype=None, shares=True,
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
