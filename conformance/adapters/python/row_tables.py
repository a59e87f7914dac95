"""What adapters of allocators share: numbers that must be whole, and int32 tensors."""

import struct

from headwise_protocol import Refused, Tensor, number


def whole(value, least, code, name, end=None):
    """A whole number from `least` on and below `end`, or a refusal that names it."""
    value = number(value)
    if value != value or value in (float("inf"), float("-inf")) or value != int(value) \
            or value < least or (end is not None and value >= end):
        raise Refused(code, f"Cannot use {name} {value}")
    return int(value)


def int32_tensor(values):
    """A flat int32 tensor."""
    return Tensor("I32", [len(values)], struct.pack(f"<{len(values)}i", *values))
