#!/usr/bin/env python3
"""The Triton kernel of triton_attention.py as a headwise clock, on CUDA.

    headwise bench --clock 'exec:python3 conformance/adapters/python/triton_clock.py'

Steps of a batch are planned together, and queued behind a kernel that waits, so that no step's time
holds the time of launching it. Caches of the same shape are shared by all sides.
"""

import re
import sys
import time

import numpy as np

from headwise_clock import KEYS, QUERY, VALUES, Clock
from headwise_protocol import serve

try:
    import torch
    import triton
    import triton.language as tl
    from triton_attention import Shape, attend, make_workspace, plan_steps
except ImportError as missing:
    sys.exit(f"Cannot run the Triton clock: {missing}; pip install torch triton")

_TYPES = {"bf16": torch.bfloat16, "f16": torch.float16}
_ON_GPU = torch.cuda.is_available()
_DEVICE = "cuda" if _ON_GPU else "cpu"


# An argument that equals 1 would become a constant, which has no type to convert from.
@triton.jit(do_not_specialize=["seed", "layer", "tensor", "first", "heads", "slots"])
def _fill(target, seed, layer, tensor, first, heads, slots, elements, count, scale,
          IS_QUERY: tl.constexpr, BLOCK: tl.constexpr):
    """Contents by formula: a cache [pages, heads, slots, elements], or queries [slots, heads, …]."""
    index = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    element = index % elements
    row = index // elements
    if IS_QUERY:
        page = first + row * 0
        head = row * 0 + row % heads
        slot = row // heads
    else:
        page = first + row // slots // heads
        head = row // slots % heads
        slot = row % slots
    # Triton makes a plain number of an argument that is 1, and of the 1s of a shape.
    zero = row * 0
    x = ((zero + seed).to(tl.uint32) * 0x9E3779B1 + (zero + layer).to(tl.uint32) * 0x85EBCA77
         + (zero + tensor).to(tl.uint32) * 0xFD7046C5)
    x = x + page.to(tl.uint32) * 0xC2B2AE3D + head.to(tl.uint32) * 0x27D4EB2F
    x = x + slot.to(tl.uint32) * 0x165667B1 + element.to(tl.uint32) * 0xD3A2646D
    x = (x ^ (x >> 15)) * 0x2C1B3C6D
    x = (x ^ (x >> 12)) * 0x297A2D39
    x = (x ^ (x >> 15)) >> 28
    value = (x.to(tl.float32) - 8.0) * scale
    tl.store(target + index, value.to(target.dtype.element_ty), mask=index < count)


@triton.jit
def _read(source, target, per_program, BLOCK: tl.constexpr):
    """Reads everything once: the ceiling of a kernel that reads."""
    start = tl.program_id(0).to(tl.int64) * per_program
    total = tl.zeros([BLOCK], tl.int32)
    for step in range(0, per_program, BLOCK * 4):
        for part in tl.static_range(4):
            total ^= tl.load(source + start + step + part * BLOCK + tl.arange(0, BLOCK))
    tl.store(target + tl.program_id(0), tl.sum(total, 0))


class TritonClock(Clock):
    name = "triton-clock"

    def __init__(self):
        super().__init__()
        self._contents, self._ceilings = {}, None
        self._enqueue_seconds = 1e-3  # of one step, as seen so far

    def describe(self, cache):
        memory, flops = self._measure_ceilings()
        return {"kernel": f"Triton, {cache.form}", "isSoftware": not _ON_GPU,
                "card": torch.cuda.get_device_name() if _ON_GPU else "Triton's interpreter",
                "driver": _driver(),
                "versions": {"torch": torch.__version__, "triton": triton.__version__},
                "arithmetic": {"sums": "matrix", "weights": "storage"},
                "memoryBytesPerSecond": memory, "flopsPerSecond": flops}

    def prepare(self, cache):
        key = (cache.shape, cache.storage, cache.seed, cache.layers)
        if key not in self._contents:
            self._contents[key] = [
                tuple(self._fill(cache, layer, tensor) for tensor in (KEYS, VALUES))
                for layer in range(cache.layers)]
        cache.contents_on_device = self._contents[key]
        size = (cache.max_tokens, cache.query_heads, cache.head_size)
        cache.query, cache.output = (
            torch.empty(size, dtype=_TYPES[cache.storage], device=_DEVICE) for _ in range(2))
        cache.kernel_shape = Shape(cache.query_heads, cache.kv_heads, cache.head_size,
                                   cache.page_tokens, cache.layout)
        cache.logits = None
        if cache.sink_logits is not None:
            cache.logits = torch.from_numpy(cache.sink_logits).to(_DEVICE)
        cache.workspace = None

    def _fill(self, cache, layer, tensor):
        pages, heads, slots, elements = cache.shape
        target = torch.empty(cache.shape, dtype=_TYPES[cache.storage], device=_DEVICE)
        _launch_fill(target, cache.seed, layer, tensor, 0, heads, slots, elements,
                     target.numel(), 0.125, False)
        return target

    def run(self, cache, steps):
        lengths = np.stack([step.query_lengths for step in steps])
        plan = plan_steps(cache.kernel_shape, lengths,
                          np.stack([step.cached_lengths for step in steps]),
                          np.stack([step.windows for step in steps]), cache.sink_tokens,
                          cache.form).to(_DEVICE)
        if cache.workspace is None or len(cache.workspace[1]) < max(
                one.partial_rows for one in plan.passes):
            cache.workspace = make_workspace(plan, _DEVICE)
        before = torch.from_numpy(cache.table).to(_DEVICE)
        wait = min(self._enqueue_seconds, 2e-3) * len(steps)
        while True:
            milliseconds, samples, was_queued = self._run_once(
                cache, steps, plan, before.clone(), wait)
            if was_queued:
                break
            wait *= 2  # a kernel was compiled, or the processor was busy
        for step in steps:
            cache.table.reshape(-1)[step.changes[:, 0]] = step.changes[:, 1]
        outputs = {place: each.cpu().view(torch.int16).numpy().view(np.uint16)
                   for place, each in samples.items()}
        return milliseconds, outputs

    def _run_once(self, cache, steps, plan, table, wait):
        """Queues all steps behind a wait; whether the wait outlasted the queueing."""
        samples, events = {}, []
        changes = [None if len(step.changes) == 0 else torch.from_numpy(
            step.changes.astype(np.int64)).to(_DEVICE) for step in steps]
        begun = time.perf_counter()
        if _ON_GPU:
            torch.cuda._sleep(int(2e9 * (1e-3 + 1.3 * wait)))
        for index, step in enumerate(steps):
            if changes[index] is not None:
                table.view(-1)[changes[index][:, 0]] = changes[index][:, 1].to(torch.int32)
            query, output = (each[:step.tokens] for each in (cache.query, cache.output))
            _launch_fill(query, cache.seed, 0, QUERY, step.index, cache.query_heads, 1,
                         cache.head_size, query.numel(), 1.0, True)
            keys, values = cache.contents_on_device[step.layer]
            rows = table[0 if cache.layout == "uniform" else step.group]
            pair = _event(), _event()
            pair[0].record()
            attend(plan, query, keys, values, rows, output, step=index, scale=cache.scale,
                   sink_logits=cache.logits, workspace=cache.workspace)
            pair[1].record()
            events.append(pair)
            for place, token, head in step.samples:
                heads = slice(head * cache.group, (head + 1) * cache.group)
                samples[place] = output[token, heads].clone()
        was_queued = not _ON_GPU or not events[0][0].query()
        self._enqueue_seconds = (time.perf_counter() - begun) / len(steps)
        if _ON_GPU:
            torch.cuda.synchronize()
        return [first.elapsed_time(last) for first, last in events], samples, was_queued

    def _measure_ceilings(self):
        if self._ceilings is None and _ON_GPU:
            source = torch.ones(1 << 29, dtype=torch.int32, device=_DEVICE)
            target = torch.empty(4096, dtype=torch.int32, device=_DEVICE)
            read = _median_seconds(lambda: _read[(4096,)](source, target, (1 << 29) // 4096, 1024))
            one = torch.randn(8192, 8192, device=_DEVICE).bfloat16()
            multiply = _median_seconds(lambda: torch.mm(one, one))
            self._ceilings = (1 << 31) / read, 2 * 8192 ** 3 / multiply
        return self._ceilings or (None, None)


class _WallEvent:
    """Stands for a device's timer where there is no device."""

    def record(self):
        self.seconds = time.perf_counter()

    def elapsed_time(self, other):
        return 1e3 * (other.seconds - self.seconds)


def _event():
    return torch.cuda.Event(enable_timing=True) if _ON_GPU else _WallEvent()


def _launch_fill(target, seed, layer, tensor, first, heads, slots, elements, count, scale, is_query):
    _fill[(triton.cdiv(count, 2048),)](target, _word(seed), layer, tensor, first, heads, slots,
                                       elements, count, scale, IS_QUERY=is_query, BLOCK=2048)


def _word(value):
    """The low 32 bits as the kernel takes them."""
    return (value & 0xFFFFFFFF) - ((value & 0x80000000) << 1)


def _median_seconds(call, repeats=7):
    times = []
    for _ in range(repeats):
        first, last = _event(), _event()
        first.record()
        call()
        last.record()
        torch.cuda.synchronize()
        times.append(first.elapsed_time(last) / 1e3)
    return float(np.median(times[2:]))


def _driver():
    try:
        with open("/proc/driver/nvidia/version", encoding="utf-8") as file:
            found = re.search(r"Kernel Module\s+(?:for \S+\s+)?([\d.]+)", file.readline())
    except OSError:
        return None
    return found and found.group(1)


if __name__ == "__main__":
    serve(TritonClock())
