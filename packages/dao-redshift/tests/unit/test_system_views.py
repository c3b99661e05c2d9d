"""What Redshift's own driver asks of the catalogs, through the gateway; and that the gateway's schema isn't shown."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import redshift_connector

from dao_redshift.testing import RedshiftGateway


@pytest.fixture
def orders(connection: Any, cursor: Any) -> str:
    """The schema of a table and a view."""
    cursor.execute(
        "CREATE TABLE orders (id bigint IDENTITY(1, 1), country varchar(5) NOT NULL, data super, amount decimal(10, "
        "2), "
        "PRIMARY KEY (id, country))"
    )
    cursor.execute("CREATE VIEW big_orders AS SELECT id FROM orders WHERE amount > 100")
    cursor.execute("SELECT current_schema()")
    ((schema,),) = cursor.fetchall()
    connection.commit()
    return str(schema)


def test_schemas(cursor: Any, orders: str) -> None:
    names = {row[0] for row in cursor.get_schemas()}
    assert {orders, "public", "pg_catalog", "information_schema"} <= names
    assert not [name for name in names if name.startswith("_dao")]
    assert [row[0] for row in cursor.get_schemas(schema_pattern=orders)] == [orders]


@pytest.mark.parametrize("arguments", [{}, {"types": ["TABLE", "VIEW"]}])
def test_tables(cursor: Any, orders: str, arguments: dict[str, Any]) -> None:
    found = cursor.get_tables(schema_pattern=orders, table_name_pattern="%orders", **arguments)
    assert {(row[1], row[2], row[3]) for row in found} == {(orders, "big_orders", "VIEW"), (orders, "orders", "TABLE")}
    everywhere = cursor.get_tables(table_name_pattern="%orders", **arguments)
    assert {(orders, "orders", "TABLE"), (orders, "big_orders", "VIEW")} <= {
        (row[1], row[2], row[3]) for row in everywhere
    }
    assert not [row for row in cursor.get_tables() if row[1].startswith("_dao")]


@pytest.mark.parametrize("by_schema", [True, False])
def test_columns(cursor: Any, orders: str, by_schema: bool) -> None:
    arguments = {"schema_pattern": orders} if by_schema else {}
    found = [row for row in cursor.get_columns(tablename_pattern="orders", **arguments) if row[1] == orders]
    assert [(row[3], row[5], row[6], row[17]) for row in found] == [
        ("id", "int8", 19, "NO"), ("country", "varchar", 5, "NO"), ("data", "super", None, "YES"), ("amount",
        "numeric", 10, "YES"),
    ]  # fmt: skip


def test_primary_keys(cursor: Any, orders: str) -> None:
    found = cursor.get_primary_keys(schema=orders, table="orders")
    assert [(row[3], row[4], row[5]) for row in found] == [("id", 1, "orders_pkey"), ("country", 2, "orders_pkey")]


def test_procedures_and_catalogs(cursor: Any) -> None:
    assert not [row for row in cursor.get_procedures() if row[1].startswith("_dao")]
    assert len(cursor.get_catalogs()) == 1


def test_frames_are_written(cursor: Any, orders: str) -> None:
    cursor.execute("CREATE TABLE frames (a int, b varchar)")
    cursor.write_dataframe(pd.DataFrame({"a": [1, 2], "b": ["x", "ж"]}), "frames")
    cursor.execute("SELECT a, b FROM frames ORDER BY a")
    assert cursor.fetchall() == ([1, "x"], [2, "ж"])


VIEWS = """
    svv_tables svv_columns svv_redshift_columns svv_all_columns svv_redshift_tables svv_all_tables svv_redshift_schemas
    svv_all_schemas svv_table_info pg_table_def pg_tables pg_views pg_namespace pg_class information_schema.tables
    information_schema.columns information_schema.schemata
"""


@pytest.mark.parametrize("view", VIEWS.split())
def test_the_gateways_schema_is_hidden(cursor: Any, orders: str, view: str) -> None:
    cursor.execute("INSERT INTO orders (country) VALUES ('DE')")
    cursor.execute(f"SELECT * FROM {view}")
    rows = cursor.fetchall()
    assert rows
    assert not [row for row in rows if any(isinstance(value, str) and value.startswith("_dao_") for value in row)]


EMPTY = """
    svv_external_schemas svv_external_databases svv_external_tables svv_external_columns stl_load_errors
    sys_load_error_detail
    stl_loaderror_detail stl_load_commits sys_load_history sys_unload_history stl_unload_log stl_query sys_query_history
"""


@pytest.mark.parametrize("view", EMPTY.split())
def test_the_view_is_there(cursor: Any, view: str) -> None:
    cursor.execute(f"SELECT * FROM pg_catalog.{view} LIMIT 1")
    cursor.fetchall()


def test_slices(cursor: Any) -> None:
    cursor.execute("SELECT count(*) FROM stv_slices")
    assert cursor.fetchall() == ([2],)


def test_keys_in_the_catalogs(cursor: Any, orders: str) -> None:
    cursor.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = %s", (orders,))
    assert cursor.fetchall() == ([f"CREATE UNIQUE INDEX orders_pkey ON {orders}.orders USING btree (id, country)"],)
    cursor.execute("SELECT conname, contype FROM pg_constraint WHERE conrelid = 'orders'::regclass")
    assert cursor.fetchall() == (["orders_pkey", "p"],)


def test_several_matches_of_a_merge(cursor: Any) -> None:
    cursor.execute("CREATE TABLE target (id int, v int)")
    cursor.execute("CREATE TABLE source (id int, v int)")
    cursor.execute("INSERT INTO target VALUES (1, 0)")
    cursor.execute("INSERT INTO source VALUES (1, 1), (1, 2)")
    with pytest.raises(redshift_connector.ProgrammingError, match="Found multiple matches to update the same tuple"):
        cursor.execute(
            "MERGE INTO target USING source ON target.id = source.id WHEN MATCHED THEN UPDATE SET v = source.v "
            "WHEN NOT MATCHED THEN INSERT VALUES (source.id, source.v)"
        )


def test_tables_made_at_once_are_no_conflict(
    gateway: RedshiftGateway, connection: Any, cursor: Any, orders: str
) -> None:
    """Each transaction looks at the catalogs and then makes a table; both are serializable."""
    with redshift_connector.connect(**gateway.connect_arguments) as other:
        cursors = {"one": cursor, "two": other.cursor()}
        for name, each in cursors.items():
            each.execute("SELECT * FROM svv_columns WHERE table_name = %s", (name,))
            each.execute("SELECT * FROM svv_table_info")
        for name, each in cursors.items():
            each.execute(f"CREATE TABLE {orders}.{name} (i int PRIMARY KEY, v varchar(3)) DISTKEY (i)")
        connection.commit()
        other.commit()
    cursor.execute("SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND conname IN ('one_pkey', 'two_pkey')")
    assert cursor.fetchall() == ([2],)
