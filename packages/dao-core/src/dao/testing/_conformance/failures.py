"""Errors: typed, with all attributes set, picklable, and without secrets."""

from __future__ import annotations

import logging
import pickle
import secrets
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.data_store import DataStore, DataStoreRegistry
from dao.errors import AlreadyExistsError, DaoError, NotFoundError, StoreError
from dao.options import option_types
from dao.secrets import Secret, looks_secret, secrets_in
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.samples import content, list_sizes, people

__all__ = ["Errors", "Secrets"]


def missing_calls(dao: DataAccessObject, backend: Backend) -> dict[str, Callable[[], object]]:
    """A call of every action on an object that doesn't exist, by action."""
    nobody, target = backend.table("nobody"), backend.table("target")
    return {
        "read": lambda: dao.read(nobody),
        "read_stream": lambda: dao.read_stream(nobody),
        "delete": lambda: dao.delete(nobody),
        "list": lambda: dao.list(nobody),
        "count": lambda: dao.count(nobody),
        "schema": lambda: dao.schema(nobody),
        "history": lambda: dao.history(nobody),
        "copy": lambda: dao.copy(nobody, target),
        "move": lambda: dao.move(nobody, target),
    }


class Errors(Capability, requires=("write",), written="dao.errors; docs/writing-an-interface.md, 'Errors'"):
    """An error of a store is a StoreError of the right type, with all attributes set."""

    def test_every_action_misses_what_is_not_there(self, dao: DataAccessObject, backend: Backend) -> None:
        """Every action on a missing object raises NotFoundError, also a FileNotFoundError, with action, data_object,
        store and interface set.
        """
        for action, call in missing_calls(dao, backend).items():
            if self.capabilities.absence(action) is not None:
                continue
            with pytest.raises(NotFoundError) as caught:
                call()
            error = caught.value
            assert isinstance(error, FileNotFoundError)
            assert error.store == backend.store.name, f"{action}: store is {error.store!r}"
            assert error.data_object == f"{backend.store.name}.nobody", (
                f"{action}: data_object is {error.data_object!r}"
            )
            assert error.interface, f"{action}: the error doesn't say which interface raised it"
            if action not in ("copy", "move"):
                assert error.action == action, f"{action}: the error's action is {error.action!r}"
            assert "nobody" in str(error), f"{action}: the message doesn't name the object: {error}"

    def test_errors_can_be_pickled(self, dao: DataAccessObject, backend: Backend) -> None:
        """A pickled error has the same type, message and attributes when it is loaded."""
        dao.write(people([1]), backend.table("people"))
        with pytest.raises(AlreadyExistsError) as caught:
            dao.write(people([1]), backend.table("people"))
        error = caught.value
        copied = pickle.loads(pickle.dumps(error))
        assert type(copied) is type(error)
        assert str(copied) == str(error)
        assert (copied.action, copied.data_object, copied.store, copied.interface) == (
            error.action,
            error.data_object,
            error.store,
            error.interface,
        )

    def test_a_refused_write_says_what_was_there(self, dao: DataAccessObject, backend: Backend) -> None:
        """An AlreadyExistsError is also a FileExistsError, and its message suggests mode=."""
        dao.write(people([1]), backend.table("people"))
        with pytest.raises(FileExistsError) as caught:
            dao.write(people([1]), backend.table("people"))
        assert isinstance(caught.value, AlreadyExistsError)
        assert "mode" in str(caught.value), f"the message doesn't say which modes would work: {caught.value}"

    def test_data_that_is_no_data_is_refused(self, dao: DataAccessObject, backend: Backend) -> None:
        """Writing a value that is neither rows nor bytes is a DaoError, and nothing is written."""
        for nonsense in (object(), 42, None, print):
            with pytest.raises(DaoError):
                dao.write(nonsense, backend.table("people"))
        if self.capabilities.absence("read") is None:
            assert content(dao, backend.table("people")) is None

    @needs("files", "read", "list")
    def test_an_error_of_the_driver_is_kept(self, dao: DataAccessObject, backend: Backend) -> None:
        """Reading a table whose files are corrupt is a StoreError, never a wrong result or the driver's own error."""
        table = backend.table("people", format="parquet")
        dao.write(people(range(3)), table)
        for info in list(dao.list(table)):
            dao.write(b"this is no table", backend.file("any", key=info.key), mode="overwrite")
        with pytest.raises(StoreError):
            dao.read(table)


class Secrets(Capability, written="docs/writing-an-interface.md, 'Secrets'"):
    """A secret in a store's options never appears in any output."""

    @pytest.fixture
    def canary(self) -> str:
        """A random text that appears nowhere else."""
        return f"canary-{secrets.token_hex(16)}"

    @pytest.fixture
    def secret_store(self, backend: Backend, canary: str) -> DataStore | None:
        """A store with the canary in every secret option; ``None`` for a backend that has no secret options."""
        if backend.secret_store is not None:
            return backend.secret_store(canary)
        kinds = [kind for _, kind in backend.store.classes if isinstance(kind, type)]
        names = [name for kind in kinds for name, type_ in option_types(kind).items() if _is_secret(name, type_)]
        assert not names, f"{kinds} have secret options, {names}: give the kit Backend.secret_store"
        return None

    def test_a_secret_appears_nowhere(
        self, backend: Backend, secret_store: DataStore | None, canary: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A secret is in no repr, str, HTML, vars, pickle, DEBUG log, traceback with local variables, or explain().

        Backend.secret_store gives a store whose options, or whose interface, hold the kit's text as a Secret.
        """
        if secret_store is None:
            return
        assert _holds(secret_store, canary), (
            "Backend.secret_store(text) gave a store without the text: no option and no field of its interface is "
            "Secret(text), so that nothing could appear anywhere"
        )
        caplog.set_level(logging.DEBUG)
        dao = DataAccessObject(registry=DataStoreRegistry([secret_store]))
        table = backend.table("people", secret_store)
        for place, text in _show(dao, secret_store, table):
            assert canary not in text, f"the secret is in {place}"
        assert canary not in caplog.text, "the secret is in the logs"

    def test_a_wrong_option_tells_no_secret(self, backend: Backend, canary: str) -> None:
        """An error for an unknown or invalid option has no value of any option in its message or traceback.

        Secrets end up in wrong options at times: a key as the name of a bucket, a login in a URL.
        """
        kind, right = backend.store.classes[0][1], dict(backend.store.specs[0].options)
        assert isinstance(kind, type)
        wrong: list[dict[str, Any]] = [{"secret_access_keyy": canary}, {"password": canary}, {"token": [canary]}]
        for name in option_types(kind):
            wrong += [{name: value} for value in (canary, f"{canary}://{canary}?{canary}", [canary], {canary: canary})]
        for options in wrong:
            (name,) = options
            try:
                DataStore("wrong", kind, options={**right, **options}).interface  # noqa: B018  (built for its error)
            except DaoError as error:
                shown = f"{error!r} {''.join(traceback.format_exception(error))}"
                shown = shown.replace(f"no option {canary!r}", "").replace(f"{name}.{canary}", "")  # a name, no value
                assert canary not in shown, f"the value of {name!r} is in the error"

    def test_a_secret_that_no_request_can_carry(
        self, backend: Backend, secret_store: DataStore | None, canary: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A secret with a newline, a NUL or a non-ASCII letter works, or is a DaoError that doesn't quote it."""
        if secret_store is None or backend.secret_store is None:
            return
        caplog.set_level(logging.DEBUG)
        for wrong in ("\n", "\0", "\u00e9"):
            store = backend.secret_store(f"{canary}{wrong}")
            shown = ""
            try:
                DataAccessObject(registry=DataStoreRegistry([store])).exists(backend.table("people", store))
            except DaoError as error:
                shown = "".join(traceback.format_exception(error))
            assert canary not in shown, "the secret is in the traceback"
            assert canary not in caplog.text, "the secret is in the logs"

    def test_a_secret_property_is_masked(self, dao: DataAccessObject, backend: Backend, canary: str) -> None:
        """A property whose name looks secret is masked in repr, str and HTML of its object, and in explain()."""
        table = backend.table("people", password=canary)
        texts = [repr(table), str(table), table._repr_html_(), str(dao.explain("write", people([1]), table))]
        texts += [dao.explain("write", people([1]), table)._repr_html_()]
        assert not [text for text in texts if canary in text]
        assert list_sizes(dao, backend) == []


def _is_secret(name: str, kind: object) -> bool:
    return kind is Secret or "Secret" in str(kind) or looks_secret(name)


def _holds(store: DataStore, text: str) -> bool:
    """Whether a secret of the text is among the options or the fields of the store's interface."""
    interface = store.interface
    places = ([spec.options for spec in store.specs], interface, getattr(interface, "__dict__", {}))
    return any(_revealed(secret) == text for _, secret in secrets_in(places))


def _revealed(secret: Secret) -> str | None:
    try:
        return secret.reveal()
    except DaoError:  # a reference without a value
        return None


def _show(dao: DataAccessObject, store: DataStore, table: DataObject) -> Iterator[tuple[str, str]]:
    interface = store.interface
    for thing in (dao, store, table, interface, *store.specs):
        name = type(thing).__name__
        yield f"repr of {name}", repr(thing)
        yield f"str of {name}", str(thing)
        html = getattr(thing, "_repr_html_", None)
        if html is not None:
            yield f"HTML of {name}", html()
        yield f"vars of {name}", repr(vars(thing)) if hasattr(thing, "__dict__") else ""
    for thing in (store, table):
        yield f"pickle of {type(thing).__name__}", pickle.dumps(thing).decode("latin-1")
    for action, arguments in (("read", ()), ("write", (people([1]),))):
        yield f"explain({action!r})", str(dao.explain(action, *arguments, table))
    try:
        dao.read(table)
    except Exception as error:  # any exception: its traceback must not show the secret
        yield (
            "the traceback of a read",
            "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()),
        )
