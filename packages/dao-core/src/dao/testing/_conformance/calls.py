"""Invalid arguments are reported before anything else, regardless of the store's content."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

import attrs
import pyarrow as pa
import pytest

from dao._core.dao import DataAccessObject
from dao.errors import AlreadyExistsError, DaoError, DataError, NotFoundError
from dao.plugins import default_plugins
from dao.testing._backend import Backend
from dao.testing._conformance.base import REFUSALS, Capability
from dao.testing._conformance.samples import by_id, no_debris, people, rows

__all__ = ["Calls"]

_SLIPS: dict[str, Any] = {"colour_of_the_rows": "red", "colums": ["id"], "filter": "id = 1", "mdoe": "append"}
_CANT_BE_READ: tuple[dict[str, Any], ...] = (
    {"limit": -1},
    {"limit": 2.5},
    {"limit": "3"},
    {"limit": True},
    {"columns": 5},
    {"columns": {"id"}},
    {"where": 5},
    {"where": ""},
    {"into": "pands"},
    {"into": 5},
)


def _one_way_options(formats: Collection[str]) -> Iterator[tuple[str, str, Any, bool]]:
    """One option of each direction for each of these formats: format, name, default, whether it is of reads."""
    for format, kind in default_plugins().load_formats().items():
        fields = attrs.fields(kind.Options) if format in formats else ()
        for direction in ("reading", "writing"):
            for field in fields:
                if field.metadata.get("direction") == direction and field.default is not None:
                    yield format, field.name, field.default, direction == "reading"
                    break


class Whole:
    """An integer type of another library, such as NumPy's: not an ``int``, but convertible by ``__index__``."""

    def __index__(self) -> int:
        return 5


class Calls(
    Capability, requires=("read", "write"), written="dao._arguments; docs/routing.md, 'What is wrong with a call'"
):
    """Arguments are checked first: no error of the store masks an invalid argument, and nothing is done before."""

    def test_a_slip_is_not_hidden_by_what_is_there(self, dao: DataAccessObject, backend: Backend) -> None:
        """An unknown argument is refused by name, regardless of what is stored, and nothing changes."""
        there, missing = backend.table("people"), backend.table("nobody")
        dao.write(people(range(3)), there)
        calls: list[tuple[str, Callable[[], object]]] = [
            call
            for name, value in _SLIPS.items()
            for given in ({name: value},)
            for call in (
                (name, partial(dao.read, missing, **given)),
                (name, partial(dao.write, people([7]), there, **given)),
            )
        ]
        for name, call in calls:
            with pytest.raises(REFUSALS) as caught:
                call()
            assert not isinstance(caught.value, (NotFoundError, AlreadyExistsError))
            assert name in str(caught.value)
        assert rows(dao, there) == people(range(3)).to_pylist()
        no_debris(backend)

    def test_what_cant_be_meant_is_not_hidden_either(self, dao: DataAccessObject, backend: Backend) -> None:
        """An invalid value is a DataError that names its argument, before the store is accessed."""
        there, missing = backend.table("people"), backend.table("nobody")
        dao.write(people(range(3)), there)
        wrong: Any = "apend"
        calls: list[tuple[str, Callable[[], object]]] = [
            *((name, partial(dao.read, missing, **given)) for given in _CANT_BE_READ for name in given),
            ("mode", partial(dao.write, people([7]), there, mode=wrong)),
            ("schema_mode", partial(dao.write, people([7]), there, mode="append", schema_mode=wrong)),
        ]
        for name, call in calls:
            with pytest.raises(DataError, match=f"{name}: found"):
                call()
        assert rows(dao, there) == people(range(3)).to_pylist()
        no_debris(backend)

    def test_numbers_and_names_of_other_libraries_are_taken(self, dao: DataAccessObject, backend: Backend) -> None:
        """limit= accepts any integer type, columns= a single name or any iterable of names."""
        table = backend.table("people")
        dao.write(people(range(9)), table)
        assert dao.read(table, limit=Whole()).num_rows == 5
        assert dao.read(table, limit=5.0).num_rows == 5
        for columns in ("name", ("name",), pa.array(["name"]), iter(["name"]), {"name": 0}.keys()):
            assert dao.read(table, columns=columns).column_names == ["name"]

    def test_explain_refuses_what_the_call_refuses(self, dao: DataAccessObject, backend: Backend) -> None:
        """explain() raises for invalid arguments as the call itself would, and for valid ones writes nothing."""
        table = backend.table("people")
        wrong: tuple[dict[str, Any], ...] = ({"colums": ["id"]}, {"mode": "append"}, *_CANT_BE_READ)
        for given in wrong:
            with pytest.raises(DaoError):
                dao.explain("read", table, **given)
        dao.explain("write", people(range(3)), table)
        with pytest.raises(NotFoundError):
            dao.read(table)
        no_debris(backend)

    def test_an_option_of_reads_is_none_of_writes(self, dao: DataAccessObject, backend: Backend) -> None:
        """A format's option that only reads use is refused by writes, one that only writes use by reads; by explain()
        too. An object may declare it: it serves both.
        """
        for position, (format, name, default, is_of_reads) in enumerate(_one_way_options(self.capabilities.formats)):
            table = backend.table(f"people_{position}", format=format, **{name: default})
            dao.write(people(range(3)), table)
            assert by_id(dao.read(table)) == people(range(3)).to_pylist()
            plain = backend.table(f"people_{position}", format=format)
            given = {name: default}
            calls: list[Callable[[], object]] = [
                partial(dao.read, plain, **given),
                partial(dao.explain, "read", plain, **given),
            ]
            if is_of_reads:
                calls = [
                    partial(dao.write, people([7]), plain, mode="overwrite", **given),
                    partial(dao.explain, "write", people([7]), plain, mode="overwrite", **given),
                ]
            for call in calls:
                with pytest.raises(REFUSALS, match=f"'{name}'"):
                    call()
            assert by_id(dao.read(plain)) == people(range(3)).to_pylist()

    def test_every_error_says_the_call(self, dao: DataAccessObject, backend: Backend) -> None:
        """A DataError has action, data_object, store and interface set, and its message starts with them."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        name = f"{backend.store.name}.people"
        for call in (partial(dao.read, table, columns=["colour"]), partial(dao.read, table, where="colour = 'red'")):
            with pytest.raises(DataError) as caught:
                call()
            error = caught.value
            assert (error.action, error.data_object, error.store) == ("read", name, backend.store.name)
            assert error.interface, "the error doesn't say which interface raised it"
            assert str(error).startswith(f"read {name!r} by {error.interface}: ")
            assert str(error).count(name) == 1
