#!/usr/bin/env python3
"""The Triton kernel of triton_attention.py as a headwise clock, on CUDA.

    headwise bench --clock 'exec:python3 conformance/adapters/python/triton_clock.py'

Steps of a batch are planned together while the device runs the batch before, and queued behind a kernel
that waits where that would not last, so that no step's time holds the time of launching it. Caches of the
same shape are shared by all sides.
"""

import re
import sys
import time

import numpy as np

from headwise_clock import KEPT_BATCHES, KEYS, QUERY, VALUES, Clock
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


@triton.jit
def _formula(seed, layer, page, head, slot, element, tensor):
    """Numbers from 0 to 15, in int64 coordinates but for the last three arguments of a call."""
    # Triton makes a plain number of an argument that is 1, and of the 1s of a shape.
    zero = element * 0
    x = ((zero + seed).to(tl.uint32) * 0x9E3779B1 + (zero + layer).to(tl.uint32) * 0x85EBCA77
         + (zero + tensor).to(tl.uint32) * 0xFD7046C5)
    x = x + page.to(tl.uint32) * 0xC2B2AE3D + head.to(tl.uint32) * 0x27D4EB2F
    x = x + slot.to(tl.uint32) * 0x165667B1 + element.to(tl.uint32) * 0xD3A2646D
    x = (x ^ (x >> 15)) * 0x2C1B3C6D
    x = (x ^ (x >> 12)) * 0x297A2D39
    return (x ^ (x >> 15)) >> 28


# An argument that equals 1 would become a constant, which has no type to convert from.
@triton.jit(do_not_specialize=["seed", "layer", "tensor", "heads", "slots"])
def _fill(target, seed, layer, tensor, heads, slots, elements, count, BLOCK: tl.constexpr):
    """Keys or values by formula, [pages, heads, slots, elements]."""
    index = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    row = index // elements
    number = _formula(seed, layer, row // slots // heads, row // slots % heads, row % slots,
                      index % elements, tensor)
    value = (number.to(tl.float32) - 8.0) * 0.125
    tl.store(target + index, value.to(target.dtype.element_ty), mask=index < count)


@triton.jit(do_not_specialize=["seed", "heads"])
def _fill_queries(target, places, seed, tensor, heads, elements, count, BLOCK: tl.constexpr):
    """Queries of many steps by formula, [tokens, heads, elements]; number and token of each token's step."""
    index = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    row = index // elements
    token = row // heads
    step = tl.load(places + token * 2, mask=index < count, other=0).to(tl.int64)
    slot = tl.load(places + token * 2 + 1, mask=index < count, other=0).to(tl.int64)
    number = _formula(seed, 0, step, row % heads, slot, index % elements, tensor)
    value = number.to(tl.float32) - 8.0
    tl.store(target + index, value.to(target.dtype.element_ty), mask=index < count)


@triton.jit(do_not_specialize=["first", "count"])
def _change(table, changes, first, count, BLOCK: tl.constexpr):
    """Writes changed entries into the table."""
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    change = changes + (first + index).to(tl.int64) * 2
    place = tl.load(change, mask=index < count, other=0)
    page = tl.load(change + 1, mask=index < count, other=0)
    tl.store(table + place, page, mask=index < count)


@triton.jit(do_not_specialize=["count"])
def _digest(rows, digests, count, words, BLOCK: tl.constexpr):
    """Digests of output rows of `words` int32 each, by the formula of docs/clock.md."""
    row = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    there = row < count
    a = tl.zeros([BLOCK], tl.uint32)
    b = tl.zeros([BLOCK], tl.uint32)
    for index in range(0, words):
        word = tl.load(rows + row * words + index, mask=there, other=0).to(tl.uint32, bitcast=True)
        a = (a ^ word) * 0x2C1B3C6D
        a = a ^ (a >> 15)
        b = (b + a) * 0x297A2D39
        b = b ^ (b >> 13)
        a = a + b
    tl.store(digests + row * 2, a.to(tl.int32, bitcast=True), mask=there)
    tl.store(digests + row * 2 + 1, b.to(tl.int32, bitcast=True), mask=there)


@triton.jit
def _read(source, target, per_program, BLOCK: tl.constexpr):
    """Reads everything once: the ceiling of a kernel that reads."""
    start = tl.program_id(0).to(tl.int64) * per_program
    total = tl.zeros([BLOCK], tl.int32)
    for step in range(0, per_program, BLOCK * 4):
        for part in tl.static_range(4):
            total ^= tl.load(source + start + step + part * BLOCK + tl.arange(0, BLOCK))
    tl.store(target + tl.program_id(0), tl.sum(total, 0))


class _Staging:
    """Pinned memory on the way to the device and back: nothing waits for what the device has still to do.

    A part is used again when the batches that may be under way have passed.
    """

    def __init__(self):
        self._parts = [{"up": None, "down": None, "used": 0, "got": 0}
                       for _ in range(KEPT_BATCHES + 1)]
        self._turn = 0

    def begin(self):
        """Begins a batch."""
        self._turn = (self._turn + 1) % len(self._parts)
        self._parts[self._turn].update(used=0, got=0)

    def _take(self, name, count, size):
        part = self._parts[self._turn]
        begin = part[count]
        held = 0 if part[name] is None else len(part[name])
        if begin + size > held:
            # What the copies before still read is kept by PyTorch until they are done.
            begin, held = 0, max(2 * held, size, 1 << 20)
            part[name] = torch.empty(held, dtype=torch.uint8, pin_memory=True)
        part[count] = begin + -(-size // 256) * 256
        return part[name][begin:begin + size]

    def send(self, array):
        """A NumPy array on the device."""
        array = np.ascontiguousarray(array)
        host = torch.from_numpy(array)
        if not _ON_GPU or array.size == 0:
            return host.to(_DEVICE)
        place = self._take("up", "used", array.nbytes)
        place.numpy()[:] = array.reshape(-1).view(np.uint8)
        return place.to(_DEVICE, non_blocking=True).view(host.dtype).view(host.shape)

    def fetch(self, tensor):
        """A tensor of the device that will have arrived when the device has come so far."""
        if not _ON_GPU or tensor.numel() == 0:
            return tensor.cpu()
        size = tensor.numel() * tensor.element_size()
        place = self._take("down", "got", size).view(tensor.dtype).view(tensor.shape)
        return place.copy_(tensor, non_blocking=True)


class _Batch:
    """A batch on the device: its outputs, which rows may be asked of, and what its steps took."""

    def __init__(self, cache, steps):
        self.steps = steps
        self.tokens = sum(step.tokens for step in steps)
        starts = np.cumsum([0, *(step.tokens for step in steps)])
        self.starts = {step.index: int(start) for step, start in zip(steps, starts)}
        size = (self.tokens, cache.query_heads, cache.head_size)
        self.outputs = torch.empty(size, dtype=_TYPES[cache.storage], device=_DEVICE)
        self.events = [(_event(), _event()) for _ in steps]
        self.end = _event()

    def slice_of(self, step):
        start = self.starts[step.index]
        return slice(start, start + step.tokens)

    def steps_left(self):
        """Steps that the device has not finished."""
        return sum(not last.query() for _, last in self.events)

    def milliseconds(self):
        return [first.elapsed_time(last) for first, last in self.events]


class TritonClock(Clock):
    name = "triton-clock"

    def __init__(self):
        super().__init__()
        self._contents, self._ceilings = {}, None
        self._enqueue_seconds = 1e-3  # of one step, as seen so far
        self._step_seconds = 0.0  # of one step on the device, likewise
        self._latest = None  # the batch that was queued last
        self._staging = _Staging()

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
        cache.kernel_shape = Shape(cache.query_heads, cache.kv_heads, cache.head_size,
                                   cache.page_tokens, cache.layout)
        cache.logits = None
        if cache.sink_logits is not None:
            cache.logits = torch.from_numpy(cache.sink_logits).to(_DEVICE)
        cache.workspace, cache.table_on_device = None, None

    def _fill(self, cache, layer, tensor):
        _, heads, slots, elements = cache.shape
        target = torch.empty(cache.shape, dtype=_TYPES[cache.storage], device=_DEVICE)
        _fill[(triton.cdiv(target.numel(), 2048),)](
            target, _word(cache.seed), layer, tensor, heads, slots, elements, target.numel(),
            BLOCK=2048)
        return target

    def begin(self, cache, steps, samples):
        self._staging.begin()
        send = self._staging.send
        asked = self._rows_of(cache, samples)
        if not steps:
            return lambda: ([], np.zeros((0, 2), np.uint32), _bits(asked))
        lengths = np.stack([step.query_lengths for step in steps])
        plan = plan_steps(cache.kernel_shape, lengths,
                          np.stack([step.cached_lengths for step in steps]),
                          np.stack([step.windows for step in steps]), cache.sink_tokens,
                          cache.form).to(_DEVICE, send)
        if cache.workspace is None or len(cache.workspace[1]) < max(
                one.partial_rows for one in plan.passes):
            cache.workspace = make_workspace(plan, _DEVICE)
        if cache.table_on_device is None:
            cache.table_on_device = send(cache.table)
        batch = _Batch(cache, steps)
        query = self._queries(cache, batch)
        changes = send(np.concatenate([step.changes for step in steps]))
        before = cache.table_on_device.clone()
        patience = 1.5
        while not self._queue(cache, batch, plan, query, changes, patience):
            # A kernel was compiled, or the processor was busy.
            cache.table_on_device.copy_(before)
            patience *= 2
        digests = torch.empty((batch.tokens * cache.kv_heads, 2), dtype=torch.int32, device=_DEVICE)
        words = cache.group * cache.head_size // 2
        _digest[(triton.cdiv(len(digests), 64),)](
            batch.outputs.view(torch.int32), digests, len(digests), words, BLOCK=64, num_warps=2)
        digests, asked = self._staging.fetch(digests), self._staging.fetch(asked)
        batch.end.record()
        cache.kept = [*cache.kept, batch][-KEPT_BATCHES:]
        self._latest = batch

        def finish():
            batch.end.synchronize()
            milliseconds = batch.milliseconds()
            self._step_seconds = 1e-3 * sum(milliseconds) / len(steps)
            return milliseconds, digests.numpy().view(np.uint32), _bits(asked)

        finish.is_ready = batch.end.query
        return finish

    def _rows_of(self, cache, samples):
        """Rows [k, G, D] of earlier steps, on the device."""
        rows = [torch.empty((0, cache.group, cache.head_size), dtype=_TYPES[cache.storage],
                            device=_DEVICE)]
        for step, token, head in samples:
            batch = next(batch for batch in cache.kept if step in batch.starts)
            heads = slice(head * cache.group, (head + 1) * cache.group)
            rows.append(batch.outputs[batch.starts[step] + token, heads][None])
        return torch.cat(rows)

    def _queries(self, cache, batch):
        lengths = [step.tokens for step in batch.steps]
        places = np.stack([np.repeat([step.index for step in batch.steps], lengths),
                           np.concatenate([np.arange(length) for length in lengths])], axis=1)
        query = torch.empty_like(batch.outputs)
        _fill_queries[(triton.cdiv(query.numel(), 2048),)](
            query, self._staging.send(places.astype(np.int32)), _word(cache.seed), QUERY,
            cache.query_heads, cache.head_size, query.numel(), BLOCK=2048)
        return query

    def _queue(self, cache, batch, plan, query, changes, patience):
        """Queues all steps; whether that took no longer than the device had to wait for them."""
        steps, table = batch.steps, cache.table_on_device
        begun = time.perf_counter()
        if _ON_GPU:
            busy = 0.0 if self._latest is None else self._latest.steps_left() * self._step_seconds
            wait = patience * min(self._enqueue_seconds, 2e-3) * len(steps) - 0.6 * busy
            torch.cuda._sleep(int(2e9 * max(wait, 3e-4)))
        changed = 0
        for index, (step, (first, last)) in enumerate(zip(steps, batch.events)):
            count = len(step.changes)
            if count > 0:
                _change[(triton.cdiv(count, 256),)](table, changes, changed, count, BLOCK=256)
                changed += count
            rows, (keys, values) = batch.slice_of(step), cache.contents_on_device[step.layer]
            first.record()
            attend(plan, query[rows], keys, values,
                   table[0 if cache.layout == "uniform" else step.group], batch.outputs[rows],
                   step=index, scale=cache.scale, sink_logits=cache.logits,
                   workspace=cache.workspace)
            last.record()
        was_queued = not _ON_GPU or not batch.events[0][0].query()
        self._enqueue_seconds = (time.perf_counter() - begun) / len(steps)
        return was_queued

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

    def query(self):
        return True

    def synchronize(self):
        pass

    def elapsed_time(self, other):
        return 1e3 * (other.seconds - self.seconds)


def _event():
    return torch.cuda.Event(enable_timing=True) if _ON_GPU else _WallEvent()


def _bits(tensor):
    return tensor.cpu().view(torch.int16).numpy().view(np.uint16)


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
