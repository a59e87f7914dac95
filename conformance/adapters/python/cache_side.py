"""One side of a paged cache, keys or values: 16-bit numbers, or codes with scales (C8, C4).

A side reads rows as float64, whatever they are stored as, and stores rows as its format says:
`side.load(index, head)` and `side.store(index, head, rows)`, with an index into [N, H, P] (or
[N·H, P]) that selects n rows, and rows [n, D].
"""

import numpy as np

from headwise_protocol import Refused, Tensor

_EIGHT_BIT = ("int8", "fp8_e4m3", "fp8_e5m2")
_GRANULARITIES = ("tensor", "head", "channel", "token", "inline")
_SCALES = {"f32": ("F32", np.float32), "f16": ("F16", np.float16), "bf16": ("BF16", np.uint16),
           "fp8_e4m3": ("F8_E4M3", np.uint8)}
_LARGEST = {"int8": 127, "fp8_e4m3": 448, "fp8_e5m2": 57344, "int4": 15, "fp4_e2m1": 6}
_CODE_TYPES = {"int8": "I8", "fp8_e4m3": "F8_E4M3", "fp8_e5m2": "F8_E5M2"}
_BLOCK = 16
_INLINE_BYTES = 16

FORMATS = [f"{codes}:{granularity}:{scale}" for codes in _EIGHT_BIT
           for granularity in _GRANULARITIES for scale in ("f32", "f16", "bf16")]
FORMATS += [f"int4:channel:{scale}" for scale in ("f32", "f16", "bf16")]
FORMATS.append("fp4_e2m1:block:fp8_e4m3")


def _float_table(significand, bias, codes, nan=(), infinite=()):
    """Values of a small float's magnitudes, by code."""
    values = []
    for code in range(codes):
        exponent, fraction = code >> significand, code & ((1 << significand) - 1)
        if code in nan or code in infinite:
            values.append(np.nan if code in nan else np.inf)
        elif exponent == 0:
            values.append(fraction * 2.0 ** (1 - bias - significand))
        else:
            values.append((fraction + (1 << significand)) * 2.0 ** (exponent - bias - significand))
    return np.array(values)


_MAGNITUDES = {
    "fp8_e4m3": _float_table(3, 7, 128, nan=(127,)),
    "fp8_e5m2": _float_table(2, 15, 128, nan=(125, 126, 127), infinite=(124,)),
    "fp4_e2m1": _float_table(1, 1, 8),
}


def _values_of(codes):
    """Values by code, of a type."""
    if codes == "int8":
        return np.arange(256, dtype=np.uint8).view(np.int8).astype(np.float64)
    if codes == "int4":
        return np.arange(16, dtype=np.float64)
    magnitudes = _MAGNITUDES[codes]
    return np.concatenate([magnitudes, -magnitudes])


def _encode(codes, units):
    """Codes nearest to numbers in units of the scale, ties to even, saturating."""
    largest = _LARGEST[codes]
    if codes in ("int8", "int4"):
        low = -largest if codes == "int8" else 0
        return np.clip(np.rint(units), low, largest).astype(np.int16).astype(np.uint8)
    magnitudes = _MAGNITUDES[codes]
    finite = magnitudes[:int(np.argmax(magnitudes == largest)) + 1]
    middles = (finite[1:] + finite[:-1]) / 2
    size = np.abs(units)
    code = np.searchsorted(middles, size, side="left")
    at_middle = (code < len(middles)) & (middles[np.minimum(code, len(middles) - 1)] == size)
    code = code + (at_middle & (code % 2 == 1))
    return np.where(np.signbit(units), code + len(magnitudes), code).astype(np.uint8)


def _numbers(stored, scale_type):
    """Scales as float64."""
    if scale_type == "bf16":
        return (stored.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    if scale_type == "fp8_e4m3":
        return _values_of("fp8_e4m3")[stored]
    return stored.astype(np.float64)


def _stored(scales, scale_type):
    """Scales as they are stored."""
    scales = np.ascontiguousarray(scales, dtype=np.float32)
    if scale_type == "bf16":
        bits = scales.view(np.uint32)
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    if scale_type == "fp8_e4m3":
        return _encode("fp8_e4m3", scales.astype(np.float64))
    with np.errstate(over="ignore"):
        return scales.astype(_SCALES[scale_type][1])


class PlainSide:
    """Keys or values of 16 bits."""

    def __init__(self, bits, storage, decode):
        self.bits, self.storage, self.decode = bits.copy(), storage, decode

    def load(self, index, _head):
        return self.decode(self.bits[index], self.storage).astype(np.float64)

    def store_bits(self, index, bits):
        self.bits[index] = bits

    def tensors(self, side):
        dtype = {"bf16": "BF16", "f16": "F16"}[self.storage]
        return {f"{side}s": Tensor(dtype, self.bits.shape, self.bits.tobytes())}


class QuantisedSide:
    """Keys or values as codes with scales; every tensor is checked before one byte is used."""

    def __init__(self, problem, side, declared, strides):
        self.codes_type, self.granularity = declared["codes"], declared["granularity"]
        self.scale_type = declared["scaleType"]
        name = f"{self.codes_type}:{self.granularity}:{self.scale_type}"
        if name not in FORMATS:
            raise Refused("dtype/c8", f"Cannot store {side}s as {name}: no such format")
        self.clause = "dtype/c8" if self.codes_type in _EIGHT_BIT else "dtype/c4"
        self.head_size = problem.head_size
        rows = problem.cache_rows
        width = self.head_size if self.clause == "dtype/c8" else self.head_size // 2
        self.code_bytes = width
        if self.granularity == "inline":
            used = width + np.dtype(_SCALES[self.scale_type][1]).itemsize
            width = -(-used // _INLINE_BYTES) * _INLINE_BYTES
        inline = self.granularity == "inline"
        code_type = "U8" if inline else _CODE_TYPES.get(self.codes_type, "U8")
        self.codes = self._take(problem, f"{side}s", code_type, rows + (width,), np.uint8)
        scale_shape = {
            "tensor": (1,), "head": (problem.kv_heads,), "token": rows,
            "channel": (problem.kv_heads, self.head_size),
            "block": rows + (self.head_size // _BLOCK,),
        }.get(self.granularity)
        self.scales = self.zeros = None
        self.tensor_scale = 1.0
        dtype, array = _SCALES[self.scale_type]
        if inline:
            self._require(f"{side}Scales" not in problem.tensors, f"{side}Scales stand inside rows")
        else:
            self.scales = self._take(problem, f"{side}Scales", dtype, scale_shape, array)
            self._check_strides(f"{side}Scales", scale_shape, strides)
        if self.codes_type == "int4":
            zeros = self._take(problem, f"{side}Zeros", dtype, scale_shape, array)
            self.zeros = _numbers(zeros, self.scale_type)
            self._require((self.zeros == np.rint(self.zeros)).all(), "zero points are integers")
        else:
            self._require(f"{side}Zeros" not in problem.tensors,
                          f"{side}Zeros belong to int4 alone")
        if self.granularity == "block":
            above = self._take(problem, f"{side}TensorScale", "F32", (1,), np.float32)
            self.tensor_scale = float(above[0])

    def _require(self, holds, message):
        if not holds:
            raise Refused(self.clause, f"Cannot use a quantised cache: {message}")

    def _take(self, problem, name, dtype, shape, array):
        self._require(name in problem.tensors, f"the tensor {name!r} is missing")
        tensor = problem.tensors[name]
        self._require(tensor.dtype == dtype, f"{name!r} is {tensor.dtype} and must be {dtype}")
        self._require(tuple(tensor.shape) == tuple(shape),
                      f"{name!r} has shape {tensor.shape} and must have {list(shape)}")
        return np.frombuffer(tensor.data, array).reshape(shape).copy()

    def _check_strides(self, name, shape, strides):
        if strides is None:
            return
        dense = [int(np.prod(shape[axis + 1:])) for axis in range(len(shape))]
        same = len(strides) == len(shape) and all(
            size == 1 or stride == other for size, stride, other in zip(shape, strides, dense))
        self._require(same, f"{name!r} has strides {strides} and must be row-major, {dense}")

    def _own_bits(self, index):
        """Inline scales as they are stored, [n]."""
        array = _SCALES[self.scale_type][1]
        end = self.code_bytes + np.dtype(array).itemsize
        tail = np.ascontiguousarray(self.codes[index][:, self.code_bytes:end])
        return tail.view(array).reshape(-1)

    def _scales_at(self, index, head):
        """Scales that [n, D] elements are multiplied by; the shape may broadcast."""
        if self.granularity == "tensor":
            return _numbers(self.scales, self.scale_type)[0]
        if self.granularity in ("head", "channel"):
            return _numbers(self.scales[head], self.scale_type)
        if self.granularity == "inline":
            return _numbers(self._own_bits(index), self.scale_type)[:, None]
        scales = _numbers(self.scales[index], self.scale_type)
        if self.granularity == "token":
            return scales[:, None]
        return np.repeat(scales, _BLOCK, axis=-1) * self.tensor_scale

    def load(self, index, head):
        codes = self.codes[index][:, :self.code_bytes]
        if self.clause == "dtype/c4":
            codes = np.stack([codes & 15, codes >> 4], axis=-1).reshape(len(codes), self.head_size)
        values = _values_of(self.codes_type)[codes]
        if self.zeros is not None:
            values = values - self.zeros[head]
        return values * self._scales_at(index, head)

    def store(self, index, head, rows):
        """Quantises rows [n, D]: scales of their own first, then codes under what was stored."""
        if len(rows) == 0:
            return
        rows = np.asarray(rows, dtype=np.float32)
        self._store_scales(index, rows)
        scales = np.asarray(self._scales_at(index, head), dtype=np.float32)
        scales = np.broadcast_to(scales, rows.shape)
        units = np.zeros_like(rows)
        np.divide(rows, scales, out=units, where=scales != 0)
        units = units.astype(np.float64)
        if self.zeros is not None:
            units = units + self.zeros[head]
        codes = _encode(self.codes_type, units)
        if self.clause == "dtype/c4":
            codes = codes[:, 0::2] | (codes[:, 1::2] << 4)
        held = self.codes[index]
        held[:, :self.code_bytes] = codes
        self.codes[index] = held

    def _store_scales(self, index, rows):
        largest = np.float32(_LARGEST[self.codes_type])
        if self.granularity == "block":
            blocks = np.abs(rows).reshape(len(rows), -1, _BLOCK).max(axis=-1) / largest
            scales = np.zeros_like(blocks)
            if self.tensor_scale != 0:
                scales = blocks / np.float32(self.tensor_scale)
            self.scales[index] = _stored(scales, self.scale_type)
        elif self.granularity in ("token", "inline"):
            scales = _stored(np.abs(rows).max(axis=-1) / largest, self.scale_type)
            if self.granularity == "token":
                self.scales[index] = scales
            else:
                held = self.codes[index]
                raw = scales[:, None].view(np.uint8)
                held[:, self.code_bytes:self.code_bytes + raw.shape[1]] = raw
                self.codes[index] = held

    def tensors(self, side):
        """Codes after an append, and scales where rows have their own apart from the codes."""
        inline = self.granularity == "inline"
        code_type = "U8" if inline else _CODE_TYPES.get(self.codes_type, "U8")
        out = {f"{side}s": Tensor(code_type, self.codes.shape, self.codes.tobytes())}
        if self.granularity in ("token", "block"):
            dtype = _SCALES[self.scale_type][0]
            out[f"{side}Scales"] = Tensor(dtype, self.scales.shape, self.scales.tobytes())
        return out
