"""Paged and head-wise attention in Triton: one kernel, five forms, for engines to read and copy.

Needs PyTorch, Triton and NumPy, and no other file of this project. A step has prefill chunks, decode
rows, speculative rows and idle slots in one call:

    plan = plan_step(shape, query_starts, cached_lengths, head_windows, sink_tokens, form="headwise")
    attend(plan.to(device), query, keys, values, table, output)

Letters: B slots, T query tokens of the step, Hq query heads, H KV heads, G = Hq / H, D head size, P
tokens a page, N pages, M columns of a table row, W window (0 is full context), S sink tokens.
Query and output are [T, Hq, D]; keys and values [N, H, P, D], or [N·H, P, D] where one pool serves
all heads; the table is int32 [B, M] or [B·H, M], -1 being a hole.

Arithmetic: products of storage type summed in float32 by the matrix units; softmax state, sums and
partial results of splits in float32; weights rounded to the storage type before they meet the
values, the denominator from unrounded weights, normalised at the end; the exponential is exp2 of
the hardware.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
import triton
import triton.language as tl

FORMS = ("two-pass", "row", "headwise-row", "clipped", "headwise")
_WHOLE_ROW = ("two-pass", "row", "headwise-row")
_FIELDS = 16  # int32 values of a work item


@triton.jit
def _attend_tiles(acc, largest, total, q, keys, values, row, tree_row, begin, end, jump_at, jump,
                  sink_tiles, gap, page_stride, offset, columns, length, position, oldest, window,
                  sinks, first_key, end_key, cached, tree_stride, scale,
                  P: tl.constexpr, D: tl.constexpr, BD: tl.constexpr, BN: tl.constexpr,
                  MASKED: tl.constexpr, WHOLE_ROW: tl.constexpr, RANGES: tl.constexpr,
                  TREE: tl.constexpr):
    """Adds tiles of BN keys to the running softmax of BM rows."""
    lane = tl.arange(0, BN)
    d = tl.arange(0, BD)
    for step in range(begin, end):
        tile = step + tl.where(step >= jump_at, jump, 0)
        tile += tl.where(tile >= sink_tiles, gap, 0)
        key = tile * BN + lane
        if BN <= P:
            page = tl.load(row + tile * BN // P)
            start = page.to(tl.int64) * page_stride + offset + (tile * BN % P) * D
            place = start + lane[:, None] * D + d[None, :]
            held = tl.full([BN], 1, tl.int1) & (page >= 0)
        else:
            page = tl.load(row + key // P, mask=key < columns * P, other=-1)
            start = page.to(tl.int64) * page_stride + offset + (key % P) * D
            place = start[:, None] + d[None, :]
            held = page >= 0
        loaded = held
        if MASKED:
            loaded = loaded & (key < length)
            # What is read without being seen by a row could reach the output as 0 · NaN. A walk over
            # the whole row reads tiles that no row sees, and drops what they would add.
            unseen = WHOLE_ROW & (tile * BN + BN <= oldest) & (tile * BN >= sinks)
            loaded = loaded & ((key >= oldest) | (key < sinks) | unseen)
        fits = loaded[:, None]
        if D != BD:
            fits = fits & (d < D)[None, :]
        k = tl.load(keys + place, mask=fits, other=0.0)
        scores = tl.dot(q, tl.trans(k))
        if MASKED:
            if RANGES:
                seen = (key[None, :] >= first_key[:, None]) & (key[None, :] < end_key[:, None])
                hidden = (key[None, :] >= first_key[:, None] + sinks) & (
                    key[None, :] < tl.maximum(end_key - window, 0)[:, None])
                seen = seen & ((window == 0) | ~hidden)
            else:
                lowest = tl.where(window > 0, position - window + 1, 0)
                seen = (key[None, :] <= position[:, None]) & (
                    (key[None, :] >= lowest[:, None]) | (key[None, :] < sinks))
            if TREE:
                drafted = (key >= cached) & (key < length)
                hides = tl.load(tree_row[:, None] + (key - cached)[None, :],
                                mask=drafted[None, :] & (position >= 0)[:, None], other=0)
                seen = seen & (hides == 0)
            scores = tl.where(seen & loaded[None, :], scores, -float("inf"))
        else:
            scores = tl.where(held[None, :], scores, -float("inf"))
        grown = tl.maximum(largest, tl.max(scores, 1) * scale)
        shift = tl.where(grown == -float("inf"), 0.0, grown)
        weights = tl.exp2(scores * scale - shift[:, None])
        fade = tl.exp2(largest - shift)
        total = total * fade + tl.sum(weights, 1)
        v = tl.load(values + place, mask=fits, other=0.0)
        faded = acc * fade[:, None]
        added = tl.dot(weights.to(v.dtype), v, faded)
        if MASKED and WHOLE_ROW:
            acc = tl.where(unseen, faded, added)
        else:
            acc = added
        largest = grown
    return acc, largest, total


@triton.jit
def _attend(query, keys, values, table, output, norms, items, partial, partial_state, ranges, tree,
            sink_logits, group, query_heads, columns, page_stride, head_stride, sinks, scale,
            tree_width, HEAD_ROWS: tl.constexpr, P: tl.constexpr, D: tl.constexpr,
            BD: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, WHOLE_ROW: tl.constexpr,
            RANGES: tl.constexpr, TREE: tl.constexpr, LEARNED: tl.constexpr, NORMS: tl.constexpr):
    """One work item: BM rows (token, query head of the group) over a range of key tiles."""
    item = items + tl.program_id(0) * 16
    slot, head, row0 = tl.load(item), tl.load(item + 1), tl.load(item + 2)
    first, tokens, cached = tl.load(item + 3), tl.load(item + 4), tl.load(item + 5)
    begin, end = tl.load(item + 6), tl.load(item + 7)
    sink_tiles, gap = tl.load(item + 8), tl.load(item + 9)
    clear_begin, clear_end = tl.load(item + 10), tl.load(item + 11)
    partial_row, window, kv_heads = tl.load(item + 12), tl.load(item + 13), tl.load(item + 14)

    rows = row0 + tl.arange(0, BM)
    token = rows // group
    valid = token < tokens
    heads = head * group + rows - token * group
    token = tl.minimum(token, tokens - 1)
    d = tl.arange(0, BD)
    place = ((first + token).to(tl.int64) * query_heads + heads) * D
    fits = valid[:, None]
    if D != BD:
        fits = fits & (d < D)[None, :]
    q = tl.load(query + place[:, None] + d[None, :], mask=fits, other=0.0)
    position = cached + token
    length = cached + tokens
    oldest = tl.where(window > 0, cached + row0 // group - window + 1, 0)
    first_key, end_key = position, position
    tree_row = tree + token
    if RANGES:
        first_key = tl.load(ranges + (first + token) * 2)
        end_key = tl.load(ranges + (first + token) * 2 + 1)
        oldest = 0
    if TREE:
        tree_row = tree + (slot * tree_width + token) * tree_width
    row = table + (slot * kv_heads + head if HEAD_ROWS else slot).to(tl.int64) * columns
    offset = head.to(tl.int64) * head_stride

    acc = tl.zeros([BM, BD], tl.float32)
    largest = tl.full([BM], -float("inf"), tl.float32)
    total = tl.zeros([BM], tl.float32)
    # Tiles that every row sees whole need no mask; the order of tiles does not matter.
    acc, largest, total = _attend_tiles(
        acc, largest, total, q, keys, values, row, tree_row, clear_begin, clear_end, clear_end, 0,
        sink_tiles, gap, page_stride, offset, columns, length, position, oldest, window, sinks,
        first_key, end_key, cached, tree_width, scale, P, D, BD, BN, False, WHOLE_ROW, RANGES, TREE)
    acc, largest, total = _attend_tiles(
        acc, largest, total, q, keys, values, row, tree_row, begin,
        end - (clear_end - clear_begin), clear_begin, clear_end - clear_begin,
        sink_tiles, gap, page_stride, offset, columns, length, position, oldest, window, sinks,
        first_key, end_key, cached, tree_width, scale, P, D, BD, BN, True, WHOLE_ROW, RANGES, TREE)

    if partial_row < 0:
        if NORMS:
            tl.store(norms + (first + token) * query_heads + heads,
                     (largest + tl.log2(total)) * 0.6931471805599453, mask=valid)
        if LEARNED:
            sink = tl.load(sink_logits + heads) * 1.4426950408889634
            grown = tl.maximum(largest, sink)
            fade = tl.exp2(largest - grown)
            acc = acc * fade[:, None]
            total = tl.where(total > 0, total * fade + tl.exp2(sink - grown), 0.0)
        acc = acc / tl.where(total > 0, total, 1.0)[:, None]
        tl.store(output + place[:, None] + d[None, :], acc.to(output.dtype.element_ty), mask=fits)
    else:
        state = partial_row + tl.arange(0, BM)
        tl.store(partial + state.to(tl.int64)[:, None] * BD + d[None, :], acc, mask=valid[:, None])
        tl.store(partial_state + state * 2, largest, mask=valid)
        tl.store(partial_state + state * 2 + 1, total, mask=valid)


@triton.jit
def _merge(output, norms, merges, partial, partial_state, sink_logits, group, query_heads,
           D: tl.constexpr, BD: tl.constexpr, BM: tl.constexpr, BS: tl.constexpr,
           LEARNED: tl.constexpr, NORMS: tl.constexpr):
    """Merges the splits of one row."""
    item = merges + tl.program_id(0) * 8
    partial_row, splits = tl.load(item), tl.load(item + 1)
    head, row0 = tl.load(item + 2), tl.load(item + 3)
    first, tokens = tl.load(item + 4), tl.load(item + 5)
    row = row0 + tl.program_id(1)
    token = row // group
    if token < tokens:
        d = tl.arange(0, BD)
        acc = tl.zeros([BD], tl.float32)
        largest, total = -float("inf"), 0.0
        for start in range(0, splits, BS):
            split = start + tl.arange(0, BS)
            state = partial_row + split * BM + tl.program_id(1)
            there = split < splits
            peak = tl.load(partial_state + state * 2, mask=there, other=-float("inf"))
            share = tl.load(partial_state + state * 2 + 1, mask=there, other=0.0)
            part = tl.load(partial + state.to(tl.int64)[:, None] * BD + d[None, :],
                           mask=there[:, None], other=0.0)
            grown = tl.maximum(largest, tl.max(peak, 0))
            shift = tl.where(grown == -float("inf"), 0.0, grown)
            fade = tl.exp2(largest - shift)
            weight = tl.exp2(peak - shift)
            total = total * fade + tl.sum(share * weight, 0)
            acc = acc * fade + tl.sum(part * weight[:, None], 0)
            largest = grown
        query_head = head * group + row - token * group
        place = (first + token).to(tl.int64) * query_heads + query_head
        if NORMS:
            tl.store(norms + place, (largest + tl.log2(total)) * 0.6931471805599453)
        if LEARNED:
            sink = tl.load(sink_logits + query_head) * 1.4426950408889634
            grown = tl.maximum(largest, sink)
            fade = tl.exp2(largest - grown)
            acc = acc * fade
            total = tl.where(total > 0, total * fade + tl.exp2(sink - grown), 0.0)
        acc = acc / tl.where(total > 0, total, 1.0)
        tl.store(output + place * D + d, acc.to(output.dtype.element_ty), mask=d < D)


@triton.jit
def _merge_columns(output, windowed, head_windows, group, query_heads, D: tl.constexpr,
                   BD: tl.constexpr):
    """Takes the columns of window heads from the window pass."""
    token, head = tl.program_id(0), tl.program_id(1)
    if tl.load(head_windows + head // group) > 0:
        d = tl.arange(0, BD)
        place = (token.to(tl.int64) * query_heads + head) * D + d
        tl.store(output + place, tl.load(windowed + place, mask=d < D), mask=d < D)


@dataclass(frozen=True)
class Shape:
    """Sizes that hold for all steps."""

    query_heads: int
    kv_heads: int
    head_size: int
    page_tokens: int
    layout: str  # "uniform", "headwise" or "pooled"

    @property
    def group(self):
        """Query heads of a KV head, G."""
        return self.query_heads // self.kv_heads


@dataclass(frozen=True)
class Tuning:
    """Tile of keys, warps and stages by rows of a tile; splits that a launch aims at."""

    keys: dict = field(default_factory=lambda: {16: 64, 64: 64, 128: 64})
    warps: dict = field(default_factory=lambda: {16: 4, 64: 4, 128: 8})
    stages: dict = field(default_factory=lambda: {16: 3, 64: 3, 128: 3})
    items: int = 264
    min_split_tiles: int = 4


DEFAULT_TUNING = Tuning()


def tuning_for(shape, tuning=DEFAULT_TUNING):
    """A tuning that fits the head size: a tile of 256 elements takes twice the shared memory."""
    if shape.head_size <= 128:
        return tuning
    return Tuning(keys={16: 32, 64: 32, 128: 32}, warps=tuning.warps,
                  stages={16: 3, 64: 2, 128: 2}, items=tuning.items,
                  min_split_tiles=2 * tuning.min_split_tiles)


@dataclass(frozen=True)
class Launch:
    """Work of one tile height."""

    rows: int
    items: object  # int32 [n, 16]
    merges: object  # int32 [m, 8]


@dataclass(frozen=True)
class Pass:
    """One walk over the cache."""

    launches: tuple
    partial_rows: int


@dataclass(frozen=True)
class Plan:
    """A step's work, and what its launches need beside tensors."""

    shape: Shape
    tuning: Tuning
    form: str
    passes: tuple
    head_windows: object  # int32 [H]
    sink_tokens: int
    tokens: int

    def to(self, device):
        """The plan with its work lists on a device."""
        def moved(array):
            return torch.from_numpy(np.ascontiguousarray(array)).to(device, non_blocking=True)
        passes = tuple(
            Pass(tuple(Launch(each.rows, moved(each.items), moved(each.merges))
                       for each in one.launches), one.partial_rows) for one in self.passes)
        return Plan(self.shape, self.tuning, self.form, passes, moved(self.head_windows),
                    self.sink_tokens, self.tokens)


def plan_step(shape, query_starts, cached_lengths, head_windows, sink_tokens, form="headwise",
              tuning=None, unclear_from=None):
    """Plans a step on the host: which rows meet which tiles of keys, in how many splits.

    `unclear_from` (int [B] or a number) is the first key from which tiles have to be masked in any
    case: 0 with mask ranges, the cached length with a tree mask.
    """
    if form not in FORMS:
        raise ValueError(f"Cannot run form {form!r}: the forms are {', '.join(FORMS)}")
    tuning = tuning or tuning_for(shape)
    starts = np.asarray(query_starts, np.int64)
    cached = np.asarray(cached_lengths, np.int64)
    windows = np.asarray(head_windows, np.int64)
    wanted = [windows]
    if form == "two-pass":
        widest = int(windows.max(initial=0))
        wanted = [np.zeros_like(windows)]
        if widest > 0:
            wanted.append(np.where(windows > 0, windows, widest))
    passes = tuple(_plan_pass(shape, starts, cached, each, sink_tokens, form in _WHOLE_ROW, tuning,
                              unclear_from) for each in wanted)
    return Plan(shape, tuning, form, passes, windows.astype(np.int32), int(sink_tokens),
                int(starts[-1]))


def _plan_pass(shape, starts, cached, windows, sinks, whole_row, tuning, unclear_from):
    group, heads = shape.group, shape.kv_heads
    lengths = np.diff(starts)
    rows = lengths * group
    height = np.where(rows <= 16, 16, np.where(rows <= 64, 64, 128))
    launches, partial_rows = [], 0
    for tile_rows in (128, 64, 16):
        slots = np.flatnonzero((rows > 0) & (height == tile_rows))
        if len(slots) == 0:
            continue
        keys = tuning.keys[tile_rows]
        tiles = -(-rows[slots] // tile_rows)
        slot = np.repeat(slots, tiles)
        row0 = (np.arange(len(slot)) - np.repeat(np.cumsum(tiles) - tiles, tiles)) * tile_rows
        slot, row0 = np.repeat(slot, heads), np.repeat(row0, heads)
        head = np.tile(np.arange(heads), len(slot) // heads)
        oldest = cached[slot] + row0 // group
        newest = cached[slot] + np.minimum(lengths[slot] - 1, (row0 + tile_rows - 1) // group)
        window = windows[head]
        last = newest if unclear_from is None else cached[slot] + lengths[slot] - 1
        total = last // keys + 1
        sink_tiles, gap = np.zeros_like(total), np.zeros_like(total)
        free = unclear_from is None or np.any(np.asarray(unclear_from) > 0)
        if not whole_row and free:
            start = np.where(window > 0, np.maximum(oldest - window + 1, 0) // keys, 0)
            sink_tiles = np.minimum(-(-sinks // keys), start)
            gap = start - sink_tiles
            total = total - gap
        clear_end = (oldest + 1) // keys
        if unclear_from is not None:
            unclear = np.broadcast_to(np.asarray(unclear_from, np.int64), cached.shape)[slot]
            clear_end = np.minimum(clear_end, unclear // keys)
        clear_begin = np.where(window > 0, -(-np.maximum(newest - window + 1, 0) // keys), 0) - gap
        clear_end = np.clip(clear_end - gap, 0, total)
        clear_begin = np.clip(clear_begin, np.minimum(sink_tiles, clear_end), clear_end)
        splits = _count_splits(total, tile_rows, tuning)
        unit = np.repeat(np.arange(len(slot)), splits)
        split = np.arange(len(unit)) - np.repeat(np.cumsum(splits) - splits, splits)
        begin = total[unit] * split // splits[unit]
        end = total[unit] * (split + 1) // splits[unit]
        partial = np.full(len(unit), -1, np.int64)
        merged = splits[unit] > 1
        partial[merged] = partial_rows + np.arange(merged.sum()) * tile_rows
        partial_rows += int(merged.sum()) * tile_rows
        items = np.zeros((len(unit), _FIELDS), np.int32)
        columns = (slot[unit], head[unit], row0[unit], starts[slot[unit]], lengths[slot[unit]],
                   cached[slot[unit]], begin, end, sink_tiles[unit], gap[unit],
                   np.clip(clear_begin[unit], begin, end), np.clip(clear_end[unit], begin, end),
                   partial, window[unit], np.full(len(unit), heads))
        for index, column in enumerate(columns):
            items[:, index] = column
        # The longest first, so that the last ones to start are short.
        order = np.argsort(begin - end, kind="stable")
        split_units = np.flatnonzero(splits > 1)
        merges = np.zeros((len(split_units), 8), np.int32)
        first_item = np.searchsorted(unit, split_units)
        for index, column in enumerate((partial[first_item], splits[split_units],
                                        head[split_units], row0[split_units],
                                        starts[slot[split_units]], lengths[slot[split_units]])):
            merges[:, index] = column
        launches.append(Launch(tile_rows, items[order], merges))
    return Pass(tuple(launches), partial_rows)


def _count_splits(total, tile_rows, tuning):
    """Splits of each unit: as many as fill the card, none shorter than is worth a merge."""
    if len(total) >= tuning.items // (2 if tile_rows == 16 else 4):
        # Enough units: only those far above the mean are split.
        mean = total.sum() / len(total)
        longest = max(tuning.min_split_tiles, math.ceil(mean * (2 if tile_rows == 16 else 1e9)))
    else:
        longest = max(tuning.min_split_tiles, math.ceil(total.sum() / tuning.items))
    return np.maximum(-(-total // longest), 1)


def attend(plan, query, keys, values, table, output, *, scale=None, sink_logits=None, norms=None,
           ranges=None, tree=None, workspace=None):
    """Runs a plan that is on the device; writes output [T, Hq, D], and norms [T, Hq] if given."""
    scale = 1 / math.sqrt(plan.shape.head_size) if scale is None else scale
    workspace = workspace or make_workspace(plan, query.device)
    tensors = (query, keys, values, table, scale, sink_logits, ranges, tree, workspace)
    _run_pass(plan, plan.passes[0], output, norms, *tensors)
    if len(plan.passes) == 2:
        windowed = torch.empty_like(output)
        window_norms = None if norms is None else torch.empty_like(norms)
        _run_pass(plan, plan.passes[1], windowed, window_norms, *tensors)
        head_size = plan.shape.head_size
        sizes = {"D": head_size, "BD": triton.next_power_of_2(head_size)}
        grid = (plan.tokens, plan.shape.query_heads)
        _merge_columns[grid](output, windowed, plan.head_windows, plan.shape.group,
                             plan.shape.query_heads, **sizes)
        if norms is not None:
            _merge_columns[grid](norms, window_norms, plan.head_windows, plan.shape.group,
                                 plan.shape.query_heads, D=1, BD=1)
    return output


def make_workspace(plan, device):
    """Space for the partial results of the splits of a plan: float32 [rows, D] and [rows, 2]."""
    rows = max([1, *(one.partial_rows for one in plan.passes)])
    width = triton.next_power_of_2(plan.shape.head_size)
    return (torch.empty((rows, width), dtype=torch.float32, device=device),
            torch.empty((rows, 2), dtype=torch.float32, device=device))


def _run_pass(plan, one, output, norms, query, keys, values, table, scale, sink_logits, ranges,
              tree, workspace):
    shape, tuning = plan.shape, plan.tuning
    head_stride = 0 if shape.layout == "pooled" else shape.page_tokens * shape.head_size
    page_stride = shape.page_tokens * shape.head_size * (
        1 if shape.layout == "pooled" else shape.kv_heads)
    partial, state = workspace
    nothing = plan.head_windows
    sizes = {"D": shape.head_size, "BD": triton.next_power_of_2(shape.head_size)}
    flags = {"LEARNED": sink_logits is not None, "NORMS": norms is not None}
    for launch in one.launches:
        if len(launch.items) == 0:
            continue
        _attend[(len(launch.items),)](
            query, keys, values, table, output, norms if norms is not None else state,
            launch.items, partial, state, ranges if ranges is not None else nothing,
            tree if tree is not None else nothing,
            sink_logits if sink_logits is not None else state, shape.group, shape.query_heads,
            table.shape[1], page_stride, head_stride, plan.sink_tokens,
            scale * 1.4426950408889634, tree.shape[-1] if tree is not None else 0,
            HEAD_ROWS=shape.layout != "uniform", P=shape.page_tokens, BM=launch.rows,
            BN=tuning.keys[launch.rows], WHOLE_ROW=plan.form in _WHOLE_ROW,
            RANGES=ranges is not None, TREE=tree is not None,
            num_warps=tuning.warps[launch.rows], num_stages=tuning.stages[launch.rows],
            **sizes, **flags)
        if len(launch.merges) > 0:
            _merge[(len(launch.merges), launch.rows)](
                output, norms if norms is not None else state, launch.merges, partial, state,
                sink_logits if sink_logits is not None else state, shape.group,
                shape.query_heads, BM=launch.rows, BS=16, num_warps=2, **sizes, **flags)
