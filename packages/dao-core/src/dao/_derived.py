"""Actions derived from `read`, for interfaces whose technology has nothing faster."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dao.errors import NotFoundError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DerivedReads"]

_SELECTION = ("columns", "where", "limit")

Method = Callable[..., Any]


class DerivedReads:
    """Derives ``count``, ``schema``, ``exists`` and ``read_stream`` from a class's own ``read``; inherit it.

    The ``read`` of an inheriting class may take as little as the object. Those of ``columns``, ``where`` and ``limit``
    that it doesn't name are applied to its result, so that a call may use all three; those that it names are passed on
    to it. Its result may be anything tabular. Its other parameters are parameters of the
    derived actions too, and its annotation of ``data_object`` says which objects they serve. From a coroutine method
    coroutine methods are derived. A method that the class defines itself stays as it is.

    An empty list counts as 0 rows that exist; it has no columns, so its ``schema`` and ``read_stream`` are a DataError:
    give an Arrow table without rows where an object may be empty.

    Everything is read for each of them, so memory is bounded by what ``read`` gives, also for ``read_stream``.

    >>> from dao import DataObject, DataStore, DataAccessObject
    >>> class Primes(DerivedReads):
    ...     def read(self, data_object):
    ...         return [{"n": 2}, {"n": 3}, {"n": 5}]
    >>> dao, primes = DataAccessObject(), DataObject("primes", DataStore("numbers", Primes()))
    >>> dao.count(primes, where="n > 2"), dao.schema(primes).names, dao.exists(primes)
    (2, ['n'], True)
    >>> dao.read(primes, where="n > 2", limit=1, into="pylist")
    [{'n': 3}]
    """

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        own = cls.__dict__.get("read")
        if not inspect.isfunction(own):
            return
        read = _complete(own)
        cls.read = read  # type: ignore[attr-defined]  # what has no `read` of its own returned above
        for name, derive in _DERIVED.items():
            if not hasattr(cls, name):
                setattr(cls, name, derive(read))


def _complete(read: Method) -> Method:
    """A ``read`` that takes all of the selection: what the original lacks is applied to its result."""
    signature = inspect.signature(read)
    lacking = [name for name in _SELECTION if name not in signature.parameters]
    if not lacking:
        return read

    def split(named: dict[str, Any]) -> dict[str, Any]:
        """Remove the arguments that the original doesn't take, to apply them to its result."""
        left = {name: value for name in lacking if (value := named.pop(name, None)) is not None}
        if "where" in left:  # it may need columns that aren't wanted, and rows that a limit would cut off
            left |= {name: named.pop(name) for name in ("columns", "limit") if named.get(name) is not None}
        return left

    return _sign(_around(read, split, _select), read, _with(signature, dict.fromkeys(lacking)))


def _select(result: Any, left: Mapping[str, Any]) -> Any:
    """Apply the remaining ``where``, ``limit`` and ``columns``, in this order, to the result of a ``read``."""
    if not left:
        return result
    from dao.arrow.convert import to_reader
    from dao.arrow.predicates import filter_table, parse

    if _is_empty(result) and not left.get("columns"):
        if "where" in left:
            parse(left["where"])  # its columns can't be checked, its syntax can
        return result
    table = to_reader(result).read_all()
    if "where" in left:
        table = filter_table(table, left["where"])
    return _pick(table.slice(0, left.get("limit")), left.get("columns"))


def _is_empty(result: Any) -> bool:
    """Whether a result is rows as objects, and none of them: it has no columns, so it can't become a table."""
    return isinstance(result, (list, tuple)) and not result


def _pick(table: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    from dao.arrow.convert import select_fields

    return table.select(select_fields(table.schema, columns).names)


def _count_of(read: Method) -> Method:
    def ask(named: dict[str, Any]) -> dict[str, Any]:
        named["columns"] = []
        return {}

    counted = _around(read, ask, lambda result, _: 0 if _is_empty(result) else _table(result).num_rows)
    return _sign(counted, read, _without(inspect.signature(read), "columns", "limit", "into"))


def _schema_of(read: Method) -> Method:
    looked = _around(read, _ask_for_no_rows, lambda result, _: _table(result).schema)
    return _sign(looked, read, _without(inspect.signature(read), *_SELECTION, "into"))


def _stream_of(read: Method) -> Method:
    def ask(named: dict[str, Any]) -> dict[str, Any]:
        return {"max_chunksize": named.pop("batch_size", None)}

    streamed = _around(read, ask, lambda result, left: _table(result).to_reader(**left))
    return _sign(streamed, read, _with(_without(inspect.signature(read), "into"), {"batch_size": None}))


def _exists_of(read: Method) -> Method:
    def there(self: Any, error: Exception) -> bool:
        """Return False for a NotFoundError; raise every other error."""
        translate = getattr(self, "translate_error", None)
        if isinstance(error, FileNotFoundError) or (translate and isinstance(translate(error), NotFoundError)):
            return False
        raise error

    found = _around(read, _ask_for_no_rows, lambda _result, _left: True, there)
    return _sign(found, read, _without(inspect.signature(read), *_SELECTION, "into"))


def _ask_for_no_rows(named: dict[str, Any]) -> dict[str, Any]:
    named["limit"] = 0
    return {}


def _table(result: Any) -> pa.Table:
    from dao.arrow.convert import to_reader

    return to_reader(result).read_all()


def _around(
    read: Method,
    ask: Callable[[dict[str, Any]], dict[str, Any]],
    finish: Callable[[Any, dict[str, Any]], Any],
    failed: Callable[[Any, Exception], Any] | None = None,
) -> Method:
    """Build a method that changes a call's arguments, calls ``read``, and derives its result from that.

    Args:
        read: the method that is called; a coroutine method makes a coroutine method.
        ask: changes the named arguments before the call, and returns the state for ``finish``.
        finish: computes the result.
        failed: computes the result if the call or ``finish`` raised; by default the error propagates.
    """
    if inspect.iscoroutinefunction(read):

        async def awaited(self: Any, *args: Any, **named: Any) -> Any:
            known = ask(named)
            try:
                return finish(await read(self, *args, **named), known)
            except Exception as error:
                if failed is None:
                    raise
                return failed(self, error)

        return awaited

    def called(self: Any, *args: Any, **named: Any) -> Any:
        known = ask(named)
        try:
            return finish(read(self, *args, **named), known)
        except Exception as error:
            if failed is None:
                raise
            return failed(self, error)

    return called


_DERIVED: Mapping[str, Callable[[Method], Method]] = {
    "count": _count_of,
    "schema": _schema_of,
    "exists": _exists_of,
    "read_stream": _stream_of,
}


def _sign(method: Method, read: Method, signature: inspect.Signature) -> Method:
    """Set the signature by which a method is routed, and the source location of its ``read``."""
    functools.update_wrapper(method, read, assigned=("__module__", "__doc__", "__annotations__"))
    method.__signature__ = signature  # type: ignore[attr-defined]  # what inspect.signature asks first
    return method


def _with(signature: inspect.Signature, more: Mapping[str, Any]) -> inspect.Signature:
    """A signature with further parameters, given by name, and their defaults."""
    kind = inspect.Parameter.KEYWORD_ONLY
    added = [inspect.Parameter(name, kind, default=default) for name, default in more.items()]
    ordered = sorted([*signature.parameters.values(), *added], key=lambda parameter: parameter.kind)
    return signature.replace(parameters=ordered)  # **options stay last


def _without(signature: inspect.Signature, *names: str) -> inspect.Signature:
    kept = [parameter for name, parameter in signature.parameters.items() if name not in names]
    return signature.replace(parameters=kept)
