#!/usr/bin/env python3
"""vLLM v1's KV-cache manager and block pool in their native mode, as a headwise adapter.

    headwise conformance --filter allocator \
      --subject 'exec:python3 conformance/adapters/python/vllm_adapter.py'

One row a layer group, one pool for all groups, a null page 0; recycling happens inside the
allocation. Prefixes are found and cached by the engine's own hashes. Nothing poses as what it is not:
rows of several heads, slots that move, steps in flight and sinks are not claimed. The engine is
imported; this file holds none of it.
"""

import hashlib
import inspect
import math
from types import SimpleNamespace

from headwise_protocol import Refused, number, serve, with_tensors
from row_tables import int32_tensor, whole

POLICIES = {
    "recycleMoment": "in-extend", "endOfRow": "refuse", "nullId": 0, "shortage": "bare",
    "availability": "uniform-pages",
}


def load_engine():
    """The classes of the installed vLLM that the adapter calls."""
    import torch
    from vllm.v1.core import kv_cache_utils
    from vllm.v1.core.kv_cache_manager import KVCacheManager
    from vllm.v1.kv_cache_interface import (FullAttentionSpec, KVCacheConfig, KVCacheGroupSpec,
                                            SlidingWindowSpec)
    from vllm.v1.request import RequestStatus
    return SimpleNamespace(
        manager=KVCacheManager, config=KVCacheConfig, group=KVCacheGroupSpec,
        full=FullAttentionSpec, window=SlidingWindowSpec, dtype=torch.bfloat16,
        running=RequestStatus.RUNNING,
        # Until September 2025 the manager hashed tokens; the suite has hashes of whole blocks.
        shares=not hasattr(kv_cache_utils, "hash_request_tokens"))


def known(function, **options):
    """The options that a function of this version takes."""
    return {name: value for name, value in options.items()
            if name in inspect.signature(function).parameters}


def chained_hashes(blocks):
    """A hash for each block of tokens that tells apart all that comes before it, as bytes."""
    hashes = []
    for block in blocks:
        hashes.append(hashlib.sha256(b"".join(hashes[-1:]) + str(block).encode()).digest())
    return hashes


def layer_groups(kinds):
    """The kind of each group of layers: groups have the same number of layers, as pages demand."""
    layers = {kind: [index for index, each in enumerate(kinds) if each == kind] for kind in kinds}
    size = math.gcd(*map(len, layers.values()))
    return [kinds[first] for first in sorted(
        indices[start] for indices in layers.values() for start in range(0, len(indices), size))]


class VllmAdapter:
    """A hybrid cache manager behind slots: a slot is nothing but the name of its request."""

    name = "vllm-v1"
    capabilities = ["allocator.pooled", "allocator.layer_groups", "allocator.recycle"]
    policies = POLICIES

    def __init__(self, engine=None):
        self.engine = engine or load_engine()
        self.manager = None
        if self.engine.shares:
            self.capabilities = [*self.capabilities, "allocator.prefix_sharing"]

    def create(self, request):
        spec = request["spec"]
        pages = whole(spec["pagesPerHead"], 1, "pool/per-head", "pagesPerHead")
        page = whole(spec["pageSizeTokens"], 1, "shape/group", "pageSizeTokens")
        self.page, self.slots = page, whole(spec["slots"], 1, "shape/rows", "slots")
        self.limit = whole(spec["modelLengthTokens"], 1, "pool/extend", "modelLengthTokens")
        self.columns = -(-self.limit // page)
        self.shares = spec["prefixSharing"]
        if spec["heads"]["kind"] != "layers" or number(spec["kvHeads"]) != 1:
            raise Refused("mask/head-kinds", "vLLM has one row a layer group: list the layers")
        kinds = [layer[0] for layer in spec["heads"]["kindsByLayer"]]
        window = number(spec["windowTokens"])
        recycles = spec["recycle"] and window > 0
        engine = self.engine
        # Versions before 2026 ask whether the layer's attention is latent.
        common = known(engine.full.__init__, block_size=page, num_kv_heads=1, head_size=64,
                       dtype=engine.dtype, use_mla=False)
        groups = [
            engine.group([f"layer.{index}"],
                         engine.window(**common, sliding_window=int(window))
                         if kind == "window" and recycles else engine.full(**common))
            for index, kind in enumerate(layer_groups(kinds if window > 0 else ["full"]))
        ]
        # The null page is one that no request holds.
        config = engine.config(pages * len(groups) + 1, [], groups)
        self.manager = engine.manager(config, **known(
            engine.manager.__init__, max_model_len=self.limit, scheduler_block_size=page,
            hash_block_size=page, enable_caching=self.shares))
        self.groups, self.requests, self.next = len(groups), {}, 0
        return None

    def admit(self, request):
        return self._admit(request, [])[0]

    def admitShared(self, request):
        self._require_sharing()
        reply, hit = self._admit(request, request["blocks"])
        return {**reply, "hitTokens": hit} if reply["kind"] == "allocated" else reply

    def cachePrefix(self, request):
        self._require_sharing()
        held = self._held(self._slot(request))
        manager = self.manager.coordinator.single_type_managers[0]
        before = manager.num_cached_block.get(held.request_id, 0)
        held.block_hashes = chained_hashes(request["blocks"])
        self.manager.coordinator.cache_blocks(held, int(request["cachedTokens"]))
        return manager.num_cached_block[held.request_id] - before

    def _require_sharing(self):
        if not self.shares:
            raise Refused("prefix/share", "The cache was created without prefixSharing")

    def _admit(self, request, blocks):
        slot, length = self._slot(request), self._length(request)
        if slot in self.requests:
            raise Refused("slot/occupied", f"Slot {slot} holds a request")
        if length < 1:
            raise Refused("length/invalid", "A request has at least one token")
        self.next += 1
        held = SimpleNamespace(
            request_id=str(self.next), num_computed_tokens=0, num_tokens=length,
            num_prompt_tokens=length, num_in_flight_tokens=0, num_preemptions=0,
            block_hashes=chained_hashes(blocks), skip_reading_prefix_cache=not blocks,
            shared_prefix_boundary=0, sampling_params=None, pooling_params=None, lora_request=None,
            status=self.engine.running)
        found, hit = None, 0
        if blocks:
            found, hit, *boundary = self.manager.get_computed_blocks(held)
            held.shared_prefix_boundary = sum(boundary)
        reply = self._allocate(held, length - hit, hit, found)
        if reply["kind"] == "allocated":
            self.requests[slot] = held
        else:
            self.manager.free(held)
        return reply, hit

    def extend(self, request):
        slot, length = self._slot(request), self._length(request)
        held = self._held(slot)
        fresh = length - held.num_computed_tokens
        if fresh > 0:
            return self._allocate(held, fresh)
        # Nothing to compute: only what the next query hides is let go. Rejected drafts keep pages.
        self.manager.coordinator.remove_skipped_blocks(held.request_id, held.num_computed_tokens)
        held.num_computed_tokens = held.num_tokens = length
        return {"kind": "allocated"}

    def release(self, request):
        slot = self._slot(request)
        held = self._held(slot)
        pages = sum(id != 0 for ids in self.manager.get_block_ids(held.request_id) for id in ids)
        self.manager.free(held)
        del self.requests[slot]
        return pages

    def snapshot(self, request):
        table = [[0] * self.columns for _ in range(self.groups * self.slots)]
        lengths = [0] * self.slots
        for slot, held in self.requests.items():
            lengths[slot] = held.num_computed_tokens
            for group, ids in enumerate(self.manager.get_block_ids(held.request_id)):
                table[group * self.slots + slot][:len(ids)] = ids
        pool = self.manager.block_pool
        free = pool.get_num_free_blocks()
        value = {"layout": "pooled", "layerGroups": self.groups, "slots": self.slots, "kvHeads": 1,
                 "columns": self.columns, "availability": free / (pool.num_gpu_blocks - 1)}
        return with_tensors(value, {
            "table": int32_tensor([id for row in table for id in row]),
            "freePages": int32_tensor([free]), "waitingPages": int32_tensor([0]),
            "lengthsTokens": int32_tensor(lengths)})

    def _allocate(self, held, tokens, hit=0, found=None):
        total = held.num_computed_tokens + hit + tokens
        if total > self.limit:
            raise Refused("past-model-length", f"{total} tokens are more than {self.limit}")
        # The engine caches what it allocates; here the command cachePrefix does.
        options = {"delay_cache_blocks": True} if self.shares else {}
        if found is not None:
            options.update(num_new_computed_tokens=hit, new_computed_blocks=found)
        if self.manager.allocate_slots(held, tokens, **options) is None:
            return {"kind": "shortage"}
        held.num_computed_tokens = held.num_tokens = total
        return {"kind": "allocated"}

    def _slot(self, request):
        return whole(request["slot"], 0, "slot/invalid", "slot", self.slots)

    def _length(self, request):
        return whole(request["lengthTokens"], 0, "length/invalid", "lengthTokens")

    def _held(self, slot):
        if slot not in self.requests:
            raise Refused("slot/empty", f"Slot {slot} holds no request")
        return self.requests[slot]


if __name__ == "__main__":
    serve(VllmAdapter())
