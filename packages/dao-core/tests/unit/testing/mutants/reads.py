"""Mutants of what is read and looked at."""

from __future__ import annotations

from dao.testing._conformance.agreement import Predicates
from dao.testing._conformance.looks import Counts, Exists, Histories, Lists, Schemas
from dao.testing._conformance.parity import Parity
from dao.testing._conformance.reads import Reads
from dao.testing._conformance.streams import ReadStreams
from mutants.mutation import Mutation, change_argument, change_result

MISSING_IS_EMPTY = """
@around("list")
def changed(call, *args, **named):
    try:
        return call(*args, **named)
    except NotFoundError:
        return Listing(())
"""

OTHER_WHEN_AWAITED = """
async def count_awaited(self, data_object: DataObject, *, where=None):
    return -1
Mutant.count_awaited = count_awaited
"""

LIMIT_FIRST = """
from dao.arrow.predicates import filter_table

@around("read")
def changed(call, *args, where=None, limit=None, columns=None, **named):
    table = call(*args, **named)
    if not isinstance(table, pa.Table):
        return table
    cut = table.slice(0, limit)
    kept = cut if where is None else filter_table(cut, where)
    return kept if columns is None else kept.select(columns)
"""

LIKE_AS_ILIKE = "named.get('where') and str(named['where']).replace(' LIKE ', ' ILIKE ')"
NULL_TOO = "f\"({named['where']}) IS NOT FALSE\""

EXACT_CASE = """
@around("read")
def changed(call, *args, **named):
    if any(name != name.lower() for name in named.get("columns") or ()):
        raise DataError("columns= names a column that is not there")
    return call(*args, **named)
"""

COLUMNS_TWICE = """
@around("read")
def changed(call, *args, columns=None, **named):
    return call(*args, columns=columns and list(dict.fromkeys(name.lower() for name in columns)), **named)
"""

NEIGHBOURS_ARE_LISTED = """
@around("list")
def changed(call, data_object, **named):
    everything = call(DirectoryObject("all", key=""), **named)
    found = [info for info in everything if info.key.startswith(data_object.key)]
    return Listing(found) if found else call(data_object, **named)
"""

READS = (
    Mutation("where_is_ignored", Reads, change_argument("where", "read")),
    Mutation("where_keeps_null", Predicates, change_argument("where", "read", "f\"({named['where']}) IS NOT FALSE\"")),
    Mutation("like_has_no_letter_case", Predicates, change_argument("where", "read", LIKE_AS_ILIKE)),
    Mutation("delete_takes_null_too", Predicates, change_argument("where", "delete", NULL_TOO), slow=True),
    Mutation("columns_have_one_letter_case", Reads, EXACT_CASE),
    Mutation("columns_may_come_twice", Reads, COLUMNS_TWICE),
    Mutation("no_columns_are_all", Reads, change_argument("columns", "read", "named.get('columns') or None")),
    Mutation("columns_are_ignored", Reads, change_argument("columns", "read")),
    Mutation("limit_comes_before_where", Reads, LIMIT_FIRST),
    Mutation("limit_is_ignored", Reads, change_argument("limit", "read")),
    Mutation("count_is_off", Counts, change_result("count", "result + 1")),
    Mutation("count_ignores_where", Counts, change_argument("where", "count")),
    Mutation("everything_exists", Exists, change_result("exists", "True")),
    Mutation("nothing_is_an_empty_list", Lists, MISSING_IS_EMPTY),
    Mutation("neighbours_are_listed", Lists, NEIGHBOURS_ARE_LISTED),
    Mutation("listings_lack_a_file", Lists, change_result("list", "Listing(list(result)[1:])")),
    Mutation("history_is_turned_round", Histories, change_result("history", "list(result)[::-1]")),
    Mutation("schema_lacks_a_column", Schemas, change_result("schema", "result.remove(0)")),
    Mutation("streams_are_read_at_once", ReadStreams, change_result("read_stream", "result.read_all().to_reader()")),
    Mutation("awaited_differs", Parity, OTHER_WHEN_AWAITED),
)  # fmt: skip
