"""Which of a store's interfaces serves a call: the first that asks for what the call has, else the first that fits."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from dao._core.execute import Executor
from dao._core.prepare import table_of
from dao._core.routing.explain import step_of
from dao.data_object import TableObject
from dao.data_store import DataStore
from dao.errors import AmbiguousRouteError, DataError, NoRouteError
from dao.interface import register, when
from dao.plugins import Plugins

EXECUTOR = Executor(Plugins(discover=False))

SparkFrame = type("DataFrame", (), {"__module__": "pyspark.sql.dataframe"})
"""What ``pyspark.sql.DataFrame`` is called where it lives; PySpark itself is not needed."""


class Native:
    """Takes anything tabular, and makes what ``into`` names by DAO's conversion."""

    def write(self, data: Any, data_object, *, mode="error"):
        return "native"

    def upsert(self, data: object, data_object, *, keys=None):
        return "native"

    def read(self, data_object, *, limit=None):
        return "native"


class Spark:
    """Takes Spark's frames alone, and reads into them."""

    def write(self, data: pyspark.sql.DataFrame, data_object, *, mode="error"):  # noqa: F821  (not installed)
        return "spark"

    def upsert(self, data: pyspark.sql.DataFrame, data_object, *, keys=None):  # noqa: F821
        return "spark"

    @when(into="spark")
    def read(self, data_object):
        return "spark"


class SparkByLiteral(Spark):
    def read(self, data_object, *, into: Literal["spark"]):
        return "spark"


class SparkOrElse(Spark):
    """Reads into a Spark frame also where nobody says into what."""

    def read(self, data_object, *, into: Literal["spark"] | None = None):
        return f"spark into {into}"


def table(*interfaces: object) -> TableObject:
    first, *others = interfaces
    return TableObject("users", DataStore("shop", first, secondary_interfaces=others), keys=["id"])


def call(action: str, on: TableObject, **given: Any) -> Any:
    return EXECUTOR.execute(action, on, given)


ORDERS = pytest.mark.parametrize("interfaces", [(Native(), Spark()), (Spark(), Native())], ids=["native", "spark"])


@ORDERS
@pytest.mark.parametrize("action", ["write", "upsert"])
def test_the_interface_that_asks_for_the_type_of_the_data_serves_it(
    interfaces: tuple[object, ...], action: str
) -> None:
    users = table(*interfaces)
    for _ in range(2):  # the second time from memory
        assert call(action, users, data=SparkFrame()) == "spark"
        assert call(action, users, data=[{"id": 1}]) == "native"


@ORDERS
def test_the_interface_that_has_this_into_serves_it(interfaces: tuple[object, ...]) -> None:
    users = table(*interfaces)
    for _ in range(2):
        assert call("read", users, into="spark") == "spark"
        assert call("read", users) == "native"
        assert EXECUTOR.prepare("read", users, {"into": "pandas"}).plan.route.name == "Native.read"


def test_what_nothing_converts_to_says_why_its_route_was_passed_over() -> None:
    class Files(Native):
        @register("read")
        def read_bytes(self, data_object, *, into: Literal["bytes"], length=None):
            return b""

    assert call("read", table(Files()), into="bytes", length=3) == b""
    with pytest.raises(NoRouteError, match=r"into='bytes'.*\n  .*Files.read_bytes: takes no 'limit'"):
        call("read", table(Files()), into="bytes", limit=1)
    with pytest.raises(DataError, match="did you mean 'bytes'"):
        call("read", table(Files()), into="byte", limit=1)


@pytest.mark.parametrize("first", [Native, SparkByLiteral])
def test_a_literal_is_a_condition(first: type) -> None:
    users = table(first(), SparkByLiteral() if first is Native else Native())
    assert call("read", users, into="spark") == "spark"
    assert call("read", users) == "native"
    assert EXECUTOR.prepare("read", users, {"into": "polars"}).plan.route.name == "Native.read"
    with pytest.raises(NoRouteError, match="needs into='spark', not given"):
        call("read", table(SparkByLiteral()))


def test_a_literal_with_a_default_serves_calls_without_into_too() -> None:
    assert call("read", table(SparkOrElse(), Native())) == "spark into None"
    assert call("read", table(Native(), SparkOrElse())) == "native"
    assert call("read", table(Native(), SparkOrElse()), into="spark") == "spark into spark"
    with pytest.raises(NoRouteError, match="needs into='spark', found 'pandas'"):
        call("read", table(SparkOrElse()), into="pandas")
    with pytest.raises(DataError, match="did you mean 'spark'"):
        call("read", table(SparkOrElse()), into="sprak")


def test_a_named_interface_is_tried_alone() -> None:
    users = table(Native(), Spark())
    assert EXECUTOR.execute("write", users, {"data": SparkFrame()}, "Native") == "native"


def test_of_two_that_ask_for_it_the_first_serves_it() -> None:
    class Other(Spark):
        def write(self, data: pyspark.sql.DataFrame, data_object):  # noqa: F821
            return "other"

    assert call("write", table(Native(), Other(), Spark()), data=SparkFrame()) == "other"
    assert call("write", table(Native(), Spark(), Other()), data=SparkFrame()) == "spark"


def test_a_tie_counts_only_in_the_interface_that_is_chosen() -> None:
    class Tied:
        def write_left(self, data, data_object): ...
        def write_right(self, data, data_object): ...

    assert call("write", table(Tied(), Spark()), data=SparkFrame()) == "spark"
    assert call("write", table(Native(), Tied()), data=[]) == "native"
    with pytest.raises(AmbiguousRouteError):
        call("write", table(Tied(), Spark()), data=[])


def test_an_explanation_says_why_an_earlier_interface_was_passed_over() -> None:
    users = table(Native(), Spark())
    for action, given, reason in (
        ("write", {"data": SparkFrame()}, "Spark.write asks for data of type pyspark.sql.DataFrame"),
        ("read", {"into": "spark"}, "Spark.read asks for into='spark'"),
    ):
        step = step_of(table_of(users).plan(action, users, given), users, given, {})
        passed = {considered.interface: considered.reason for considered in step.considered}
        assert passed == {"Native": f"asks for nothing that this call has; {reason}", "Spark": "chosen"}
    later = step_of(table_of(users).plan("write", users, {"data": []}), users, {"data": []}, {})
    assert [(c.interface, c.reason.split(" ")[0]) for c in later.considered] == [
        ("Spark", "takes"),
        ("Native", "chosen"),
    ]
