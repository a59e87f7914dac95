"""Attention and append problems for adapters in Python: decoding, and refusals by name.

Letters: B slots, T query tokens of the batch, Hq query heads, H KV heads, D head size, P tokens a
page, N pages a pool, M columns of a table row, W window, S sink tokens, Q width of a tree mask.
"""

import math

import numpy as np

from cache_side import PlainSide, QuantisedSide
from headwise_protocol import Refused, Tensor, number, read_tensors

_NUMPY = {
    "U8": np.uint8, "I8": np.int8, "BOOL": np.uint8, "U16": np.uint16, "I16": np.int16,
    "BF16": np.uint16, "F16": np.uint16, "U32": np.uint32, "I32": np.int32, "F32": np.float32,
    "U64": np.uint64, "I64": np.int64, "F64": np.float64,
}
_STORAGE = {"bf16": "BF16", "f16": "F16"}
_PAGE_SIZES = (16, 32, 64, 128, 256)
_LEAST_SCALE, _LARGEST_SCALE = 2.0 ** -126, 2.0 ** 127
_HEAD_SIZES = (64, 128, 256)


def _require(holds, code, message):
    if not holds:
        raise Refused(code, message)


def decode(bits, storage):
    """Bits of a storage type as float32, which holds both types exactly."""
    if storage == "f16":
        return bits.view(np.float16).astype(np.float32)
    return (bits.astype(np.uint32) << 16).view(np.float32)


def encode(values, storage):
    """Rounds to the storage type, to nearest, ties to even."""
    values = np.asarray(values, dtype=np.float32)
    if storage == "f16":
        with np.errstate(over="ignore"):
            return values.astype(np.float16).view(np.uint16)
    bits = np.ascontiguousarray(values).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where(np.isnan(values), 0x7FC0, rounded).astype(np.uint16)


def as_tensor(array, dtype):
    """An array as a tensor of the protocol."""
    return Tensor(dtype, array.shape, np.ascontiguousarray(array).tobytes())


class CacheProblem:
    """What attention and append share: shape, cache, table and batch, checked before they are used."""

    def __init__(self, request):
        shape = request.get("shape") or request["problem"]["shape"]
        self.tensors = read_tensors(request)
        sizes = ("batch", "queryHeads", "kvHeads", "headSize", "pageSizeTokens", "pages", "columns")
        for name in sizes:
            value = number(shape[name])
            _require(value == value and value >= 1 and value == int(value), "shape",
                     f"Cannot use {name} {shape[name]}: it is an integer from 1 on")
        self.slots, self.query_heads, self.kv_heads = (int(shape[n]) for n in sizes[:3])
        self.head_size, self.page, self.pages, self.columns = (int(shape[n]) for n in sizes[3:])
        self.layout, self.storage = shape["layout"], shape["storage"]
        _require(self.query_heads % self.kv_heads == 0, "shape/group",
                 f"Cannot group {self.query_heads} query heads over {self.kv_heads} KV heads")
        _require(self.head_size in _HEAD_SIZES, "shape", f"Cannot use head size {self.head_size}")
        _require(self.page in _PAGE_SIZES, "shape", f"Cannot use pages of {self.page} tokens")
        _require(self.layout in ("uniform", "headwise", "pooled"), "shape",
                 f"Cannot use layout {self.layout}")
        _require(self.storage in _STORAGE, "dtype/c16", f"Cannot store values as {self.storage}")
        self.group = self.query_heads // self.kv_heads
        self.pool_pages = int(shape.get("poolPages", self.pages * self.kv_heads))

        self.query_starts = self.take("queryStarts", "I32", (self.slots + 1,))
        self.cached = self.take("cachedLengths", "I32", (self.slots,))
        rows = self.slots if self.layout == "uniform" else self.slots * self.kv_heads
        self.table = self.take("table", "I32", (rows, self.columns))
        self.cache_rows = ((self.pool_pages, self.page) if self.layout == "pooled" else
                           (self.pages, self.kv_heads, self.page))
        numbers = request.get("problem", request)
        strides = numbers.get("scaleStrides") or {}
        self.key_side = self._side("key", shape.get("keyFormat"), strides.get("keys"))
        self.value_side = self._side("value", shape.get("valueFormat"), strides.get("values"))
        self._check_lengths()
        limit = self.pool_pages if self.layout == "pooled" else self.pages
        wrong = np.argwhere((self.table < -1) | (self.table >= limit))
        if len(wrong):
            row, column = wrong[0]
            raise Refused("page-id", f"Cannot use page id {self.table[row, column]} in row {row}, "
                                     f"column {column}: ids are -1 or in [0, {limit})")

    def _side(self, side, declared, strides):
        """Keys or values as they are stored."""
        if declared is not None:
            return QuantisedSide(self, side, declared, strides)
        cache = self.cache_rows + (self.head_size,)
        bits = self.take(f"{side}s", _STORAGE[self.storage], cache)
        return PlainSide(bits, self.storage, decode)

    @property
    def keys(self):
        """Bits of 16-bit keys."""
        return self.key_side.bits

    @property
    def values(self):
        """Bits of 16-bit values."""
        return self.value_side.bits

    @property
    def dtype(self):
        """The protocol's name of the storage type."""
        return _STORAGE[self.storage]

    @property
    def tokens(self):
        """T."""
        return int(self.query_starts[-1])

    def take(self, name, dtype, shape):
        """Gives a tensor's array, or refuses it by name before a byte is read."""
        _require(name in self.tensors, "shape", f"Cannot find the tensor {name!r}")
        tensor = self.tensors[name]
        _require(tensor.dtype == dtype, "dtype",
                 f"Cannot read {name!r} as {dtype}: it is {tensor.dtype}")
        elements = math.prod(shape)
        actual = math.prod(tensor.shape)
        _require(actual == elements, "shape",
                 f"Cannot use {name!r} of {actual} elements: {elements} are needed")
        return np.frombuffer(tensor.data, _NUMPY[dtype]).reshape(shape)

    def _check_lengths(self):
        lengths = np.diff(self.query_starts)
        _require(self.query_starts[0] == 0 and (lengths >= 0).all() and (self.cached >= 0).all(),
                 "value", "Cannot place tokens: lengths are never negative")
        longest = int((lengths + self.cached).max())
        _require(longest <= self.columns * self.page, "shape/columns-cover",
                 f"Cannot hold {longest} tokens: a row covers {self.columns * self.page}")

    def row(self, slot, head):
        """The table row of a slot and a head."""
        return self.table[slot if self.layout == "uniform" else slot * self.kv_heads + head]

    def places(self, slot, head, positions):
        """Page ids of positions (-1 for a hole), and an index into keys or values by those ids."""
        pages = self.row(slot, head)[positions // self.page]
        if self.layout == "pooled":
            return pages, lambda held: (pages[held], positions[held] % self.page)
        return pages, lambda held: (pages[held], head, positions[held] % self.page)


class AttentionProblem(CacheProblem):
    """One attention call."""

    def __init__(self, request):
        super().__init__(request)
        problem = request["problem"]
        self.windows = self.take("headWindows", "I32", (self.kv_heads,))
        _require((self.windows >= 0).all(), "mask/head-kinds", "Cannot clip to a negative window")
        self.sinks = number(problem["sinkTokens"])
        _require(self.sinks >= 0 and self.sinks == int(self.sinks), "mask/sink-threaded",
                 f"Cannot use {self.sinks} sink tokens")
        self.query = self.take("query", self.dtype, (self.tokens, self.query_heads, self.head_size))
        scale = problem["scale"]
        self.scale = 1 / math.sqrt(self.head_size) if scale is None else number(scale)
        _require(_LEAST_SCALE <= self.scale <= _LARGEST_SCALE, "softmax/scale",
                 f"Cannot scale by {scale}: it is a normal number of float32, also times log2(e)")
        self.ranges = self.tree = self.sink_logits = None
        if "maskRanges" in self.tensors:
            self.ranges = self.take("maskRanges", "I32", (self.tokens, 2))
        if "treeMask" in self.tensors:
            width = int(number(problem["treeQueryTokens"]))
            _require((np.diff(self.query_starts) <= width).all(), "mask/tree",
                     f"Cannot mask with a tree of {width} tokens")
            self.tree = self.take("treeMask", "U8", (self.slots, width, width))
        if "sinkLogits" in self.tensors:
            self.sink_logits = self.take("sinkLogits", "F32", (self.query_heads,))
            _require((self.sink_logits < math.inf).all(), "softmax/learned-sink",
                     "Cannot use sink logits: each is a number or -Infinity")
        self.into = None
        if "into" in self.tensors:
            self.into = self.take("into", self.dtype, self.tensors["into"].shape)

    def visible(self, slot, index, head):
        """Boolean [kv_len]: which keys of a slot its query `index` sees."""
        start, end = self.query_starts[slot], self.query_starts[slot + 1]
        cached, length = int(self.cached[slot]), int(self.cached[slot] + end - start)
        keys = np.arange(length)
        window = int(self.windows[head])
        if self.ranges is not None:
            first, last = (int(edge) for edge in self.ranges[start + index])
            seen = (keys >= first) & (keys < last)
            if window > 0:
                seen &= ~((keys >= first + self.sinks) & (keys < max(last - window, 0)))
        else:
            position = cached + index
            seen = keys <= position
            if window > 0:
                seen &= (keys > position - window) | (keys < self.sinks)
        if self.tree is not None:
            seen[cached:] &= self.tree[slot, index, :length - cached] == 0
        return seen

    def reply(self, output, log_sum_exp):
        """Tensors of the answer: bits [T, Hq, D], or those of the given output, and [T, Hq]."""
        bits = output.reshape(-1)
        if self.into is not None:
            bits = np.concatenate([bits, self.into.reshape(-1)[bits.size:]])
        return {"output": as_tensor(bits, self.dtype),
                "logSumExp": as_tensor(log_sum_exp.astype(np.float32), "F32")}


class AppendProblem(CacheProblem):
    """One append call."""

    def __init__(self, request):
        super().__init__(request)
        self.packed = self.take("packed", self.dtype,
                                (self.tokens, self.query_heads + 2 * self.kv_heads, self.head_size))
        rotary = request["rotary"]
        self.style = rotary["style"]
        _require(self.style in ("none", "interleaved", "neox"), "rope/positions",
                 f"Cannot rotate in style {self.style}")
        self.theta = number(rotary["theta"])
        self.turned = number(rotary["rotaryDimensions"])
        if self.style != "none":
            _require(0 < self.theta < math.inf, "rope/positions", f"Cannot use theta {self.theta}")
            _require(0 < self.turned <= self.head_size and self.turned % 2 == 0, "rope/positions",
                     f"Cannot turn {self.turned} of {self.head_size} elements")
            self.turned = int(self.turned)
