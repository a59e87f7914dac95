"""Quantised caches for triton_attention.py: rows of codes read, and rows quantised as they are appended.

A side of a cache, keys or values, is a `Codes`: int8, fp8 (e4m3fn, e5m2), int4 (unsigned with zero
points, two a byte, the lower one first) or fp4 (e2m1 in blocks of 16), with scales by tensor, head,
channel or token, inline behind a row's codes, or by block under one of the tensor.

Codes become numbers of the query's type, which holds them exactly; so the matrix units multiply what a
16-bit cache would give them. Scales come in outside: those of a head or a tensor in the factor of the
scores and in the output, one of a token in its scores and weights. A channel's scale of the keys goes
into the query, which is cut into parts that together hold the product.
"""

from dataclasses import dataclass

import triton
import triton.language as tl

INT8, E4M3, E5M2, INT4, E2M1 = (tl.constexpr(kind) for kind in (1, 2, 3, 4, 5))
TENSOR, HEAD, CHANNEL, TOKEN, INLINE, BLOCK = (tl.constexpr(kind) for kind in (1, 2, 3, 4, 5, 6))
_KINDS = {"int8": 1, "fp8_e4m3": 2, "fp8_e5m2": 3, "int4": 4, "fp4_e2m1": 5}
_GRAINS = {"tensor": 1, "head": 2, "channel": 3, "token": 4, "inline": 5, "block": 6}
_LARGEST = {"int8": 127.0, "fp8_e4m3": 448.0, "fp8_e5m2": 57344.0, "int4": 15.0, "fp4_e2m1": 6.0}
_BLOCK = tl.constexpr(16)


@dataclass(frozen=True)
class Codes:
    """Keys or values of a paged cache as codes.

    `codes` is uint8 [rows, bytes of a row], rows counting pages, heads and tokens as the shape's layout
    lays them out. `scales` is float32, float16 or bfloat16 (uint8 holding e4m3 by block): [1], [H],
    [H, D], [rows] or [rows, D / 16]; inline scales lie in the codes and `scales` tells their type alone.
    `zeros` [H, D] belong to int4, `tensor_scale` float32 [1] to fp4.
    """

    codes_type: str
    granularity: str
    codes: object
    scales: object
    zeros: object = None
    tensor_scale: object = None

    @property
    def constants(self):
        """What the kernels are compiled for."""
        return {"KIND": _KINDS[self.codes_type], "GRAIN": _GRAINS[self.granularity],
                "ROW": self.codes.shape[-1]}

    @property
    def pointers(self):
        """Codes, scales, zero points and the scale above blocks; what a format lacks is not read."""
        nothing = self.scales
        inline = self.granularity == "inline"
        # Inline scales are read from the rows, as elements of their own type.
        scales = self.codes.view(-1).view(self.scales.dtype) if inline else self.scales
        return (self.codes, scales, nothing if self.zeros is None else self.zeros,
                nothing if self.tensor_scale is None else self.tensor_scale)

    @property
    def largest(self):
        """The largest code's value."""
        return _LARGEST[self.codes_type]


@triton.jit
def code_values(code, KIND: tl.constexpr, DTYPE: tl.constexpr):
    """Codes, as their bytes or nibbles, as numbers of a type that holds them; int4 without zero points.

    Conversions of integers are slow on GPUs: under a fitting exponent a code is the tail of a float, from
    which one exact subtraction takes it. Small floats come into a float16's place by shifts.
    """
    if code.dtype == tl.float8e4nv or code.dtype == tl.float8e5:
        return code.to(DTYPE)
    else:
        wide = code.to(tl.int32) & 255
        if KIND == INT8 or KIND == INT4:
            turned: tl.constexpr = 128 if KIND == INT8 else 0
            if DTYPE == tl.float16:
                half = (wide ^ (0x6400 | turned)).to(tl.int16).to(tl.float16, bitcast=True)
                return half - (tl.zeros_like(half) + 1024.0 + turned)
            else:
                single = (wide ^ (0x4B000000 | turned)).to(tl.float32, bitcast=True)
                return (single - (8388608.0 + turned)).to(DTYPE)
        else:
            if KIND == E4M3:
                # A code of all ones gets an exponent of all ones too: it is no number.
                bits = (wide & 127) << 7 | (wide & 128) << 8 | (((wide & 127) + 1) & 128) << 7
                factor: tl.constexpr = 256.0
            elif KIND == E5M2:
                bits = wide << 8
                factor: tl.constexpr = 1.0
            else:
                bits = (wide & 7) << 9 | (wide & 8) << 12
                factor: tl.constexpr = 16384.0
            numbers = bits.to(tl.int16).to(tl.float16, bitcast=True).to(DTYPE)
            return numbers * (tl.zeros_like(numbers) + factor)


@triton.jit
def e4m3_values(code):
    """Codes (integers) as float32; a code of all ones is no number."""
    return code_values(code, E4M3, tl.float32)


@triton.jit
def load_scales(scales, place, loaded, GRAIN: tl.constexpr):
    """Scales at places as float32; 0 where they are not to be loaded."""
    stored = tl.load(scales + place, mask=loaded, other=0)
    if GRAIN == BLOCK:
        return e4m3_values(stored)
    else:
        return stored.to(tl.float32)


@triton.jit
def load_rows(codes, scales, zeros, row, loaded, head, DTYPE: tl.constexpr, KIND: tl.constexpr,
              GRAIN: tl.constexpr, ROW: tl.constexpr, D: tl.constexpr, BD: tl.constexpr,
              BN: tl.constexpr):
    """Rows [BN] of codes as numbers [BN, BD] at unit scale, of which `loaded` ones are read.

    Channels past D are 0. Scales by block are taken in, as they are exact in 16 bits too.
    """
    d = tl.arange(0, BD)
    if KIND == INT4 or KIND == E2M1:
        byte = tl.arange(0, BD // 2)
        fits = loaded[:, None] & (byte < D // 2)[None, :]
        pair = tl.load(codes + row[:, None] * ROW + byte[None, :], mask=fits, other=0)
        code = tl.reshape(tl.join(pair & 15, pair >> 4), [BN, BD])
    else:
        fits = loaded[:, None] & (d < D)[None, :]
        code = tl.load(codes + row[:, None] * ROW + d[None, :], mask=fits, other=0.0)
    numbers = code_values(code, KIND, DTYPE)
    if KIND == INT4:
        # Both are integers, and so is what is left: exact where the type holds the zero point.
        numbers -= tl.load(zeros + head * D + d, mask=d < D, other=0.0).to(DTYPE)[None, :]
    if GRAIN == BLOCK:
        block = tl.arange(0, BD // _BLOCK)
        there = loaded[:, None] & (block < D // _BLOCK)[None, :]
        scale = load_scales(scales, row[:, None] * (D // _BLOCK) + block[None, :], there, GRAIN)
        # Two bits of significand times four: exact.
        numbers = tl.reshape(numbers, [BN, BD // _BLOCK, _BLOCK]) * scale.to(DTYPE)[:, :, None]
        numbers = tl.reshape(numbers, [BN, BD])
    return numbers


@triton.jit
def row_scales(scales, row, loaded, GRAIN: tl.constexpr, ROW: tl.constexpr, CODE_BYTES: tl.constexpr):
    """Scales [BN] of rows that have one each; of a row that is not loaded it is 0."""
    if GRAIN == INLINE:
        WIDTH: tl.constexpr = scales.dtype.element_ty.primitive_bitwidth // 8
        return load_scales(scales, (row * ROW + CODE_BYTES) // WIDTH, loaded, GRAIN)
    else:
        return load_scales(scales, row, loaded, GRAIN)


@triton.jit
def shared_scale(scales, above, head, GRAIN: tl.constexpr):
    """The factor that all elements of a head share, by tensor, head or above blocks; otherwise 1."""
    if GRAIN == TENSOR:
        return tl.load(scales).to(tl.float32)
    elif GRAIN == HEAD:
        return tl.load(scales + head).to(tl.float32)
    elif GRAIN == BLOCK:
        return tl.load(above).to(tl.float32)
    else:
        return 1.0


@triton.jit
def _as_scale(number, DTYPE: tl.constexpr):
    """A float32 as a scale of a type, to nearest, ties to even, on every backend."""
    if DTYPE == tl.bfloat16:
        bits = number.to(tl.int32, bitcast=True)
        bits = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
        return bits.to(tl.int16).to(tl.bfloat16, bitcast=True)
    else:
        return number.to(DTYPE)


@triton.jit
def _nearest(units, KIND: tl.constexpr):
    """Codes nearest to numbers in units of the scale, ties to even, saturating."""
    if KIND == INT8 or KIND == INT4:
        lowest = -127.0 if KIND == INT8 else 0.0
        highest = 127.0 if KIND == INT8 else 15.0
        clipped = tl.minimum(tl.maximum(units, lowest), highest)
        # Beyond 2^23 a float32 has no fraction: what is added rounds, ties to even.
        return (clipped + 12582912.0 - 12582912.0).to(tl.int32) & 255
    else:
        FRACTION: tl.constexpr = 3 if KIND == E4M3 else (2 if KIND == E5M2 else 1)
        LEAST: tl.constexpr = -6 if KIND == E4M3 else (-14 if KIND == E5M2 else 0)
        HIGHEST: tl.constexpr = 448.0 if KIND == E4M3 else (57344.0 if KIND == E5M2 else 6.0)
        size = tl.minimum(tl.abs(units), HIGHEST)
        exponent = tl.maximum(size.to(tl.int32, bitcast=True) >> 23, 127 + LEAST)
        step = ((exponent - FRACTION) << 23).to(tl.float32, bitcast=True)
        inverse = ((254 - exponent + FRACTION) << 23).to(tl.float32, bitcast=True)
        size = (size * inverse + 12582912.0 - 12582912.0) * step
        negative = units.to(tl.int32, bitcast=True) < 0
        if KIND == E4M3:
            half = (size * 0.00390625).to(tl.float16).to(tl.int16, bitcast=True).to(tl.int32)
            return (half >> 7) | tl.where(negative, 128, 0)
        elif KIND == E5M2:
            half = size.to(tl.float16).to(tl.int16, bitcast=True).to(tl.int32)
            return (half >> 8) | tl.where(negative, 128, 0)
        else:
            half = (size * 0.00006103515625).to(tl.float16).to(tl.int16, bitcast=True).to(tl.int32)
            return (half >> 9) | tl.where(negative, 8, 0)


@triton.jit
def store_row(codes, scales, zeros, above, vector, row, head, held, largest, KIND: tl.constexpr,
              GRAIN: tl.constexpr, ROW: tl.constexpr, D: tl.constexpr, BD: tl.constexpr):
    """Quantises one row [BD] (float32, 0 past D) and stores it where it is held."""
    d = tl.arange(0, BD)
    fits = held & (d < D)
    CODE_BYTES: tl.constexpr = D // 2 if KIND == INT4 or KIND == E2M1 else D
    if GRAIN == TOKEN or GRAIN == INLINE:
        place = row
        if GRAIN == INLINE:
            WIDTH: tl.constexpr = scales.dtype.element_ty.primitive_bitwidth // 8
            place = (row * ROW + CODE_BYTES) // WIDTH
        stored = _as_scale(tl.div_rn(tl.max(tl.abs(vector), 0), largest), scales.dtype.element_ty)
        tl.store(scales + place, stored, mask=held)
        scale = tl.full([BD], 1.0, tl.float32) * stored.to(tl.float32)
    elif GRAIN == BLOCK:
        size = tl.max(tl.abs(tl.reshape(vector, [BD // _BLOCK, _BLOCK])), 1)
        size = tl.div_rn(size, tl.full([BD // _BLOCK], 1.0, tl.float32) * largest)
        top = tl.load(above) + tl.zeros([BD // _BLOCK], tl.float32)
        size = tl.where(top == 0, 0.0, tl.div_rn(size, tl.where(top == 0, 1.0, top)))
        code = _nearest(size, E4M3)
        block = tl.arange(0, BD // _BLOCK)
        tl.store(scales + row * (D // _BLOCK) + block, code.to(tl.uint8),
                 mask=held & (block < D // _BLOCK))
        wide = (e4m3_values(code) * top)[:, None] + tl.zeros([BD // _BLOCK, _BLOCK], tl.float32)
        scale = tl.reshape(wide, [BD])
    elif GRAIN == CHANNEL:
        scale = tl.load(scales + head * D + d, mask=d < D, other=1.0).to(tl.float32)
    else:
        scale = tl.full([BD], 1.0, tl.float32) * shared_scale(scales, above, head, GRAIN)
    units = tl.where(scale == 0, 0.0, tl.div_rn(vector, tl.where(scale == 0, 1.0, scale)))
    if KIND == INT4:
        units += tl.load(zeros + head * D + d, mask=d < D, other=0.0).to(tl.float32)
    code = _nearest(units, KIND)
    if KIND == INT4 or KIND == E2M1:
        nibble = tl.arange(0, 2)
        byte = tl.arange(0, BD // 2)
        pairs = tl.sum(tl.reshape(code, [BD // 2, 2]) << (nibble * 4)[None, :], 1)
        tl.store(codes + row * ROW + byte, pairs.to(tl.uint8), mask=held & (byte < D // 2))
    else:
        tl.store(codes + row * ROW + d, code.to(tl.uint8), mask=fits)


def side_of(cache):
    """A cache's constants and pointers, whether it holds codes or 16-bit numbers."""
    if isinstance(cache, Codes):
        return cache.constants, cache.pointers
    nothing = cache
    return {"KIND": 0, "GRAIN": 0, "ROW": cache.shape[-1]}, (cache, nothing, nothing, nothing)


def is_codes(cache):
    """Whether a cache is quantised."""
    return isinstance(cache, Codes)

