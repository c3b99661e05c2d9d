"""Action hooks: which calls they meet, who may stop one, and what a hook that fails changes."""

from __future__ import annotations

import asyncio
import logging
import pickle
from typing import Any

import pytest

from dao import AsyncDataAccessObject, ConflictError, DataAccessObject, NotFoundError, PermissionDeniedError, hookimpl
from dao._core import execute
from dao._core.execute import Executor
from dao.data_object import DataObject
from dao.data_store import DataStore, DataStoreRegistry
from dao.errors import DaoError
from dao.events import Request
from dao.plugins import Plugins

TABLE = {"type": "table"}
CATALOG = {
    "a": {"interface": "memory", "objects": {"x": TABLE, "y": TABLE}},
    "b": {"interface": "memory", "objects": {"x": TABLE}},
}


class Seen:
    """Remembers all events, and raises what it is told to."""

    def __init__(self, **raises: Exception) -> None:
        self.events: list[tuple[str, Request, Any]] = []
        self.raises = raises

    def _see(self, when: str, request: Request, outcome: Any = None) -> None:
        self.events.append((when, request, outcome))
        if when in self.raises:
            raise self.raises[when]

    @hookimpl
    def dao_before_action(self, request: Request) -> None:
        self._see("before", request)

    @hookimpl
    def dao_after_action(self, request: Request, result: Any) -> None:
        self._see("after", request, result)

    @hookimpl
    def dao_on_failure(self, request: Request, error: BaseException) -> None:
        self._see("failure", request, error)

    @property
    def told(self) -> list[str]:
        return [f"{when} {request.action}" for when, request, _ in self.events]


def access(*plugins: object, kind: Any = DataAccessObject) -> Any:
    registered = Plugins()
    for number, plugin in enumerate(plugins):
        registered.register(plugin, f"plugin{number}")
    return kind(CATALOG, plugins=registered)


def test_what_an_after_hook_raises_is_logged_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    first, second = Seen(after=RuntimeError("metrics server is down")), Seen(after=RuntimeError("so is mine"))
    dao = access(first, second)
    with caplog.at_level(logging.ERROR, logger="dao"):
        assert dao.write([{"id": 1}], "a.x").rows_inserted == 1
    assert first.told == second.told == ["before write", "after write"]
    assert "dao_after_action of plugin 'plugin0' failed after write 'a.x'" in caplog.text
    assert "metrics server is down" in caplog.text
    assert dao.count("a.x") == 1


def test_what_a_failure_hook_raises_is_logged_and_the_error_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    first, second = Seen(failure=RuntimeError("the lineage server is down")), Seen()
    with pytest.raises(NotFoundError, match="^schema 'a.x' by memory: ") as caught:
        access(first, second).schema("a.x")
    assert first.told == second.told == ["before schema", "failure schema"]
    assert first.events[1][2] is caught.value
    assert "dao_on_failure of plugin 'plugin0' failed" in caplog.text
    assert caught.value.__context__ is None or not isinstance(caught.value.__context__, RuntimeError)


def test_a_before_hook_stops_a_call_and_is_named() -> None:
    seen, guard = Seen(), Seen(before=PermissionDeniedError("no deletes here"))
    dao = access(seen, guard)
    with pytest.raises(PermissionDeniedError) as caught:
        dao.delete("a.x")
    error = caught.value
    assert str(error) == "delete 'a.x' stopped by a hook of plugin 'plugin1': no deletes here"
    assert (error.action, error.data_object, error.store, error.interface) == ("delete", "a.x", "a", None)
    assert error.hook == "plugin1"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert guard.told == ["before delete", "failure delete"]


def test_any_other_error_of_a_before_hook_has_a_note() -> None:
    with pytest.raises(ValueError, match="quota") as caught:
        access(Seen(before=ValueError("quota"))).write([{"id": 1}], "a.x")
    assert caught.value.__notes__ == ["raised by a hook of plugin 'plugin0', which stopped write 'a.x'"]


def test_a_copy_between_stores_is_one_request_with_parts() -> None:
    seen = Seen()
    dao = access(seen)
    dao.write([{"id": 1}], "a.x")
    seen.events.clear()
    dao.move("a.x", "b.x")
    assert seen.told == [
        "before move", "before read_stream", "after read_stream", "before write_stream", "after write_stream",
        "before delete", "after delete", "after move",
    ]  # fmt: skip
    whole = seen.events[0][1]
    assert (whole.data_object.full_name, whole.target.full_name, whole.parent) == ("a.x", "b.x", None)  # type: ignore[union-attr]
    parts = [request for when, request, _ in seen.events[1:-1]]
    assert all(part.parent is whole and part.id == whole.id and part.target is None for part in parts)
    assert seen.events[-1][1] is whole
    assert seen.events[-1][2].rows_inserted == 1
    dao.copy("b.x", "a.x")
    assert seen.events[-1][1].id != whole.id


def test_a_copy_within_a_store_is_one_request() -> None:
    seen = Seen()
    dao = access(seen)
    dao.write([{"id": 1}], "a.x")
    seen.events.clear()
    dao.copy("a.x", "a.y")
    assert seen.told == ["before copy", "after copy"]
    assert seen.events[0][1].target.full_name == "a.y"  # type: ignore[union-attr]


def test_a_guard_of_what_is_written_stops_a_move_before_it_copies() -> None:
    class Guard:
        @hookimpl
        def dao_before_action(self, request: Request) -> None:
            if any(one.data_store.name == "a" for one in request.writes):
                raise PermissionDeniedError("a is closed")

    open_dao = access()
    open_dao.write([{"id": 1}], "a.x")
    plugins = Plugins()
    plugins.register(Guard(), "guard")
    dao = DataAccessObject(registry=DataStoreRegistry(open_dao.catalog.stores.values()), plugins=plugins)
    for stopped in (
        lambda: dao.move("a.x", "b.x"),
        lambda: dao.move("a.x", "a.y"),
        lambda: dao.copy("a.x", "a.y"),
        lambda: dao.delete("a.x"),
        lambda: dao.upsert([{"id": 2}], "a.x", keys=["id"]),
        lambda: dao.run("metadata", "a.x"),
    ):
        with pytest.raises(PermissionDeniedError, match="a is closed"):
            stopped()
    assert (dao.count("a.x"), dao.exists("b.x"), dao.exists("a.y")) == (1, False, False)
    dao.copy("a.x", "b.x")
    assert (dao.read("a.x").num_rows, dao.count("b.x")) == (1, 1)


def test_a_copy_that_fails_or_is_stopped_fails_as_a_whole() -> None:
    seen = Seen()
    dao = access(seen)
    with pytest.raises(NotFoundError, match="^read_stream 'a.x' by memory: "):
        dao.copy("a.x", "b.x")
    assert seen.told == ["before copy", "before read_stream", "failure read_stream", "failure copy"]
    with pytest.raises(ConflictError, match="^copy 'a.x' stopped by a hook of plugin 'plugin0': not now"):
        access(Seen(before=ConflictError("not now"))).copy("a.x", "b.x")


def test_the_asynchronous_face_has_the_same_events() -> None:
    seen = Seen(after=RuntimeError("down"))
    dao = access(seen, kind=AsyncDataAccessObject)

    async def main() -> None:
        await dao.write([{"id": 1}], "a.x")
        await dao.copy("a.x", "b.x")

    asyncio.run(main())
    assert seen.told[2:] == [
        "before copy", "before read_stream", "after read_stream", "before write_stream", "after write_stream",
        "after copy",
    ]  # fmt: skip
    assert {request.id for _, request, _ in seen.events[2:]} == {seen.events[2][1].id}


def test_the_hooks_are_listed() -> None:
    from dao import hookspecs

    specs = {name for name, value in vars(hookspecs).items() if hasattr(value, "dao_spec")}
    assert specs <= set(hookspecs.__all__)


def test_no_error_is_said_twice() -> None:
    with pytest.raises(DaoError) as caught:
        access().copy("a.x", "b.x")
    assert str(caught.value).count("a.x") == 1


class Listening:
    def __init__(self) -> None:
        self.heard: list[tuple[str, object]] = []

    @hookimpl
    def dao_before_action(self, request: Request) -> None:
        self.heard.append(("before", request.arguments))

    @hookimpl
    def dao_after_action(self, result: object) -> None:
        self.heard.append(("after", result))

    @hookimpl
    def dao_on_failure(self, error: BaseException) -> None:
        self.heard.append(("failure", type(error).__name__))


def test_action_hooks_hear_of_success_and_of_failure() -> None:
    class Two:
        def read(self, data_object, *, limit=0):
            return limit

        def count(self, data_object):
            raise FileNotFoundError("gone")

    ear = Listening()
    plugins = Plugins(discover=False)
    plugins.register(ear, "ear")
    thing = DataObject("a", DataStore("shop", Two()))
    executor = Executor(plugins)
    assert executor.execute("read", thing, {"limit": 3}) == 3
    with pytest.raises(FileNotFoundError):
        executor.execute("count", thing, {})
    assert ear.heard == [("before", {"limit": 3}), ("after", 3), ("before", {}), ("failure", "NotFoundError")]


def test_what_a_before_hook_raises_stops_the_action() -> None:
    class Veto:
        @hookimpl
        def dao_before_action(self, request: Request) -> None:
            raise PermissionError("not on Sundays")

    class Never:
        def read(self, data_object):
            pytest.fail("the action ran")

    plugins = Plugins(discover=False)
    plugins.register(Veto(), "veto")
    with pytest.raises(PermissionError, match="not on Sundays"):
        Executor(plugins).execute("read", DataObject("a", DataStore("shop", Never())), {})


def test_without_action_hooks_no_request_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a request was made although nobody listens")

    class Good:
        def read(self, data_object):
            return "good"

    monkeypatch.setattr(execute, "Request", never)
    assert Executor(Plugins(discover=False)).execute("read", DataObject("a", DataStore("s", Good())), {}) == "good"
