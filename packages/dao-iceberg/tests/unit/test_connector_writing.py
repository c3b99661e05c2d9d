"""The connector writes to a target that it makes of a model, with the position of each source."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from pydantic import BaseModel, ConfigDict, Field

from dao import ConfigError, ConflictError, DataError, UnsupportedError

DAY = datetime(2026, 11, 29)


class Order(BaseModel):
    id: int
    at: datetime
    text: str


def row(number: int, hours: float | None = None, text: str = "") -> dict:
    hours = number if hours is None else hours
    return {"id": number, "at": DAY + timedelta(hours=hours), "text": text}


def test_the_target_is_made_of_the_model_partitioned_by_the_moment(shop, client):
    shop.add("a", [row(1), row(2)])
    shop.add("b", [row(3)])
    assert shop.run(Order, "a", "b", target={"partition_by": ["year", "month", "day"]}, reads=2) == [3, 0]
    assert shop.rows() == [(1,), (2,), (3,)]
    made = client.open("gold/orders").table
    assert [str(one.transform) for one in made.spec().fields] == ["year", "month", "day"]
    assert all(one.required for one in made.schema().fields)


def test_starting_over_replaces_the_target_in_one_version(shop):
    shop.add("a", [row(1), row(2)])
    shop.run(Order)
    shop.dao.upsert([row(1, 99, "wrong"), row(7, 99)], shop.target, keys="id")

    async def main():
        async with shop.connector() as connector:
            records = await connector.read(drop=True)
            assert len(records) == 2
            assert len(shop.rows()) == 3
            written = await connector.write(records, Order)
            assert len(await connector.read()) == 0
            return written

    versions = len(shop.dao.history(shop.target))
    assert asyncio.run(main()).rows_inserted == 2
    assert shop.rows("id", "text") == [(1, ""), (2, "")]
    assert len(shop.dao.history(shop.target)) == versions + 1


def test_of_two_connectors_at_once_one_is_told_to_read_again(shop):
    shop.add("a", [row(1), row(2)])
    shop.run(Order)
    shop.add("a", [row(3), row(1, 9, "newer")])

    async def main():
        async with shop.connector() as one, shop.connector() as other:
            first, second = await one.read(), await other.read()
            written = await one.write(first, Order)
            with pytest.raises(ConflictError, match="read the increment again"):
                await other.write(second, Order)
            again = await other.read()
            return written.rows_inserted, written.rows_updated, len(again)

    assert asyncio.run(main()) == (1, 1, 0)
    assert shop.rows("id", "text") == [(1, "newer"), (2, ""), (3, "")]


def test_two_connectors_that_begin_at_once_double_nothing(shop):
    shop.add("a", [row(number) for number in range(20)])

    async def one_of_both(connector):
        async with connector:
            for _ in range(20):
                records = await connector.read()
                if not len(records):
                    return
                try:
                    await connector.write(records, Order)
                except ConflictError:
                    continue

    async def main():
        await asyncio.gather(*(one_of_both(shop.connector(max_records=4)) for _ in range(2)))

    asyncio.run(main())
    assert len(shop.rows()) == 20


def test_rows_that_a_transformation_leaves_out_do_not_come_again(shop):
    shop.add("a", [row(1), row(2, text="no"), row(3)])

    async def main():
        async with shop.connector() as connector:
            records = (await connector.read()).mapped(lambda table: table.filter(pa.compute.field("text") != "no"))
            await connector.write(records, Order)
            return len(await connector.read())

    assert asyncio.run(main()) == 0
    assert shop.rows() == [(1,), (3,)]


@pytest.mark.parametrize("rows", [None, False, "text", {"id": 1}])
def test_a_transformation_that_returns_no_rows_is_refused(shop, rows):
    shop.add("a", [row(1)])

    async def main():
        async with shop.connector() as connector:
            return (await connector.read()).mapped(lambda table: rows)

    with pytest.raises(DataError, match="does the function return"):
        asyncio.run(main())


def test_a_cut_read_whose_rows_are_left_out_is_refused(shop):
    shop.add("a", [row(1), row(2), row(3)])

    async def main():
        async with shop.connector(max_records=2) as connector:
            records = await connector.read()
            with pytest.raises(DataError, match="1 of the rows of shop.a are not among those to write"):
                await connector.write(records.mapped(lambda table: table.slice(1)), Order)

    asyncio.run(main())
    assert not shop.dao.exists(shop.target)


def test_rows_that_another_target_lacks_are_refused(shop):
    shop.add("a", [row(1)])

    async def main():
        async with (
            shop.connector() as one,
            shop.connector(target={"table": "other"}) as other,
            shop.connector() as same,
        ):
            records = await one.read()
            with pytest.raises(DataError, match="another config"):
                await other.write(records, Order)
            return (await same.write(records, Order)).rows_inserted

    assert asyncio.run(main()) == 1


def test_plain_rows_are_upserted_without_a_position(shop):
    shop.add("a", [row(1), row(2)])

    async def main():
        async with shop.connector() as connector:
            rows = [Order(**one) for one in (await connector.read()).to_pylist()]
            await connector.write(rows, Order)
            await connector.write([row(3), {**row(1, 0), "text": "older"}], Order)
            return len(await connector.read())

    assert asyncio.run(main()) == 0
    assert shop.rows("id", "text") == [(1, ""), (2, ""), (3, "")]


def test_a_model_may_gain_columns(shop, client):
    shop.add("a", [row(1)])
    shop.run(Order)

    class More(Order):
        price: float | None = None
        state: str = "open"

    shop.add("a", [{**row(2), "price": 2.5}], schema_mode="evolve")

    class Optional(Order):
        price: float | None = None

    assert shop.run(Optional, reads=2) == [1, 0]
    assert shop.rows("id", "price") == [(1, None), (2, 2.5)]
    with pytest.raises(UnsupportedError, match="state"):
        shop.run(More)


def test_columns_that_may_be_null_in_the_table_stay_so(shop, client):
    shop.dao.write([{"id": 1, "at": DAY, "old": "x"}], shop.target)
    shop.add("a", [{"id": 2, "at": DAY, "text": "y"}])

    class Renamed(BaseModel):
        id: int
        at: datetime
        text: str = Field(json_schema_extra={"renamed_from": "old"})

    assert shop.run(Renamed) == [1]
    assert shop.rows("id", "text") == [(1, "x"), (2, "y")]
    assert not any(one.required for one in client.open("gold/orders").columns.fields)


def test_a_column_that_the_model_lacks_is_not_lost_silently(shop):
    shop.add("a", [{**row(1), "price": 2.5}])
    with pytest.raises(DataError, match="no field 'price'.*extra='ignore'"):
        shop.run(Order)

    class Ignoring(Order):
        model_config = ConfigDict(extra="ignore")

    assert shop.run(Ignoring) == [1]


def test_a_column_that_the_rows_lack_is_filled_by_the_model_or_refused(shop):
    shop.add("a", [{"id": 1, "at": DAY}])
    with pytest.raises(DataError, match="lack the column 'text'"):
        shop.run(Order)

    class Filled(Order):
        text: str = "none"

    shop.run(Filled)
    assert shop.rows("id", "text") == [(1, "none")]


def test_the_model_must_have_the_fields_of_the_config(shop):
    shop.add("a", [row(1)])
    with pytest.raises(DataError, match="no field 'key'"):
        shop.run(Order, target={"index_field": "key"})


def test_the_files_of_a_new_table_are_where_the_config_says(shop, client, tmp_path):
    shop.add("a", [row(1)])
    place = str(tmp_path / "lake" / "elsewhere" / "orders")
    shop.run(Order, target={"location": place}, reads=2)
    assert client.open("gold/orders").metadata.location == f"file://{place}"
    with pytest.raises(ConfigError, match=r"target\.location"):
        shop.run(Order, target={"location": f"{place}2"})


def test_other_partitions_than_the_tables_own_are_refused(shop):
    shop.add("a", [row(1)])
    shop.run(Order, target={"partition_by": ["day"]})
    shop.add("a", [row(2)])
    with pytest.raises(DataError, match="partition_by"):
        shop.run(Order, target={"partition_by": ["month"]})
