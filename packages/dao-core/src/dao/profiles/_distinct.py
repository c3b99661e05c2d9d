"""How many different values there are: counted while there are few, then estimated from the least hashes.

The estimate is that of the k minimum values (Bar-Yossef et al., 2002; Beyer et al., 2007): of n different values, each
hashed to [0, 1), the k-th least hash is near k / n. Its standard error is 1 / sqrt(k - 2), 1.6% for k = 4,096. The same
values in any order and in any batches give the same estimate.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Distinct"]

_COUNTED = 50_000
_COUNTED_BYTES = 1 << 20
"""How many values of a column are held to be counted, and how many bytes."""

_LEAST = 4_096
"""How many of the least hashes are held."""


class Distinct:
    """The number of different values of one column."""

    def __init__(self, kind: pa.DataType) -> None:
        self._seen = pa.array([], kind)
        self._hashes: pa.Array | None = None

    @property
    def exact(self) -> bool:
        """Whether all values were counted."""
        return self._hashes is None

    @property
    def number(self) -> int:
        """How many there are, or an estimate of it."""
        if self._hashes is None:
            return len(self._seen)
        if len(self._hashes) < _LEAST:
            return len(self._hashes)
        greatest: int = self._hashes[_LEAST - 1].as_py()
        return round((_LEAST - 1) * 2**64 / greatest)

    def add(self, values: pa.Array) -> None:
        """Take in values without nulls, of the type that it was made for."""
        values = values.unique()
        if self._hashes is not None:
            self._hashes = _least(self._hashes, values)
            return
        self._seen = pa.concat_arrays([self._seen, values]).unique()
        if len(self._seen) > _COUNTED or self._seen.nbytes > _COUNTED_BYTES:
            self._hashes = _least(pa.array([], pa.uint64()), self._seen)
            self._seen = self._seen[:0]


def _least(held: pa.Array, values: pa.Array) -> pa.Array:
    """The least hashes of those that are held and those of more values, ascending."""
    hashes = _hashed(values)
    if len(held) == _LEAST:
        hashes = hashes.filter(pc.less(hashes, held[_LEAST - 1]))
    together = pa.concat_arrays([held, hashes]).unique()
    return together.take(pc.sort_indices(together)[:_LEAST])


def _hashed(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_integer(kind):
        signed = values if pa.types.is_unsigned_integer(kind) else values.cast(pa.int64())
        return _mixed(signed.cast(pa.uint64()) if pa.types.is_unsigned_integer(kind) else signed.view(pa.uint64()))
    if pa.types.is_floating(kind):
        return _mixed(values.cast(pa.float64()).view(pa.uint64()))
    hashes = (blake2b(_content(value), digest_size=8).digest() for value in values.to_pylist())
    return pa.array((int.from_bytes(digest) for digest in hashes), pa.uint64())


def _content(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _mixed(bits: pa.Array) -> pa.Array:
    """The last step of MurmurHash3 for 64 bits: each bit of the result depends on every one of the value."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        bits = pc.bit_wise_xor(bits, pc.shift_right(bits, pa.scalar(33, pa.uint64())))
        bits = pc.multiply(bits, pa.scalar(factor, pa.uint64()))
    return pc.bit_wise_xor(bits, pc.shift_right(bits, pa.scalar(33, pa.uint64())))
