"""Every capability of the kit can fail: LocalInterface, broken on purpose, turns it red.

Each mutant is a few lines that break one promise. The tests of the capability that guards the promise are run on it,
and one must fail; tests/conformance runs the same tests on LocalInterface as it is, where they are green.
"""

from __future__ import annotations

import textwrap

import pytest
from attrs import frozen

from dao.testing.conformance.agreement import Predicates
from dao.testing.conformance.base import Capability
from dao.testing.conformance.changes import Deletes, SchemaEvolution, Upserts
from dao.testing.conformance.failures import Errors, Secrets
from dao.testing.conformance.files import Files, Keys
from dao.testing.conformance.leaks import Leaks
from dao.testing.conformance.looks import Counts, Exists, Histories, Lists, Schemas
from dao.testing.conformance.parity import Parity
from dao.testing.conformance.reads import Reads
from dao.testing.conformance.streams import ReadStreams, WriteStreams
from dao.testing.conformance.sweeps import Faults
from dao.testing.conformance.together import Cancellation, Concurrency
from dao.testing.conformance.transfers import CopiesBetween, CopiesWithin, Moves
from dao.testing.conformance.types import Types
from dao.testing.conformance.writes import Appends, Overwrites, PartitionOverwrites, Writes

pytest_plugins = ["pytester"]

SUITE = """
import contextlib, functools, io, os, tempfile, threading, time
import attrs, pyarrow as pa, pyarrow.compute as pc, pytest
from dao import *
from dao.core.routing.route import routes_of
from dao.files import parts
from dao.local import LocalInterface
from dao.progress import Cancelled
from dao.testing import Backend, Capabilities, ConformanceSuite, patched


@attrs.define(slots=False)
class Mutant(LocalInterface):
    pass


def around(*actions):
    '''Put a function around every route for these actions; it gets the original, and what it was called with.'''
    def wrap(change):
        for found in routes_of(LocalInterface):
            if found.action in actions:
                setattr(Mutant, found.method, wrapped(getattr(Mutant, found.method), change))
        return change
    return wrap


def wrapped(original, change):
    @functools.wraps(original)
    def method(self, *args, **named):
        return change(functools.partial(original, self), *args, **named)
    return method

MUTATION

def leftovers(root):
    kept = (root / ".dao").rglob("*")
    return [str(path) for path in kept if path.is_file() or path.parent.name == "staging"]


def faults(plan):
    calls = ("mkdir", "rename", "replace", "link", "unlink", "open")
    return patched(plan, (os, *calls))


class TestIt(ConformanceSuite):
    capabilities = Capabilities(lacks_features={"time_travel": "no"})

    @pytest.fixture(autouse=True)
    def small_part_files_and_mutations(self, monkeypatch):
        monkeypatch.setattr(parts, "CHUNK_BYTES", 1 << 20)
        mutate = globals().get("mutate")
        if mutate is not None:
            mutate(monkeypatch)

    @pytest.fixture
    def backend(self, tmp_path):
        def store(name, **options):
            return DataStore(name, Mutant, options={"root": str(tmp_path / name), **options})
        secret = (lambda text: store("secret", token=text)) if hasattr(Mutant(root="/"), "token") else None
        return Backend(
            store=store("kit"), other=store("other"),
            table_properties={"format": "parquet", "row_group_bytes": 1 << 20},
            faults=faults, debris=lambda: leftovers(tmp_path / "kit"), secret_store=secret,
        )
"""


@frozen
class Mutation:
    """What is broken, the capability that must notice, and how it is broken."""

    name: str
    guarded_by: type[Capability]
    code: str


def _argument(name: str, action: str, value: str = "") -> str:
    """Code that changes one argument of an action; without a value the argument is ignored."""
    change = f"named[{name!r}] = {value}" if value else f"named.pop({name!r}, None)"
    return f"@around({action!r})\ndef changed(call, *args, **named):\n    {change}\n    return call(*args, **named)"


def _result(action: str, value: str) -> str:
    """Code that changes the result of an action."""
    call = "def changed(call, *args, **named):\n    result = call(*args, **named)"
    return f"@around({action!r})\n{call}\n    return {value}"


IN_PLACE = """
from dao.local import storage
from dao.local.change import FolderChange

class InPlace(FolderChange):
    def __init__(self, own, key, path, base, *, tree, fsync):
        super().__init__(own, key, path, base, tree=tree, fsync=fsync)
        (os.rmdir if tree else os.unlink)(self._staged)
        self._staged, self._kept = path, set()
        os.makedirs(path if tree else os.path.dirname(path), exist_ok=True)
    def create(self, path, *, native=False, unique=False):
        place = os.path.join(self._path, path) if path else self._path
        os.makedirs(os.path.dirname(place), exist_ok=True)
        self._new.append(place)
        return pa.OSFile(place, "wb") if native else open(place, "wb")
    def _old(self, key):
        return os.path.join(self._path, key[len(self._key) + 1 :])
    def keep(self, key):
        self._kept.add(self._old(key))
    def publish(self):
        for place in {self._old(info.key) for info in (self.base.files if self.base and self._tree else ())}:
            if place not in self._kept and place not in self._new:
                os.unlink(place)
    def __exit__(self, *_error):
        if self.base is not None:
            self.base.close()
        os.close(self._mark)

def mutate(monkeypatch):
    monkeypatch.setattr(storage, "FolderChange", InPlace)
"""

NO_CLEANING = """
from dao.local.publishing import OwnPlace

def mutate(monkeypatch):
    monkeypatch.setattr(OwnPlace, "discard", lambda self, path: None)
"""

NO_LOCKS = """
from dao.local import publishing

@contextlib.contextmanager
def unlocked(folder, keys, timeout):
    yield

def mutate(monkeypatch):
    monkeypatch.setattr(publishing, "locked_keys", unlocked)
"""

NO_CHECKS_OF_KEYS = """
from dao.files import keys, places
from dao.local import change, snapshot, storage

def mutate(monkeypatch):
    for module in (keys, places, change):
        monkeypatch.setattr(module, "check_key", lambda key: key)
    for module in (snapshot, storage):
        monkeypatch.setattr(module, "check_inside", lambda path, key, root: path)
"""

SWALLOWED = """
@around("write", "write_stream", "upsert", "delete")
def changed(call, *args, **named):
    try:
        return call(*args, **named)
    except OSError:
        return WriteResult()
"""

SWALLOWED_CANCEL = """
@around("write", "upsert")
def changed(call, *args, **named):
    try:
        return call(*args, **named)
    except Cancelled:
        return WriteResult()
"""

LEAKED_FILE = """
@around("ACTION")
def changed(call, *args, **named):
    os.open(os.devnull, os.O_RDONLY)
    return call(*args, **named)
"""

LEAKED_THREAD = """
forever = threading.Event()

@around("read")
def changed(call, *args, **named):
    threading.Thread(target=forever.wait, args=(20,), daemon=True).start()
    return call(*args, **named)
"""

LEAKED_TEMPORARY_FILE = """
@around("write")
def changed(call, *args, **named):
    os.close(tempfile.mkstemp()[0])
    return call(*args, **named)
"""

TOLD_SECRET = """
@attrs.define(slots=False)
class Mutant(LocalInterface):
    token: Secret = Secret("none")
    def __repr__(self):
        return f"Mutant({self.token.reveal()})"
"""

KEPT_SECRET_IN_CLEAR = """
@attrs.define(slots=False)
class Mutant(LocalInterface):
    token: Secret = Secret("none")
    def __attrs_post_init__(self):
        self.headers = {"authorization": self.token.reveal()}
"""

OTHER_WHEN_AWAITED = """
async def count_awaited(self, data_object: DataObject, *, where=None):
    return -1
Mutant.count_awaited = count_awaited
"""

NULL_TO_EMPTY = (
    _result("read", "result if not isinstance(result, pa.Table) else filled(result)")
    + """
def filled(table):
    columns = [pc.fill_null(c, "") if pa.types.is_string(c.type) else c for c in table.columns]
    return pa.Table.from_arrays(columns, schema=table.schema)
"""
)

NAN_TO_NULL = (
    _result("read", "result if not isinstance(result, pa.Table) else filled(result)")
    + """
def filled(table):
    def column(old):
        return pc.if_else(pc.is_nan(old), pa.scalar(None, old.type), old) if pa.types.is_float64(old.type) else old
    return pa.Table.from_arrays([column(old) for old in table.columns], schema=table.schema)
"""
)

MISSING_IS_EMPTY = """
@around("list")
def changed(call, *args, **named):
    try:
        return call(*args, **named)
    except NotFoundError:
        return Listing(())
"""

BARE_ERROR = """
@around("schema")
def changed(call, *args, **named):
    try:
        return call(*args, **named)
    except NotFoundError as error:
        raise RuntimeError("nothing there") from error
"""

UPSERT_APPENDS = """
@around("upsert")
def changed(call, data, data_object, **named):
    return Mutant.write(call.args[0], data, data_object, mode="append")
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

MUTATIONS = (
    Mutation("writes_go_in_place", Overwrites, IN_PLACE),
    Mutation("in_place_under_faults", Faults, IN_PLACE),
    Mutation("staged_files_stay", Writes, NO_CLEANING),
    Mutation("errors_are_swallowed", Faults, SWALLOWED),
    Mutation("where_is_ignored", Reads, _argument("where", "read")),
    Mutation("where_keeps_null", Predicates, _argument("where", "read", "f\"({named['where']}) IS NOT FALSE\"")),
    Mutation("columns_are_ignored", Reads, _argument("columns", "read")),
    Mutation("limit_is_ignored", Reads, _argument("limit", "read")),
    Mutation("mode_is_ignored", Writes, _argument("mode", "write", "'overwrite'")),
    Mutation("append_overwrites", Appends, _argument("mode", "write", "'overwrite'")),
    Mutation("partitions_overwrite_all", PartitionOverwrites, _argument("mode", "write", "'overwrite'")),
    Mutation("null_becomes_empty", Types, NULL_TO_EMPTY),
    Mutation("nan_becomes_null", Types, NAN_TO_NULL),
    Mutation("schemas_drift", SchemaEvolution, _argument("schema_mode", "write", "'evolve'")),
    Mutation("count_is_off", Counts, _result("count", "result + 1")),
    Mutation("count_ignores_where", Counts, _argument("where", "count")),
    Mutation("delete_ignores_where", Deletes, _argument("where", "delete")),
    Mutation("upsert_appends", Upserts, UPSERT_APPENDS),
    Mutation("everything_exists", Exists, _result("exists", "True")),
    Mutation("nothing_is_an_empty_list", Lists, MISSING_IS_EMPTY),
    Mutation("listings_lack_a_file", Lists, _result("list", "Listing(list(result)[1:])")),
    Mutation("history_is_turned_round", Histories, _result("history", "list(result)[::-1]")),
    Mutation("schema_lacks_a_column", Schemas, _result("schema", "result.remove(0)")),
    Mutation("errors_have_no_type", Errors, BARE_ERROR),
    Mutation("streams_are_read_at_once", ReadStreams, _result("read_stream", "result.read_all().to_reader()")),
    Mutation("streams_hold_files_open", ReadStreams, LEAKED_FILE.replace("ACTION", "read_stream")),
    Mutation("streams_are_collected", WriteStreams, COLLECTED),
    Mutation("copies_overwrite", CopiesWithin, _argument("mode", "copy", "'overwrite'")),
    Mutation("moves_are_copies", Moves, "Mutant.move = LocalInterface.copy"),
    Mutation("bytes_are_changed", Files, _result("read", "result.replace(b'\\r\\n', b'\\n')")),
    Mutation("files_lose_their_tail", CopiesBetween, CUT_SHORT),
    Mutation("keys_are_not_checked", Keys, NO_CHECKS_OF_KEYS),
    Mutation("no_locks", Concurrency, NO_LOCKS),
    Mutation("a_cancel_is_swallowed", Cancellation, SWALLOWED_CANCEL),
    Mutation("a_file_leaks", Leaks, LEAKED_FILE.replace("ACTION", "read")),
    Mutation("a_thread_leaks", Leaks, LEAKED_THREAD),
    Mutation("a_temporary_file_leaks", Leaks, LEAKED_TEMPORARY_FILE),
    Mutation("repr_tells_a_secret", Secrets, TOLD_SECRET),
    Mutation("vars_tell_a_secret", Secrets, KEPT_SECRET_IN_CLEAR),
    Mutation("awaited_differs", Parity, OTHER_WHEN_AWAITED),
)  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_broken_promise_is_noticed(run_kit, mutation: Mutation) -> None:
    tests = [name for name in vars(mutation.guarded_by) if name.startswith("test_")]
    code = textwrap.dedent(mutation.code)
    result = run_kit(SUITE.replace("MUTATION", code), "-x", *(f"test_it.py::TestIt::{name}" for name in tests))
    outcomes = result.parseoutcomes()
    assert outcomes.get("failed", 0) >= 1, f"{mutation.guarded_by.__name__} didn't notice {mutation.name}: {outcomes}"
    assert "errors" not in outcomes
    # It must be red for a broken promise, not because the mutant itself is broken.
    result.stdout.no_re_match_line(r"E +(AttributeError|IndexError|KeyError|NameError|SyntaxError|TypeError)")


def test_every_capability_has_a_mutant() -> None:
    from dao.testing import ConformanceSuite
    from dao.testing.conformance.guard import Guard, kit_classes
    from dao.testing.conformance.honesty import Honesty
    from dao.testing.conformance.looks import TimeTravels

    elsewhere = {Guard, Honesty, ConformanceSuite, Capability}  # test_guard.py and test_honesty.py break these
    lacking = {TimeTravels}  # LocalInterface has none to break
    guarded = {mutation.guarded_by for mutation in MUTATIONS}
    assert set(kit_classes(ConformanceSuite)) - guarded - elsewhere - lacking == set()
