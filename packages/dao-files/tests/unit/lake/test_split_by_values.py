"""Rows by their values in some columns."""

from __future__ import annotations

import pyarrow as pa

from dao_files.lake import split_by_values


def test_values_are_told_apart_however_many_combinations_there_could_be():
    many = list(range(1 << 16))
    other = pa.array([0] * len(many) + [1])
    batch = pa.record_batch([other, *[pa.array([*many, 7])] * 4], names=list("abcde"))
    assert sum(len(rows) == 1 for rows, _ in split_by_values(batch, batch.schema.names)) == len(many) + 1


def test_nulls_are_a_value():
    batch = pa.record_batch({"a": pa.array([None, 1, None]), "b": pa.array(["x", None, "x"])})
    found = {values: rows.to_pylist() for rows, values in split_by_values(batch, ["a", "b"])}
    assert found == {(None, "x"): [0, 2], (1, None): [1]}
