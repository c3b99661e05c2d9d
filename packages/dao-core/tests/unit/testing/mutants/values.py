"""Mutants of values and their types."""

from __future__ import annotations

from dao.testing._conformance.evolution import SchemaEvolution
from dao.testing._conformance.others import TablesOfOthers
from dao.testing._conformance.types import Types
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

CATEGORIES_ENCODED_ANEW = (
    change_result("read", "result if not isinstance(result, pa.Table) else anew(result)")
    + """
def anew(table):
    def column(old):
        if not (pa.types.is_dictionary(old.type) and old.type.ordered):
            return old
        new = old.cast(old.type.value_type).combine_chunks().dictionary_encode()
        indices = new.indices.cast(old.type.index_type)
        return pa.DictionaryArray.from_arrays(indices, new.dictionary, ordered=True)
    return pa.Table.from_arrays([column(old) for old in table.columns], schema=table.schema)
"""
)

VALUES_ARE_NOT_CHECKED = """
from dao_files.formats import _parquet_writer as parquet_writer
from dao_files.formats import _scan_plan as scan_plan

def mutate(monkeypatch):
    monkeypatch.setattr(parquet_writer, "check_batch", lambda batch, schema: None)
    monkeypatch.setattr(scan_plan, "refuse_bad_text", lambda batch: None)
"""

INNER_NULLS_ARE_LOST = (
    change_result("read", "result if not isinstance(result, pa.Table) else lost(result)")
    + """
def lost(table):
    def column(old):
        if not (pa.types.is_struct(old.type) and old.type.num_fields == 2 and old.type.field(0).name == "a"):
            return old
        rows = [row and {**row, "a": row["a"] or {"v": "", "n": 0}} for row in old.to_pylist()]
        return pa.array(rows, old.type)
    return pa.Table.from_arrays([column(old) for old in table.columns], schema=table.schema)
"""
)

JSON_IS_SPELLED_ANEW = (
    change_result("read", "result if not isinstance(result, pa.Table) else anew(result)")
    + """
import json
def anew(table):
    def column(old):
        if old.type != pa.json_():
            return old
        return pa.array([text and json.dumps(json.loads(text), separators=(",", ":")) for text in old.to_pylist()])
    return pa.Table.from_arrays([column(old) for old in table.columns], names=table.column_names)
"""
)

A_TYPE_IS_DENIED = """
declared = capabilities_of

def capabilities_of(kind):
    return attrs.evolve(declared(kind), lacks_types={"int8": "nobody knows why"})
"""

DECIMALS_ARE_ROUNDED = """
from dao.arrow.convert import _layouts as layouts

def mutate(monkeypatch):
    monkeypatch.setattr(layouts, "_needs_care", lambda found, kind: False)
"""

DECIMALS_WRAP = """
from dao.arrow.convert import _layouts as layouts

def mutate(monkeypatch):
    monkeypatch.setattr(layouts, "_may_wrap", lambda given, wanted: False)
"""

INTEGERS_ARE_NO_DECIMALS = """
from dao.arrow.convert import _values as values

def mutate(monkeypatch):
    monkeypatch.setattr(values, "decimals", lambda found: found)
    monkeypatch.setattr(values, "_UNHELD", {})
"""

TABLES_TAKE_THE_TYPES_OF_THE_DATA = """
from dao.tables import _schemas as schemas

def mutate(monkeypatch):
    monkeypatch.setattr(schemas, "widened", lambda table, data: data)
"""

ONLY_COUNTED_NULLS_ARE_REFUSED = """
from dao.arrow.convert import _cast as casts

def mutate(monkeypatch):
    monkeypatch.setattr(
        casts,
        "null_in",
        lambda array, field: (field.name, 0) if array.null_count and not field.nullable else None,
    )

@around("write")
def changed(call, *args, **named):
    return call(*args, **{**named, "format": "arrow"})  # Parquet can't hold the layouts that hide nulls
"""

OTHERS_COLUMNS_CUT = """
@around("write")
def changed(call, data, data_object, **named):
    if isinstance(data, pa.Table) and pa.types.is_timestamp(data.schema[0].type):
        data = data.cast(pa.schema({"value": pa.timestamp("s")}), safe=False)
    return call(data, data_object, **named)
"""

CASE_IS_IGNORED = """
@around("read")
def changed(call, data_object, *, where=None, **named):
    if isinstance(where, list) and isinstance(where[0][2], str):
        where = f"value ILIKE '{where[0][2]}'" if where[0][1] == "=" else where
    return call(data_object, where=where, **named)
"""

KEYS_IGNORE_CASE = """
@around("upsert")
def changed(call, data, data_object, **named):
    if isinstance(data["value"][0].as_py(), str):
        data = pa.table({"value": pc.utf8_lower(data["value"])})
    return call(data, data_object, **named)
"""

VALUES = (
    Mutation("columns_of_others_cut_values", TablesOfOthers, OTHERS_COLUMNS_CUT, by="test_a_value_comes_back"),
    Mutation("columns_of_others_ignore_case", TablesOfOthers, CASE_IS_IGNORED, by="test_values_are_compared"),
    Mutation("keys_of_others_ignore_case", TablesOfOthers, KEYS_IGNORE_CASE, by="test_keys_and_deleted", slow=True),
    Mutation("null_becomes_empty", Types, NULL_TO_EMPTY),
    Mutation("a_type_is_denied_and_kept", Types, A_TYPE_IS_DENIED, by="test_a_table_that_cannot_be_kept_is_refused"),
    Mutation("nan_becomes_null", Types, NAN_TO_NULL),
    Mutation("ordered_categories_are_encoded_anew", Types, CATEGORIES_ENCODED_ANEW, slow=True),
    Mutation("values_are_not_checked", Types, VALUES_ARE_NOT_CHECKED, slow=True),
    Mutation("an_inner_struct_that_is_null_becomes_empty", Types, INNER_NULLS_ARE_LOST, slow=True),
    Mutation(
        "json_is_spelled_anew", Types, JSON_IS_SPELLED_ANEW,
        by="test_what_few_stores_hold_comes_back_or_is_refused",
    ),
    Mutation(
        "only_counted_nulls_are_refused", Types, ONLY_COUNTED_NULLS_ARE_REFUSED,
        by="test_nulls_in_required_fields_are_refused",
    ),
    Mutation("decimals_are_rounded", SchemaEvolution, DECIMALS_ARE_ROUNDED),
    Mutation("decimals_wrap", SchemaEvolution, DECIMALS_WRAP, by="test_floats_and_decimals_meet_by_their_text"),
    Mutation("tables_take_the_types_of_the_data", SchemaEvolution, TABLES_TAKE_THE_TYPES_OF_THE_DATA),
    Mutation(
        "integers_are_no_decimals", Types, INTEGERS_ARE_NO_DECIMALS, by="test_integers_beside_decimals_are_decimals"
    ),
)  # fmt: skip
