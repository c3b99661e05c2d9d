"""Mutants of values and their types."""

from __future__ import annotations

from dao.testing.conformance.types import Types
from mutants.mutation import Mutation, change_result

NULL_TO_EMPTY = (
    change_result("read", "result if not isinstance(result, pa.Table) else filled(result)")
    + """
def filled(table):
    columns = [pc.fill_null(c, "") if pa.types.is_string(c.type) else c for c in table.columns]
    return pa.Table.from_arrays(columns, schema=table.schema)
"""
)

NAN_TO_NULL = (
    change_result("read", "result if not isinstance(result, pa.Table) else filled(result)")
    + """
def filled(table):
    def column(old):
        return pc.if_else(pc.is_nan(old), pa.scalar(None, old.type), old) if pa.types.is_float64(old.type) else old
    return pa.Table.from_arrays([column(old) for old in table.columns], schema=table.schema)
"""
)

VALUES = (
    Mutation("null_becomes_empty", Types, NULL_TO_EMPTY),
    Mutation("nan_becomes_null", Types, NAN_TO_NULL),
)  # fmt: skip
