"""One side of a paged cache in PyTorch: 16-bit numbers, or codes dequantised and quantised on the device.

The same two calls as the sides of `cache_side.py`, which have checked the tensors: `load(index, head)`
gives float32 rows [n, D], `store(index, head, rows)` stores them as the format says. fp8 is PyTorch's own
type; a PyTorch without it (before 2.1) does not claim those formats.
"""

import numpy as np
import torch

from cache_side import FORMATS
from torch_tensors import TYPES, code_tensors, from_bits, is_plain, take_back, to_bits

_FLOAT8 = {"fp8_e4m3": "float8_e4m3fn", "fp8_e5m2": "float8_e5m2"}
_LARGEST = {"int8": 127, "fp8_e4m3": 448, "fp8_e5m2": 57344, "int4": 15, "fp4_e2m1": 6}
_E2M1 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
_BLOCK = 16


def claimed_formats():
    """Formats that this PyTorch has the types for."""
    if all(hasattr(torch, name) for name in _FLOAT8.values()):
        return FORMATS
    return [name for name in FORMATS if "fp8" not in name]


def side_on(side, device):
    """A side of a problem on a device."""
    return PlainTorchSide(side, device) if is_plain(side) else CodeTorchSide(side, device)


def _on(device, index):
    """An index of NumPy arrays and numbers as one of tensors."""
    return tuple(torch.from_numpy(each.astype(np.int64)).to(device)
                 if isinstance(each, np.ndarray) else each for each in index)


def _divided(numbers, by):
    """A division: by a scalar CUDA multiplies with the inverse, which is another number."""
    return numbers / torch.full_like(numbers, by)


class PlainTorchSide:
    """Keys or values of 16 bits."""

    def __init__(self, side, device):
        self.side, self.device = side, device
        self.numbers = from_bits(side.bits, side.storage, device)

    def load(self, index, _head):
        return self.numbers[_on(self.device, index)].float()

    def store(self, index, _head, rows):
        self.numbers[_on(self.device, index)] = rows.to(TYPES[self.side.storage])

    def reply(self, name):
        """The side's tensors after an append."""
        self.side.bits = to_bits(self.numbers)
        return self.side.tensors(name)


class CodeTorchSide:
    """Keys or values as codes with scales."""

    def __init__(self, side, device):
        self.side, self.device = side, device
        self.codes, self.scales, self.zeros, self.above = code_tensors(side, device)
        self.codes = self.codes.reshape(side.codes.shape)
        self.packed = side.codes_type in ("int4", "fp4_e2m1")

    def load(self, index, head):
        index = _on(self.device, index)
        codes = self.codes[index][:, :self.side.code_bytes].contiguous()
        return self._values(codes, head) * self._scales_at(index, head)

    def store(self, index, head, rows):
        """Scales of the rows' own first, then the nearest codes under what was stored."""
        if len(rows) == 0:
            return
        index = _on(self.device, index)
        self._store_scales(index, rows)
        scales = self._scales_at(index, head).expand_as(rows)
        units = torch.where(scales == 0, torch.zeros_like(rows), rows / scales)
        if self.zeros is not None:
            units = units + self.zeros[head]
        codes = self._nearest(units)
        if self.packed:
            codes = codes[:, 0::2] | (codes[:, 1::2] << 4)
        held = self.codes[index]
        held[:, :self.side.code_bytes] = codes
        self.codes[index] = held

    def reply(self, name):
        """Codes after an append, and scales where rows have their own apart from the codes."""
        take_back(self.side, self.codes, self.scales)
        return self.side.tensors(name)

    def _values(self, codes, head):
        kind = self.side.codes_type
        if kind == "int8":
            return codes.view(torch.int8).float()
        if kind in _FLOAT8:
            return codes.view(getattr(torch, _FLOAT8[kind])).float()
        nibbles = torch.stack([codes & 15, codes >> 4], dim=-1).reshape(len(codes), -1).long()
        if kind == "int4":
            return nibbles.float() - self.zeros[head]
        magnitudes = torch.tensor(_E2M1, device=self.device)
        return magnitudes[nibbles & 7] * (1 - 2 * (nibbles >> 3)).float()

    def _nearest(self, units):
        kind = self.side.codes_type
        largest = _LARGEST[kind]
        if kind in ("int8", "int4"):
            lowest = -largest if kind == "int8" else 0
            return units.clamp(lowest, largest).round().to(torch.int8).view(torch.uint8)
        if kind in _FLOAT8:
            return units.clamp(-largest, largest).to(getattr(torch, _FLOAT8[kind])).view(torch.uint8)
        magnitudes = torch.tensor(_E2M1, device=self.device)
        middles = (magnitudes[1:] + magnitudes[:-1]) / 2
        below, above = (torch.bucketize(units.abs(), middles, right=right) for right in (False, True))
        # At a middle both differ, and the even one is taken.
        code = torch.where(below % 2 == 0, below, above)
        code = torch.where(below == above, below, code)
        return (code + 8 * torch.signbit(units)).to(torch.uint8)

    def _scales_at(self, index, head):
        """Scales of rows in float32, to be multiplied with [n, D]."""
        granularity = self.side.granularity
        if granularity == "tensor":
            return self.scales.float()
        if granularity in ("head", "channel"):
            return self.scales[head].float()
        if granularity == "token":
            return self.scales[index].float()[:, None]
        if granularity == "inline":
            width = self.scales.element_size()
            start = self.side.code_bytes
            own = self.codes[index][:, start:start + width].contiguous()
            return own.view(self.scales.dtype).float()
        own = self.scales[index].view(getattr(torch, _FLOAT8["fp8_e4m3"])).float() * self.above
        return own.repeat_interleave(_BLOCK, dim=-1)

    def _store_scales(self, index, rows):
        granularity, largest = self.side.granularity, _LARGEST[self.side.codes_type]
        if granularity == "block":
            blocks = _divided(rows.abs().reshape(len(rows), -1, _BLOCK).amax(dim=-1), largest)
            scales = torch.zeros_like(blocks) if self.above == 0 else blocks / self.above
            scales = scales.clamp(max=_LARGEST["fp8_e4m3"])
            self.scales[index] = scales.to(getattr(torch, _FLOAT8["fp8_e4m3"])).view(torch.uint8)
        elif granularity in ("token", "inline"):
            scales = _divided(rows.abs().amax(dim=-1), largest).to(self.scales.dtype)
            if granularity == "token":
                self.scales[index] = scales
                return
            held, start = self.codes[index], self.side.code_bytes
            held[:, start:start + scales.element_size()] = scales[:, None].view(torch.uint8)
            self.codes[index] = held
