"""Paged and head-wise attention in Triton: one kernel, five forms, for engines to read and copy.

Needs PyTorch, Triton and NumPy, and of this project `triton_codes.py` alone. A step has prefill chunks, decode
rows, speculative rows and idle slots in one call:

    plan = plan_step(shape, query_starts, cached_lengths, head_windows, sink_tokens, form="headwise")
    attend(plan.to(device), query, keys, values, table, output)

`plan_steps` plans many steps at once, which costs the host little more than planning one.

Letters: B slots, T query tokens of the step, Hq query heads, H KV heads, G = Hq / H, D head size, P
tokens a page, N pages, M columns of a table row, W window (0 is full context), S sink tokens.
Query and output are [T, Hq, D]; keys and values [N, H, P, D], or [N·H, P, D] where one pool serves
all heads; the table is int32 [B, M] or [B·H, M], -1 being a hole. Keys, values or both may be
quantised: they are `Codes` then.

Arithmetic: products of storage type summed in float32 by the matrix units; softmax state, sums and
partial results of splits in float32; weights rounded to the storage type before they meet the
values, the denominator from unrounded weights, normalised at the end; the exponential is exp2 of
the hardware. Of a quantised cache the codes meet the matrix units and their scales the sums.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
import triton
import triton.language as tl

from triton_codes import (CHANNEL, INLINE, TOKEN, is_codes, load_rows, row_scales, shared_scale,
                          side_of, store_row)

FORMS = ("two-pass", "row", "headwise-row", "clipped", "headwise")
_WHOLE_ROW = ("two-pass", "row", "headwise-row")
_FIELDS = 16  # int32 values of a work item


@triton.jit
def _attend_tiles(acc, largest, total, q, q_low, q_least, keys, values, key_scales, value_scales,
                  key_zeros, value_zeros, head, row, tree_row, begin, end, jump_at, jump,
                  sink_tiles, gap, page_stride, offset, columns, length, position, oldest, window,
                  sinks, first_key, end_key, cached, tree_stride, scale,
                  P: tl.constexpr, D: tl.constexpr, BD: tl.constexpr, BN: tl.constexpr,
                  MASKED: tl.constexpr, WHOLE_ROW: tl.constexpr, RANGES: tl.constexpr,
                  TREE: tl.constexpr, K_KIND: tl.constexpr, K_GRAIN: tl.constexpr,
                  K_ROW: tl.constexpr, V_KIND: tl.constexpr, V_GRAIN: tl.constexpr,
                  V_ROW: tl.constexpr, QUERY_PARTS: tl.constexpr, WEIGHT_PARTS: tl.constexpr):
    """Adds tiles of BN keys to the running softmax of BM rows."""
    lane = tl.arange(0, BN)
    d = tl.arange(0, BD)
    for step in range(begin, end):
        tile = step + tl.where(step >= jump_at, jump, 0)
        tile += tl.where(tile >= sink_tiles, gap, 0)
        key = tile * BN + lane
        if BN <= P:
            page = tl.load(row + tile * BN // P)
            start = page.to(tl.int64) * page_stride + offset + tile * BN % P
            cache_row = start + lane
            place = start * D + lane[:, None] * D + d[None, :]
            held = tl.full([BN], 1, tl.int1) & (page >= 0)
        else:
            page = tl.load(row + key // P, mask=key < columns * P, other=-1)
            cache_row = page.to(tl.int64) * page_stride + offset + key % P
            place = cache_row[:, None] * D + d[None, :]
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
        if K_KIND == 0:
            k = tl.load(keys + place, mask=fits, other=0.0)
        else:
            k = load_rows(keys, key_scales, key_zeros, cache_row, loaded, head, q.dtype, K_KIND,
                          K_GRAIN, K_ROW, D, BD, BN)
        scores = tl.dot(q, tl.trans(k))
        if QUERY_PARTS > 1:
            scores = tl.dot(q_low, tl.trans(k), scores)
        if QUERY_PARTS > 2:
            scores = tl.dot(q_least, tl.trans(k), scores)
        if K_GRAIN == TOKEN or K_GRAIN == INLINE:
            scores *= row_scales(key_scales, cache_row, loaded, K_GRAIN, K_ROW, D)[None, :]
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
        if V_KIND == 0:
            v = tl.load(values + place, mask=fits, other=0.0)
        else:
            v = load_rows(values, value_scales, value_zeros, cache_row, loaded, head, q.dtype, V_KIND,
                          V_GRAIN, V_ROW, D, BD, BN)
        faded = acc * fade[:, None]
        if V_GRAIN == TOKEN or V_GRAIN == INLINE:
            # Weights times scales of at most 1 stay in the range of the storage type.
            own = row_scales(value_scales, cache_row, loaded, V_GRAIN, V_ROW, D)
            top = tl.max(tl.abs(own), 0)
            top = tl.where(top == 0, 1.0, top)
            scaled = weights * (own / top)[None, :]
            part = scaled.to(v.dtype)
            added = faded + tl.dot(part, v) * top
            if WEIGHT_PARTS > 1:
                # What the first part has lost, brought into the range of its type.
                rest = ((scaled - part.to(tl.float32)) * 2048.0).to(v.dtype)
                added += tl.dot(rest, v) * (top * 0.00048828125)
        else:
            added = tl.dot(weights.to(v.dtype), v, faded)
        if MASKED and WHOLE_ROW:
            acc = tl.where(unseen, faded, added)
        else:
            acc = added
        largest = grown
    return acc, largest, total


# A kernel serves every group and head count of its formats.
@triton.jit(do_not_specialize=["group", "query_heads", "columns"])
def _attend(query, keys, key_scales, key_zeros, key_above, values, value_scales, value_zeros,
            value_above, table, output, norms, items, partial, partial_state, ranges, tree,
            sink_logits, group, query_heads, columns, page_stride, head_stride, sinks, scale,
            tree_width, HEAD_ROWS: tl.constexpr, P: tl.constexpr, D: tl.constexpr,
            BD: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, WHOLE_ROW: tl.constexpr,
            RANGES: tl.constexpr, TREE: tl.constexpr, LEARNED: tl.constexpr, NORMS: tl.constexpr,
            K_KIND: tl.constexpr, K_GRAIN: tl.constexpr, K_ROW: tl.constexpr, V_KIND: tl.constexpr,
            V_GRAIN: tl.constexpr, V_ROW: tl.constexpr, QUERY_PARTS: tl.constexpr,
            WEIGHT_PARTS: tl.constexpr):
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
    q_low, q_least = q, q
    if K_KIND > 0:
        scale = scale * shared_scale(key_scales, key_above, head, K_GRAIN)
    if K_GRAIN == CHANNEL:
        channel = tl.load(key_scales + head * D + d, mask=d < D, other=0.0).to(tl.float32)
        top = tl.max(tl.abs(channel), 0)
        top = tl.where(top == 0, 1.0, top)
        scale = scale * top
        scaled = q.to(tl.float32) * (channel / top)[None, :]
        q = scaled.to(query.dtype.element_ty)
        if QUERY_PARTS > 1:
            scaled -= q.to(tl.float32)
            q_low = scaled.to(query.dtype.element_ty)
        if QUERY_PARTS > 2:
            q_least = (scaled - q_low.to(tl.float32)).to(query.dtype.element_ty)
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
        acc, largest, total, q, q_low, q_least, keys, values, key_scales, value_scales, key_zeros,
        value_zeros, head, row, tree_row, clear_begin, clear_end, clear_end, 0,
        sink_tiles, gap, page_stride, offset, columns, length, position, oldest, window, sinks,
        first_key, end_key, cached, tree_width, scale, P, D, BD, BN, False, WHOLE_ROW, RANGES, TREE,
        K_KIND, K_GRAIN, K_ROW, V_KIND, V_GRAIN, V_ROW, QUERY_PARTS, WEIGHT_PARTS)
    acc, largest, total = _attend_tiles(
        acc, largest, total, q, q_low, q_least, keys, values, key_scales, value_scales, key_zeros,
        value_zeros, head, row, tree_row, begin,
        end - (clear_end - clear_begin), clear_begin, clear_end - clear_begin,
        sink_tiles, gap, page_stride, offset, columns, length, position, oldest, window, sinks,
        first_key, end_key, cached, tree_width, scale, P, D, BD, BN, True, WHOLE_ROW, RANGES, TREE,
        K_KIND, K_GRAIN, K_ROW, V_KIND, V_GRAIN, V_ROW, QUERY_PARTS, WEIGHT_PARTS)
    if V_KIND > 0:
        acc *= shared_scale(value_scales, value_above, head, V_GRAIN)
    if V_GRAIN == CHANNEL:
        channel = tl.load(value_scales + head * D + d, mask=d < D, other=0.0).to(tl.float32)
        acc *= channel[None, :]

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


@triton.jit
def _append(packed, query, keys, key_scales, key_zeros, key_above, values, value_scales, value_zeros,
            value_above, table, items, angles, dropped, query_heads, kv_heads, columns, page_stride,
            head_stride, turned, key_largest, value_largest, HEAD_ROWS: tl.constexpr,
            P: tl.constexpr, D: tl.constexpr, BD: tl.constexpr, NEOX: tl.constexpr,
            K_KIND: tl.constexpr, K_GRAIN: tl.constexpr, K_ROW: tl.constexpr, V_KIND: tl.constexpr,
            V_GRAIN: tl.constexpr, V_ROW: tl.constexpr):
    """One vector of one token: rotated into the query, or into the cache through the table."""
    token, lane = tl.program_id(0), tl.program_id(1)
    slot, position = tl.load(items + token * 2), tl.load(items + token * 2 + 1)
    d = tl.arange(0, BD)
    row = (token.to(tl.int64) * (query_heads + 2 * kv_heads) + lane) * D
    vector = tl.load(packed + row + d, mask=d < D)
    if lane < query_heads + kv_heads:
        half = turned // 2
        if NEOX:
            is_first = d < half
            other = tl.where(is_first, d + half, d - half)
            pair = tl.where(is_first, d, d - half)
        else:
            is_first = d % 2 == 0
            other = tl.where(is_first, d + 1, d - 1)
            pair = d // 2
        turns = d < turned
        partner = tl.load(packed + row + other, mask=turns, other=0.0).to(tl.float32)
        cosine = tl.load(angles + (token * half + pair) * 2, mask=turns, other=1.0)
        sine = tl.load(angles + (token * half + pair) * 2 + 1, mask=turns, other=0.0)
        rotated = vector.to(tl.float32) * cosine + tl.where(is_first, -partner, partner) * sine
        vector = tl.where(turns, rotated.to(packed.dtype.element_ty), vector)
    if lane < query_heads:
        place = (token.to(tl.int64) * query_heads + lane) * D
        tl.store(query + place + d, vector, mask=d < D)
    else:
        head = (lane - query_heads) % kv_heads
        entry = (slot * kv_heads + head if HEAD_ROWS else slot).to(tl.int64) * columns
        page = tl.load(table + entry + position // P)
        cache_row = page.to(tl.int64) * page_stride + head * head_stride + position % P
        place = cache_row * D
        held = (d < D) & (page >= 0)
        wide = tl.where(d < D, vector.to(tl.float32), 0.0)
        if lane < query_heads + kv_heads:
            if K_KIND == 0:
                tl.store(keys + place + d, vector, mask=held)
            else:
                store_row(keys, key_scales, key_zeros, key_above, wide, cache_row, head, page >= 0,
                          key_largest, K_KIND, K_GRAIN, K_ROW, D, BD)
        else:
            if V_KIND == 0:
                tl.store(values + place + d, vector, mask=held)
            else:
                store_row(values, value_scales, value_zeros, value_above, wide, cache_row, head,
                          page >= 0, value_largest, V_KIND, V_GRAIN, V_ROW, D, BD)
        if page < 0:
            tl.atomic_add(dropped, 1)


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
    """Work of one tile height: items and merges of all steps, and where each step's begin."""

    rows: int
    items: object  # int32 [n, 16]
    merges: object  # int32 [m, 8]
    item_starts: object  # int [S + 1]
    merge_starts: object  # int [S + 1]


@dataclass(frozen=True)
class Pass:
    """One walk over the cache."""

    launches: tuple
    partial_rows: int


@dataclass(frozen=True)
class Plan:
    """Work of steps, and what its launches need beside tensors."""

    shape: Shape
    tuning: Tuning
    form: str
    passes: tuple
    head_windows: object  # int32 [S, H]
    sink_tokens: int
    tokens: object  # int [S]

    def to(self, device, move=None):
        """The plan with its work lists on a device; `move` takes a NumPy array there, if given."""
        def moved(array):
            if move is not None:
                return move(array)
            return torch.from_numpy(np.ascontiguousarray(array)).to(device, non_blocking=True)
        passes = tuple(
            Pass(tuple(Launch(each.rows, moved(each.items), moved(each.merges), each.item_starts,
                              each.merge_starts)
                       for each in one.launches), one.partial_rows) for one in self.passes)
        return Plan(self.shape, self.tuning, self.form, passes, moved(self.head_windows),
                    self.sink_tokens, self.tokens)


def plan_step(shape, query_starts, cached_lengths, head_windows, sink_tokens, form="headwise",
              tuning=None, unclear_from=None):
    """Plans one step on the host: which rows meet which tiles of keys, in how many splits.

    `unclear_from` (int [B] or a number) is the first key from which tiles have to be masked in any
    case: 0 with mask ranges, the cached length with a tree mask.
    """
    return plan_steps(shape, np.diff(query_starts)[None], np.asarray(cached_lengths)[None],
                      np.asarray(head_windows)[None], sink_tokens, form, tuning,
                      None if unclear_from is None else np.broadcast_to(
                          np.asarray(unclear_from), np.shape(cached_lengths))[None])


def plan_steps(shape, query_lengths, cached_lengths, head_windows, sink_tokens, form="headwise",
               tuning=None, unclear_from=None):
    """Plans steps: query and cached lengths are [S, B], windows [S, H]; see `plan_step`."""
    if form not in FORMS:
        raise ValueError(f"Cannot run form {form!r}: the forms are {', '.join(FORMS)}")
    tuning = tuning or tuning_for(shape)
    lengths = np.asarray(query_lengths, np.int64)
    cached = np.asarray(cached_lengths, np.int64)
    windows = np.asarray(head_windows, np.int64)
    wanted = [windows]
    if form == "two-pass":
        widest = windows.max(axis=1, keepdims=True)
        wanted = [np.zeros_like(windows)]
        if widest.max(initial=0) > 0:
            wanted.append(np.where(windows > 0, windows, widest))
    passes = tuple(_plan_pass(shape, lengths, cached, each, sink_tokens, form in _WHOLE_ROW, tuning,
                              unclear_from) for each in wanted)
    return Plan(shape, tuning, form, passes, windows.astype(np.int32), int(sink_tokens),
                lengths.sum(axis=1))


def _plan_pass(shape, all_lengths, all_cached, windows, sinks, whole_row, tuning, unclear_from):
    group, heads, steps = shape.group, shape.kv_heads, len(all_lengths)
    all_rows = all_lengths * group
    height = np.where(all_rows <= 16, 16, np.where(all_rows <= 64, 64, 128))
    starts = np.cumsum(all_lengths, axis=1) - all_lengths
    launches, partial_rows = [], np.zeros(steps, np.int64)
    for tile_rows in (128, 64, 16):
        of_step, of_slot = np.nonzero((all_rows > 0) & (height == tile_rows))
        if len(of_step) == 0:
            continue
        keys = tuning.keys[tile_rows]
        tiles = -(-all_rows[of_step, of_slot] // tile_rows)
        # A unit is a tile of rows of one head.
        row0 = (np.arange(tiles.sum()) - np.repeat(np.cumsum(tiles) - tiles, tiles)) * tile_rows
        step, slot = (np.repeat(np.repeat(each, tiles), heads) for each in (of_step, of_slot))
        row0, head = np.repeat(row0, heads), np.tile(np.arange(heads), len(row0))
        length, cached, window = all_lengths[step, slot], all_cached[step, slot], windows[step, head]
        oldest = cached + row0 // group
        newest = cached + np.minimum(length - 1, (row0 + tile_rows - 1) // group)
        last = newest if unclear_from is None else cached + length - 1
        total = last // keys + 1
        sink_tiles, gap = np.zeros_like(total), np.zeros_like(total)
        if not whole_row and (unclear_from is None or np.any(np.asarray(unclear_from) > 0)):
            start = np.where(window > 0, np.maximum(oldest - window + 1, 0) // keys, 0)
            sink_tiles = np.minimum(-(-sinks // keys), start)
            gap = start - sink_tiles
            total = total - gap
        # Tiles that every row sees whole.
        clear_end = (oldest + 1) // keys
        if unclear_from is not None:
            clear_end = np.minimum(clear_end, np.asarray(unclear_from, np.int64)[step, slot] // keys)
        clear_begin = np.where(window > 0, -(-np.maximum(newest - window + 1, 0) // keys), 0) - gap
        clear_end = np.clip(clear_end - gap, 0, total)
        clear_begin = np.clip(clear_begin, np.minimum(sink_tiles, clear_end), clear_end)
        splits = _count_splits(total, step, steps, tile_rows, tuning)
        unit = np.repeat(np.arange(len(slot)), splits)
        split = np.arange(len(unit)) - np.repeat(np.cumsum(splits) - splits, splits)
        begin = total[unit] * split // splits[unit]
        end = total[unit] * (split + 1) // splits[unit]
        # Every step has the workspace to itself.
        merged = splits[unit] > 1
        taken = np.cumsum(merged) - merged
        of_unit = step[unit]
        used = np.bincount(of_unit, merged, steps).astype(np.int64)
        before = np.cumsum(used) - used
        partial = np.where(
            merged, partial_rows[of_unit] + (taken - before[of_unit]) * tile_rows, -1)
        partial_rows += used * tile_rows
        items = np.zeros((len(unit), _FIELDS), np.int32)
        columns = (slot[unit], head[unit], row0[unit], starts[of_unit, slot[unit]], length[unit],
                   cached[unit], begin, end, sink_tiles[unit], gap[unit],
                   np.clip(clear_begin[unit], begin, end), np.clip(clear_end[unit], begin, end),
                   partial, window[unit], np.full(len(unit), heads))
        for index, column in enumerate(columns):
            items[:, index] = column
        # The longest first, so that the last ones to start are short.
        order = np.lexsort((begin - end, of_unit))
        split_units = np.flatnonzero(splits > 1)
        merges = np.zeros((len(split_units), 8), np.int32)
        first_item = np.searchsorted(unit, split_units)
        for index, column in enumerate((partial[first_item], splits[split_units],
                                        head[split_units], row0[split_units],
                                        starts[step[split_units], slot[split_units]],
                                        length[split_units])):
            merges[:, index] = column
        bounds = np.arange(steps + 1)
        launches.append(Launch(tile_rows, items[order], merges,
                               np.searchsorted(of_unit[order], bounds).tolist(),
                               np.searchsorted(step[split_units], bounds).tolist()))
    return Pass(tuple(launches), int(partial_rows.max(initial=0)))


def _count_splits(total, step, steps, tile_rows, tuning):
    """Splits of each unit: as many as fill the card, none shorter than is worth a merge."""
    units = np.maximum(np.bincount(step, minlength=steps), 1)
    tiles = np.bincount(step, total, steps)
    # Enough units: only decode rows far above the mean are split.
    unsplit = np.ceil(tiles / units * 2) if tile_rows == 16 else np.full(steps, 1 << 40)
    is_full = units >= tuning.items // (2 if tile_rows == 16 else 4)
    longest = np.where(is_full, unsplit, np.ceil(tiles / tuning.items)).astype(np.int64)
    longest = np.maximum(longest, tuning.min_split_tiles)
    return np.maximum(-(-total // longest[step]), 1)


def attend(plan, query, keys, values, table, output, *, step=0, scale=None, sink_logits=None,
           norms=None, ranges=None, tree=None, workspace=None, exact=True):
    """Runs a step of a plan that is on the device.

    Writes output [T, Hq, D], and norms (log-sum-exp) [T, Hq] if given; rows of idle slots do not
    exist, and everything else is left as it is. Of quantised caches `exact` multiplies scales of
    channels and tokens in parts of the 16-bit type that together lose nothing more; without it the
    query times its channels' scales, and a weight times its token's scale, are rounded once.
    """
    scale = 1 / math.sqrt(plan.shape.head_size) if scale is None else scale
    workspace = workspace or make_workspace(plan, query.device)
    by_channel = is_codes(keys) and keys.granularity == "channel"
    # Only float16 runs out of range.
    parts = {"QUERY_PARTS": 3 if exact and by_channel else 1,
             "WEIGHT_PARTS": 2 if exact and query.dtype == torch.float16 else 1}
    tensors = (query, keys, values, table, scale, sink_logits, ranges, tree, workspace, parts)
    _run_pass(plan, plan.passes[0], step, output, norms, *tensors)
    if len(plan.passes) == 2 and plan.tokens[step] > 0:
        windowed = torch.empty_like(output)
        window_norms = None if norms is None else torch.empty_like(norms)
        _run_pass(plan, plan.passes[1], step, windowed, window_norms, *tensors)
        head_size = plan.shape.head_size
        windows = plan.head_windows[step]
        sizes = {"D": head_size, "BD": triton.next_power_of_2(head_size)}
        grid = (int(plan.tokens[step]), plan.shape.query_heads)
        _merge_columns[grid](output, windowed, windows, plan.shape.group, plan.shape.query_heads,
                             **sizes)
        if norms is not None:
            _merge_columns[grid](norms, window_norms, windows, plan.shape.group,
                                 plan.shape.query_heads, D=1, BD=1)
    return output


def make_workspace(plan, device):
    """Space for the partial results of the splits of a step: float32 [rows, D] and [rows, 2]."""
    rows = max([1, *(one.partial_rows for one in plan.passes)])
    width = triton.next_power_of_2(plan.shape.head_size)
    return (torch.empty((rows, width), dtype=torch.float32, device=device),
            torch.empty((rows, 2), dtype=torch.float32, device=device))


def _run_pass(plan, one, step, output, norms, query, keys, values, table, scale, sink_logits,
              ranges, tree, workspace, parts):
    shape, tuning = plan.shape, plan.tuning
    page_stride, head_stride = _strides(shape)
    partial, state = workspace
    nothing = plan.head_windows
    sizes = {"D": shape.head_size, "BD": triton.next_power_of_2(shape.head_size)}
    flags = {"LEARNED": sink_logits is not None, "NORMS": norms is not None}
    key_constants, key_tensors = side_of(keys)
    value_constants, value_tensors = side_of(values)
    sides = _side_constants(key_constants, value_constants)
    norms = state if norms is None else norms
    logits = state if sink_logits is None else sink_logits
    for launch in one.launches:
        first, last = launch.item_starts[step:step + 2]
        if first == last:
            continue
        _attend[(last - first,)](
            query, *key_tensors, *value_tensors, table, output, norms, launch.items[first:last], partial,
            state,
            nothing if ranges is None else ranges, nothing if tree is None else tree, logits,
            shape.group, shape.query_heads, table.shape[1], page_stride, head_stride,
            plan.sink_tokens, scale * 1.4426950408889634, 0 if tree is None else tree.shape[-1],
            HEAD_ROWS=shape.layout != "uniform", P=shape.page_tokens, BM=launch.rows,
            BN=tuning.keys[launch.rows], WHOLE_ROW=plan.form in _WHOLE_ROW,
            RANGES=ranges is not None, TREE=tree is not None, **parts, **sides,
            num_warps=tuning.warps[launch.rows], num_stages=tuning.stages[launch.rows],
            **sizes, **flags)
        first, last = launch.merge_starts[step:step + 2]
        if first < last:
            _merge[(last - first, launch.rows)](
                output, norms, launch.merges[first:last], partial, state, logits, shape.group,
                shape.query_heads, BM=launch.rows, BS=16, num_warps=2, **sizes, **flags)


def append(shape, packed, keys, values, table, slots, positions, *, style="none", theta=1e4,
           turned=0):
    """Rotates a step's queries and keys, and writes keys and values through the table.

    Packed is [T, Hq + 2·H, D]: queries, keys, values; slots and positions (int [T], on the host)
    say where each token belongs. Into a quantised side the nearest codes are stored, under scales of
    their own where rows have such. Returns the queries, and how many vectors met a hole and were
    dropped.
    """
    device, tokens = packed.device, len(slots)
    query = torch.empty((tokens, shape.query_heads, shape.head_size), dtype=packed.dtype,
                        device=device)
    turned = 0 if style == "none" else turned
    # In float64 on the host: far positions turn by many radians.
    angle = np.asarray(positions, np.float64)[:, None] * theta ** (
        -2.0 * np.arange(turned // 2) / max(turned, 1))
    angles = np.stack([np.cos(angle), np.sin(angle)], axis=-1).astype(np.float32)
    angles = torch.from_numpy(angles.reshape(-1) if turned else np.zeros(2, np.float32)).to(device)
    items = torch.from_numpy(np.stack([slots, positions], 1).astype(np.int32)).to(device)
    dropped = torch.zeros(1, dtype=torch.int32, device=device)
    if tokens > 0:
        page_stride, head_stride = _strides(shape)
        key_constants, key_tensors = side_of(keys)
        value_constants, value_tensors = side_of(values)
        largest = (each.largest if is_codes(each) else 1.0 for each in (keys, values))
        _append[(tokens, shape.query_heads + 2 * shape.kv_heads)](
            packed, query, *key_tensors, *value_tensors, table, items, angles, dropped,
            shape.query_heads, shape.kv_heads, table.shape[1], page_stride, head_stride, turned,
            *largest, **_side_constants(key_constants, value_constants),
            HEAD_ROWS=shape.layout != "uniform", P=shape.page_tokens, D=shape.head_size,
            BD=triton.next_power_of_2(shape.head_size), NEOX=style == "neox", num_warps=1)
    return query, int(dropped.item())


def _side_constants(keys, values):
    """Constants of both sides by the names of the kernels' parameters."""
    return {**{f"K_{name}": value for name, value in keys.items()},
            **{f"V_{name}": value for name, value in values.items()}}


def _strides(shape):
    """Rows of the cache from a page to the next, and from a head to the next."""
    head = shape.page_tokens
    return (head, 0) if shape.layout == "pooled" else (head * shape.kv_heads, head)
