"""Mutants of what is stored and how it is changed."""

from __future__ import annotations

from dao.testing._conformance.changes import Deletes, Upserts
from dao.testing._conformance.evolution import SchemaEvolution
from dao.testing._conformance.files import Files, Keys
from dao.testing._conformance.foreign import ForeignFiles
from dao.testing._conformance.names import Names
from dao.testing._conformance.partitions import PartitionOverwrites
from dao.testing._conformance.streams import WriteStreams
from dao.testing._conformance.sweeps import Faults
from dao.testing._conformance.transfers import CopiesBetween, CopiesWithin, Moves
from dao.testing._conformance.writes import Appends, Overwrites, Writes
from mutants.mutation import Mutation, change_argument, change_result

MARKERS_ARE_TABLES = """
from dao_files._actions import managing

def mutate(monkeypatch):
    monkeypatch.setattr(managing, "is_there", lambda found, place: found is not None)
"""

MOVES_ROWS = """
@around("move")
def changed(call, data_object, target, **named):
    dao = DataAccessObject()
    result = dao.write(dao.read(data_object), target, **named)
    dao.delete(data_object)
    return result
"""

IN_PLACE = """
from dao_files._local import storage
from dao_files._local.change import FolderChange

class InPlace(FolderChange):
    def __init__(self, own, key, base, *, tree, fsync):
        super().__init__(own, key, base, tree=tree, fsync=fsync)
        self._place, self._kept, self._written = os.path.join(own.top.path, key), set(), set()
        os.makedirs(self._place if tree else os.path.dirname(self._place), exist_ok=True)
    def _at(self, path):
        return os.path.join(self._place, path) if path else self._place
    def create(self, path, *, native=False, unique=False):
        place = self._at(path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        self._written.add(place)
        return pa.OSFile(place, "wb") if native else open(place, "wb")
    def keep(self, key):
        self._kept.add(self._at(key[len(self._key) + 1 :]))
    def size(self, path):
        return os.path.getsize(self._at(path))
    def publish(self):
        old = self.base.files if self.base and self._tree else ()
        for place in {self._at(info.key[len(self._key) + 1 :]) for info in old} - self._kept - self._written:
            os.unlink(place)

def mutate(monkeypatch):
    monkeypatch.setattr(storage, "FolderChange", InPlace)
"""

NO_CLEANING = """
from dao_files._local.publishing import OwnPlace

def mutate(monkeypatch):
    monkeypatch.setattr(OwnPlace, "discard", lambda self, path: None)
"""

OPTIONS_ARE_FORGOTTEN = """
from dao_files._actions.log import Log

def mutate(monkeypatch):
    monkeypatch.setattr(Log, "spelling", lambda self, format: None)
"""

TWINS_ARE_ONE = """
@around("write")
def changed(call, data, data_object, **named):
    if named.get("schema_mode") == "evolve" and isinstance(data, pa.Table):
        last = {name.lower(): name for name in data.column_names}
        data = data.select(list(last.values())).rename_columns(list(last))
    return call(data, data_object, **named)
"""

UPSERT_APPENDS = """
@around("upsert")
def changed(call, data, data_object, **named):
    return Mutant.write(call.args[0], data, data_object, mode="append")
"""

NEWER_ROWS_LOSE = """
from dao_files._actions import merging

def mutate(monkeypatch):
    monkeypatch.setattr(merging, "precedes", lambda rows, others, order_by: pa.repeat(False, rows.num_rows))
"""

STORED_NULLS_WIN = """
from dao_files._actions import merging

def mutate(monkeypatch):
    older = merging.precedes
    monkeypatch.setattr(
        merging, "precedes", lambda *given: pc.if_else(older(*given), True, pc.is_null(given[1].column(0)))
    )
"""

LACKING_COLUMNS_ARE_WIPED = """
from dao_files._actions import merging

def mutate(monkeypatch):
    replaced = merging._replace
    monkeypatch.setattr(
        merging, "_replace", lambda batch, source, given, found: replaced(batch, source, source.column_names, found)
    )
"""

ONE_OF_A_KEY = """
from dao.tables._matching import Matcher

def mutate(monkeypatch):
    match = Matcher.match
    def first_only(self, rows):
        found = match(self, rows).to_pylist()
        return pa.array([n if n not in found[:place] else None for place, n in enumerate(found)], pa.int64())
    monkeypatch.setattr(Matcher, "match", first_only)
"""

NAMELESS_FILES_VANISH = """
from dao_files.formats import infer_format
from dao_files._actions import opening

def mutate(monkeypatch):
    shown = opening.shown_files
    monkeypatch.setattr(
        opening, "shown_files", lambda snapshot: [info for info in shown(snapshot) if infer_format(info.key)]
    )
"""

STRANGERS_ARE_LEFT_OUT = """
from dao_files.formats import infer_format
from dao_files._actions import opening

def mutate(monkeypatch):
    shown = opening.shown_files
    monkeypatch.setattr(
        opening, "shown_files", lambda snapshot: [i for i in shown(snapshot) if infer_format(i.key) == "parquet"]
    )
"""

MARKERS_ARE_ROWS = """
from dao_files._actions import opening

def mutate(monkeypatch):
    monkeypatch.setattr(opening, "shown_files", lambda snapshot: list(snapshot.files))
"""

STRANGERS_ARE_LOST = """
from dao_files._actions import managing
from dao_files._actions import target

def mutate(monkeypatch):
    for module in (managing, target):
        monkeypatch.setattr(module, "check_replaceable", lambda *given, **named: None)
"""

HIDDEN_FILES_ARE_LOST = """
from dao_files._actions import remaining

def mutate(monkeypatch):
    monkeypatch.setattr(remaining, "hidden_files", lambda snapshot: [])
"""

LAYOUT_IS_KEPT = """
@around("write")
def changed(call, data, data_object, **named):
    if named.get("mode") == "overwrite" and named.get("partition_by") is None:
        named["partition_by"] = Mutant.run_metadata(call.args[0], data_object)["partition_by"]
    return call(data, data_object, **named)
"""

EMPTY_IS_NULL = """
from dao_files._actions import partitioned

def mutate(monkeypatch):
    path = partitioned.hive_path
    monkeypatch.setattr(partitioned, "hive_path", lambda values: path({n: v or None for n, v in values.items()}))
"""

HIDDEN_PARTITIONS = """
from dao_files.formats import _partitions as partitions

def mutate(monkeypatch):
    monkeypatch.setattr(partitions, "_quote_name", partitions._quote)
"""

LIMITS_ARE_IGNORED = """
from dao import memory

def mutate(monkeypatch):
    monkeypatch.setattr(memory.Budget, "of", staticmethod(lambda limit: memory.USUAL))
"""

COLLECTED = """
@around("write_stream")
def changed(call, *args, **named):
    named["data"] = named["data"].read_all()
    return call(*args, **named)
"""

CUT_SHORT = """
@around("read_stream")
def changed(call, *args, **named):
    result = call(*args, **named)
    return io.BytesIO(result.read()[:-1]) if named.get("into") == "bytes" else result
"""

ENDS_ARE_EMPTY = """
from dao_files._actions import binary

def mutate(monkeypatch):
    monkeypatch.setattr(binary, "_refuse_read_to_end", lambda file: None)
"""

LOGS_ARE_FILES = """
from dao_files._actions import places

def mutate(monkeypatch):
    monkeypatch.setattr(places, "refuse_log", lambda key: None)
"""

COPIES_ARE_WHOLE = """
from dao._core.transfer import Transfer

def mutate(monkeypatch):
    monkeypatch.setattr(Transfer, "_declined", lambda self: "")
"""

NO_CHECKS_OF_KEYS = """
from dao_files._storage import keys
from dao_files._actions import places
from dao_files._local import change
from dao_files._local import walk

def mutate(monkeypatch):
    for module in (keys, places, change):
        monkeypatch.setattr(module, "check_key", lambda key: key)
    monkeypatch.setattr(walk, "check_inside", lambda place, key, root: place)
"""

NAMES_MEET = """
for action in ("read", "write", "delete"):
    @around(action)
    def changed(call, *args, **named):
        return call(*[moved(a) if isinstance(a, DataObject) else a for a in args], **named)

def moved(data_object):
    return type(data_object)("any", data_object.data_store, **{**data_object.properties, "key": KEY})
"""

EXACT_NAMES = """
from dao.errors import DataError
from dao_files._actions import upsert

def exact(schema, names, argument):
    if not {*names} <= {*schema.names}:
        raise DataError(f"{argument}: no such column")
    return list(names)

def mutate(monkeypatch):
    monkeypatch.setattr(upsert, "find_names", exact)
"""

WRITES = (
    Mutation("writes_go_in_place", Overwrites, IN_PLACE, slow=True),
    Mutation("in_place_under_faults", Faults, IN_PLACE),
    Mutation("staged_files_stay", Writes, NO_CLEANING),
    Mutation("options_are_forgotten", Writes, OPTIONS_ARE_FORGOTTEN),
    Mutation("mode_is_ignored", Writes, change_argument("mode", "write", "'overwrite'")),
    Mutation("append_overwrites", Appends, change_argument("mode", "write", "'overwrite'")),
    Mutation("partitions_overwrite_all", PartitionOverwrites, change_argument("mode", "write", "'overwrite'")),
    Mutation("schemas_drift", SchemaEvolution, change_argument("schema_mode", "write", "'evolve'")),
    Mutation("delete_ignores_where", Deletes, change_argument("where", "delete")),
    Mutation("upsert_appends", Upserts, UPSERT_APPENDS),
    Mutation("keys_are_spelled_exactly", Upserts, EXACT_NAMES),
    Mutation("newer_rows_lose", Upserts, NEWER_ROWS_LOSE),
    Mutation("stored_nulls_are_newest", Upserts, STORED_NULLS_WIN),
    Mutation("lacking_columns_are_wiped", SchemaEvolution, LACKING_COLUMNS_ARE_WIPED),
    Mutation("twins_in_other_letters_are_one", SchemaEvolution, TWINS_ARE_ONE),
    Mutation("one_of_a_key_is_updated", Upserts, ONE_OF_A_KEY),
    Mutation("nameless_files_vanish", ForeignFiles, NAMELESS_FILES_VANISH),
    Mutation("strangers_are_left_out", ForeignFiles, STRANGERS_ARE_LEFT_OUT),
    Mutation("markers_are_rows", ForeignFiles, MARKERS_ARE_ROWS),
    Mutation("markers_are_tables", ForeignFiles, MARKERS_ARE_TABLES, by="test_markers_alone_are_no_table"),
    Mutation("strangers_are_lost", ForeignFiles, STRANGERS_ARE_LOST),
    Mutation("hidden_files_are_lost", ForeignFiles, HIDDEN_FILES_ARE_LOST),
    Mutation("overwrite_keeps_the_layout", Overwrites, LAYOUT_IS_KEPT),
    Mutation("empty_partition_values_are_null", PartitionOverwrites, EMPTY_IS_NULL),
    Mutation("partitions_are_hidden", PartitionOverwrites, HIDDEN_PARTITIONS),
    Mutation("streams_are_collected", WriteStreams, COLLECTED),
    Mutation("memory_limits_are_ignored", WriteStreams, LIMITS_ARE_IGNORED),
    Mutation("copies_overwrite", CopiesWithin, change_argument("mode", "copy", "'overwrite'")),
    Mutation("copies_add_no_rows", CopiesWithin, COPIES_ARE_WHOLE),
    Mutation("moves_forget_the_log", Moves, MOVES_ROWS),
    Mutation("moves_are_copies", Moves, "Mutant.move = LocalInterface.copy"),
    Mutation("files_lose_their_tail", CopiesBetween, CUT_SHORT),
    Mutation("bytes_are_changed", Files, change_result("read", "result.replace(b'\\r\\n', b'\\n')")),
    Mutation("file_objects_at_their_end_are_empty", Files, ENDS_ARE_EMPTY),
    Mutation("logs_are_files", Keys, LOGS_ARE_FILES),
    Mutation("keys_are_not_checked", Keys, NO_CHECKS_OF_KEYS),
    Mutation("keys_of_tables_are_not_checked", Names, NO_CHECKS_OF_KEYS),
    Mutation("names_fold_case", Names, NAMES_MEET.replace("KEY", "data_object.key.lower()")),
    Mutation("names_are_made_plain", Names, NAMES_MEET.replace("KEY", "re.sub(r'\\W', '_', data_object.key)")),
)  # fmt: skip
