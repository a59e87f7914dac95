"""Tensors of a problem as PyTorch's, and back: 16-bit numbers, codes, scales."""

import numpy as np
import torch

from cache_side import PlainSide

TYPES = {"bf16": torch.bfloat16, "f16": torch.float16}
_SCALE_TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16,
                "fp8_e4m3": torch.uint8}


def from_bits(bits, storage, device):
    """Bits of 16-bit numbers as a tensor of their type."""
    return torch.from_numpy(np.array(bits).view(np.int16)).view(TYPES[storage]).to(device)


def to_bits(tensor):
    """The bits of 16-bit numbers."""
    return tensor.cpu().view(torch.int16).numpy().view(np.uint16)


def moved(array, device):
    """An array as a tensor, None where there is none."""
    return None if array is None else torch.from_numpy(np.array(array)).to(device)


def is_plain(side):
    """Whether a side of the cache is not quantised."""
    return isinstance(side, PlainSide)


def code_tensors(side, device):
    """Codes uint8 [rows, bytes of a row], scales in their type, zero points and tensor scale in f32.

    Scales that lie in the rows are an empty tensor, which tells their type.
    """
    codes = moved(side.codes, device).reshape(-1, side.codes.shape[-1])
    scale_type = _SCALE_TYPES[side.scale_type]
    if side.scales is None:
        scales = torch.empty(0, dtype=scale_type, device=device)
    elif side.scale_type == "bf16":
        scales = from_bits(side.scales, "bf16", device)
    else:
        scales = moved(side.scales, device)
    zeros = None if side.zeros is None else moved(side.zeros.astype(np.float32), device)
    above = torch.tensor([side.tensor_scale], dtype=torch.float32, device=device)
    return codes, scales, zeros, above


def take_back(side, codes, scales):
    """Puts what was appended on the device into the side that the reply is made of."""
    side.codes = codes.cpu().numpy().reshape(side.codes.shape)
    if side.scales is None:
        return
    held = scales.cpu()
    side.scales = to_bits(held) if side.scale_type == "bf16" else held.numpy()
