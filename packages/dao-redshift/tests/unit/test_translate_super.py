"""Navigation and unnesting of SUPER values."""

from __future__ import annotations

from typing import Any

import pytest

from dao_redshift.testing._statements import RedshiftError

VALUE = '{"a": {"b": [10, {"d": "x"}]}, "n": null, "items": [{"k": 1}, {"k": 2}]}'


@pytest.fixture
def filled(client: Any) -> Any:
    client.run("CREATE TABLE t (id int, c super)")
    client.run(f"INSERT INTO t VALUES (1, '{VALUE}'), (2, NULL)")
    return client


QUERIES = {
    "SELECT c.a.b[0], c.a.b[1].d, c.zz.y[3].q FROM t ORDER BY id": [("10", '"x"', None), (None, None, None)],
    "SELECT t.c.a.b[0] FROM t WHERE t.c.a.b[1].d = 'x'": [("10",)],
    "SELECT x.c.a.b[0]::int + 1 FROM t x WHERE x.c.a.b[0] >= 10": [("11",)],
    "SELECT id FROM t WHERE c.n IS NULL ORDER BY 1": [("1",), ("2",)],
    "SELECT id FROM t WHERE c.a IS NOT NULL": [("1",)],
    'SELECT C."A"."B"[0] FROM t WHERE id = 1': [("10",)],
    "SELECT i.k, i, t.id FROM t, t.c.items AS i ORDER BY i.k::int": [("1", '{"k": 1}', "1"), ("2", '{"k": 2}', "1")],
    "SELECT x.id, sum(i.k::int) FROM t x, x.c.items i GROUP BY x.id": [("1", "3")],
    "SELECT sum(i) FROM (SELECT id, c FROM t) s, s.c.a.b[0] i": RedshiftError,
    "SELECT extract(year FROM t.day) FROM (SELECT date '2020-01-01' AS day) t": [("2020",)],
    "SELECT u.id FROM t u JOIN (SELECT 2 AS id) v ON u.id = v.id": [("2",)],
    "WITH q AS (SELECT c FROM t WHERE id = 1) SELECT q.c.a.b[1].d::varchar FROM q": [("x",)],
    "SELECT 'c.a', \"id\" FROM t WHERE id = 1": [("c.a", "1")],
    "SELECT nowhere.id FROM t": RedshiftError,
}


@pytest.mark.parametrize("sql", list(QUERIES))
def test_navigation(filled: Any, sql: str) -> None:
    expected = QUERIES[sql]
    if expected is RedshiftError:
        with pytest.raises(RedshiftError):
            filled.run(sql)
    else:
        assert filled.run(sql) == expected


def test_columns_are_named_after_the_last_step(filled: Any) -> None:
    filled.run("SELECT c.a, t.c.a.b[0], t.id, upper(c.n::varchar) AS n, c.a.b FROM t")
    assert filled.upstream.columns == ("a", "b", "id", "n", "b")


def test_schemas_and_changes(filled: Any) -> None:
    schema = filled.value("SELECT current_schema()")
    assert filled.run(f"SELECT {schema}.t.id, {schema}.t.c.a.b[0] FROM {schema}.t WHERE id = 1") == [("1", "10")]
    filled.run(f"CREATE TABLE u AS SELECT t.c.a.b[0]::int AS q FROM {schema}.t WHERE t.id = 1")
    filled.run(f"UPDATE {schema}.t SET id = 5 WHERE t.c.a.b[0] = 10")
    filled.run("DELETE FROM t USING u WHERE t.id = 5 AND u.q = 11")
    filled.run(
        f"MERGE INTO {schema}.t USING u ON t.id = u.q WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES "
        f"(u.q, NULL)"
    )
    assert filled.run("SELECT id FROM t ORDER BY id") == [("2",), ("5",), ("10",)]
