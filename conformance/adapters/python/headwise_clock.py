"""What every clock adapter in Python does alike: contents by formula, tables and their changes, samples.

A clock times the attention of the steps of a benchmark's replay. An adapter derives from `Clock` and
says what it runs (`describe`), makes itself ready for a cache (`prepare`), and computes one step
(`attend`); `Clock` times that by the wall clock of the machine. Where a device has timers, `run` is
replaced: it gets all steps of a batch, and returns a time for each.

    class MyClock(Clock):
        name = "mine"
        def describe(self, cache): ...
        def attend(self, cache, step, query): ...

    headwise_protocol.serve(MyClock())

Needs NumPy. The manual is docs/clock.md.
"""

import platform
import time

import numpy as np

from headwise_protocol import Later, Refused, Tensor, number, read_tensors, with_tensors

KEYS, VALUES, QUERY, SINK_LOGITS = 0, 1, 2, 3
KEPT_BATCHES = 2  # batches whose outputs may still be asked for
_STORAGE = {"bf16": "BF16", "f16": "F16"}


def formula(seed, layer, page, head, slot, element, tensor):
    """Numbers from 0 to 15 that stand at elements; coordinates broadcast against each other."""
    with np.errstate(over="ignore"):
        x = np.uint32(0)
        for coordinate, factor in ((seed, 0x9E3779B1), (layer, 0x85EBCA77), (page, 0xC2B2AE3D),
                                   (head, 0x27D4EB2F), (slot, 0x165667B1), (element, 0xD3A2646D),
                                   (tensor, 0xFD7046C5)):
            x = x + np.asarray(coordinate).astype(np.uint32) * np.uint32(factor)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
        x = (x ^ (x >> np.uint32(12))) * np.uint32(0x297A2D39)
        return (x ^ (x >> np.uint32(15))) >> np.uint32(28)


def encode(values, storage):
    """Rounds to a storage type, to nearest, ties to even: bits as uint16."""
    values = np.ascontiguousarray(values, np.float32)
    if storage == "f16":
        return values.astype(np.float16).view(np.uint16)
    bits = values.view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def digest_rows(rows):
    """Digests [n, 2] of output rows [n, elements] in uint16, by the formula of docs/clock.md."""
    rows = np.pad(rows, ((0, 0), (0, rows.shape[1] % 2)))
    words = np.ascontiguousarray(np.ascontiguousarray(rows).view("<u4").T)
    a, b = (np.zeros(rows.shape[0], np.uint32) for _ in range(2))
    with np.errstate(over="ignore"):
        for word in words:
            a = (a ^ word) * np.uint32(0x2C1B3C6D)
            a ^= a >> np.uint32(15)
            b = (b + a) * np.uint32(0x297A2D39)
            b ^= b >> np.uint32(13)
            a = a + b
    return np.stack([a, b], axis=1)


class Cache:
    """An open cache: its sizes, its form, and the table as it stands."""

    def __init__(self, request):
        shape = request["shape"]
        self.slots, self.query_heads, self.kv_heads = (
            int(shape[name]) for name in ("batch", "queryHeads", "kvHeads"))
        self.head_size, self.page_tokens, self.pages, self.columns = (
            int(shape[name]) for name in ("headSize", "pageSizeTokens", "pages", "columns"))
        self.layout, self.storage = shape["layout"], shape["storage"]
        self.pool_pages = int(shape.get("poolPages") or self.pages * self.kv_heads)
        self.group = self.query_heads // self.kv_heads
        self.form, self.layers, self.seed = (request[n] for n in ("form", "layers", "seed"))
        self.layer_groups, self.sink_tokens = request["layerGroups"], request["sinkTokens"]
        self.max_tokens = int(request["maxBatchTokens"])
        scale = request["scoreScale"]
        self.scale = self.head_size ** -0.5 if scale is None else number(scale)
        windows = np.frombuffer(read_tensors(request)["headWindows"].data, np.int32)
        self.windows = windows.reshape(self.layer_groups, self.kv_heads)
        rows = self.slots * (1 if self.layout == "uniform" else self.kv_heads)
        self.rows = rows
        # A uniform row serves the heads of every layer group.
        self.groups_in_table = 1 if self.layout == "uniform" else self.layer_groups
        self.table = np.full((self.groups_in_table, rows, self.columns), -1, np.int32)
        self.kept = []  # outputs of the latest batches, which rows may be asked of
        self.sink_logits = None
        if request["learnedSinks"]:
            heads = np.arange(self.query_heads)
            numbers = formula(self.seed, 0, 0, heads, 0, 0, SINK_LOGITS)
            self.sink_logits = numbers.astype(np.float32) - 8

    @property
    def shape(self):
        """[N, H, P, D], or [N·H, 1, P, D] where one pool serves all heads."""
        pages, heads = ((self.pool_pages, 1) if self.layout == "pooled"
                        else (self.pages, self.kv_heads))
        return pages, heads, self.page_tokens, self.head_size

    def contents(self, layer, tensor):
        """Keys or values of a layer in float32."""
        pages, heads, slots, elements = (np.arange(size) for size in self.shape)
        numbers = formula(self.seed, layer, pages[:, None, None, None], heads[:, None, None],
                          slots[:, None], elements, tensor)
        return (numbers.astype(np.float32) - 8) / 8

    def queries(self, step, tokens):
        """Queries of a step in float32, [T, Hq, D]."""
        numbers = formula(self.seed, 0, step, np.arange(self.query_heads)[:, None],
                          np.arange(tokens)[:, None, None], np.arange(self.head_size), QUERY)
        return numbers.astype(np.float32) - 8


class Step:
    """One step: whose rows, how many tokens, and which entries of the table changed before it."""

    def __init__(self, cache, index, group, query_lengths, cached_lengths, changes):
        self.index, self.group, self.changes = index, group, changes
        self.layer = index % cache.layers
        self.query_lengths, self.cached_lengths = query_lengths, cached_lengths
        self.query_starts = np.concatenate([[0], np.cumsum(query_lengths)]).astype(np.int32)
        self.tokens = int(self.query_starts[-1])
        self.windows = cache.windows[group]

    def rows(self, cache):
        """Rows of the step's layer group, [B, M] or [B·H, M], as they stand."""
        return cache.table[0 if cache.layout == "uniform" else self.group]

    def row(self, cache, slot, head, window, whole):
        """What the query tokens of a slot read of one head's cache.

        Gives the place of each key, to index [N, H, P, D] with, and which keys each token sees,
        [n, keys]. `whole` takes all keys of the row, and otherwise those that some token sees.
        """
        cached, tokens = int(self.cached_lengths[slot]), int(self.query_lengths[slot])
        key = np.arange(cached + tokens)
        if window > 0 and not whole:
            key = key[(key > cached - window) | (key < cache.sink_tokens)]
        row = slot if cache.layout == "uniform" else slot * cache.kv_heads + head
        page = self.rows(cache)[row][key // cache.page_tokens]
        key, page = key[page >= 0], page[page >= 0]
        position = cached + np.arange(tokens)[:, None]
        seen = key <= position
        if window > 0:
            seen &= (key > position - window) | (key < cache.sink_tokens)
        return (page, 0 if cache.layout == "pooled" else head, key % cache.page_tokens), seen


class Clock:
    """The protocol's side of a clock adapter."""

    capabilities = ["clock"]

    def __init__(self):
        self._caches = []
        self._answered = 0.0

    def describe(self, cache):
        """Says what runs: kernel, card, driver, versions, arithmetic, isSoftware."""
        raise NotImplementedError

    def prepare(self, cache):
        """Makes the contents of a cache."""

    def attend(self, cache, step, query):
        """Computes a step of queries [T, Hq, D]: the output, of the same shape, in float32."""
        raise NotImplementedError

    def run(self, cache, steps):
        """Times each step; returns milliseconds, and the outputs as bits, [T, Hq, D] each."""
        milliseconds, outputs = [], []
        for step in steps:
            cache.table.reshape(-1)[step.changes[:, 0]] = step.changes[:, 1]
            query = cache.queries(step.index, step.tokens)
            begun = time.perf_counter()
            output = self.attend(cache, step, query)
            milliseconds.append(1e3 * (time.perf_counter() - begun))
            outputs.append(encode(output, cache.storage))
        return milliseconds, outputs

    def begin(self, cache, steps, samples):
        """Begins a batch; a function that gives milliseconds, digests and asked-for outputs.

        `samples` are rows of earlier steps: number of the step, token, KV head. A device may still be
        running when this returns: the function's `is_ready`, if it has one, says whether it is done.
        """
        asked = [next(batch[step] for batch in cache.kept if step in batch)[token, head]
                 for step, token, head in samples]
        milliseconds, outputs = self.run(cache, steps) if steps else ([], [])
        rows = [output.reshape(-1, cache.kv_heads, cache.group * cache.head_size)
                for output in outputs]
        if steps:
            numbered = {step.index: output for step, output in zip(steps, rows)}
            cache.kept = [*cache.kept, numbered][-KEPT_BATCHES:]
        digests = [digest_rows(output.reshape(-1, output.shape[2])) for output in rows]
        return lambda: (milliseconds, np.concatenate([np.zeros((0, 2), np.uint32), *digests]), asked)

    def open(self, request):
        cache = Cache(request)
        if cache.storage not in _STORAGE:
            raise Refused("storage", f"Cannot store {cache.storage}: give bf16 or f16")
        self._caches.append(cache)
        self.prepare(cache)
        return {"cache": len(self._caches) - 1, **self.describe(cache)}

    def steps(self, request):
        begun = time.perf_counter()
        cache = self._caches[request["cache"]]
        tensors = {name: np.frombuffer(tensor.data, np.int32)
                   for name, tensor in read_tensors(request).items()}
        if "table" in tensors:
            cache.table = tensors["table"].reshape(cache.table.shape).copy()
        changes = tensors["changes"].reshape(-1, 2)
        starts = tensors["changeStarts"]
        lengths = [tensors[name].reshape(-1, cache.slots)
                   for name in ("queryLengths", "cachedLengths")]
        steps = [Step(cache, request["firstStep"] + i, int(group), lengths[0][i], lengths[1][i],
                      changes[starts[i]:starts[i + 1]])
                 for i, group in enumerate(tensors["groups"])]
        samples = tensors["samples"].reshape(-1, 3).tolist()
        finish = self.begin(cache, steps, samples)

        def value():
            milliseconds, digests, outputs = finish()
            shape = [len(samples), cache.group, cache.head_size]
            bits = np.asarray(outputs, np.uint16).tobytes()
            since, self._answered = max(begun, self._answered), time.perf_counter()
            return with_tensors({"busyMs": 1e3 * (self._answered - since)}, {
                "milliseconds": Tensor("F64", [len(steps)], np.float64(milliseconds).tobytes()),
                "digests": Tensor("U32", [len(digests), 2], np.uint32(digests).tobytes()),
                "outputs": Tensor(_STORAGE[cache.storage], shape, bits),
            })

        is_ready = getattr(finish, "is_ready", None)
        return value() if is_ready is None else Later(is_ready, value)

    def close(self, request):
        self._caches[request["cache"]] = None


def processor():
    """Name of this machine's processor."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
