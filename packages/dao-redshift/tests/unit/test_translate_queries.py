"""Queries, changes, and other statements, run on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from dao_redshift.testing._statements import Answer, Copy, RedshiftError, Run, Unload


@pytest.fixture
def filled(client: Any) -> Any:
    client.run("CREATE TABLE t (a int, b varchar(9))")
    client.run("INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'z')")
    return client


QUERIES = {
    "SELECT TOP 2 a FROM t ORDER BY a DESC": ["3", "2"],
    "SELECT DISTINCT TOP 1 a FROM t ORDER BY a": ["1"],
    "SELECT a FROM (SELECT TOP 1 a FROM t ORDER BY a) UNION ALL SELECT 9 ORDER BY 1": ["1", "9"],
    "SELECT a FROM t MINUS SELECT 2 ORDER BY 1": ["1", "3"],
    "SELECT TOP 5 a FROM t WHERE a < 3 MINUS SELECT 2": ["1"],
    "SELECT A FROM (SELECT a FROM t) WHERE a = 1": ["1"],
    "SELECT s.a FROM (SELECT a FROM t) AS s JOIN (SELECT 1 AS a) u ON s.a = u.a": ["1"],
    'SELECT "A" FROM T WHERE "B" = \'x\'': ["1"],
    "SELECT t.b FROM t WHERE a IN (1, 2) AND b ILIKE 'Y'": ["y"],
    "WITH q AS (SELECT max(a) AS top FROM t) SELECT top FROM q": ["3"],
    "SELECT a -- a comment with a ' quote\n FROM t /* /* nested ' */ \" */ WHERE b = $$x$$": ["1"],
    "SELECT 'a'\n'b'": ["ab"],
    "(SELECT 1) UNION ALL (SELECT 2)": ["1", "2"],
    "SELECT 1WHERE true": ["1"],
    "SELECT a % 2 FROM t WHERE a = 3;": ["1"],
}  # fmt: skip


@pytest.mark.parametrize("sql", list(QUERIES))
def test_queries(filled: Any, sql: str) -> None:
    assert [row[0] for row in filled.run(sql)] == QUERIES[sql]


REFUSED = [
    "INSERT INTO t VALUES (1) RETURNING a", "UPDATE t SET a = 1 RETURNING a", "DELETE FROM t RETURNING a",
    "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (1)",
    "SELECT DISTINCT ON (a) a FROM t", "SELECT a FROM t FOR UPDATE", "SELECT * FROM t, LATERAL (SELECT a) u",
    "SELECT * FROM generate_series(1, 3)", "SELECT * FROM t TABLESAMPLE SYSTEM (1)", "LISTEN x", "NOTIFY x",
    "SAVEPOINT x",
    "ROLLBACK TO x", "RELEASE x", "DO $$ BEGIN END $$", "CREATE INDEX i ON t (a)", "CREATE SEQUENCE s",
    "CREATE TYPE e AS ENUM ('a')",
    "CREATE EXTENSION x", "CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f()",
    "CREATE RULE r AS ON INSERT TO t DO NOTHING",
    "CREATE DOMAIN d AS int", "CREATE UNLOGGED TABLE u (a int)", "DROP INDEX i", "DROP SEQUENCE s",
    "ALTER SEQUENCE s RESTART",
    "ALTER SYSTEM SET fsync = off", "REINDEX TABLE t", "CLUSTER t", "ANALYZE COMPRESSION t", "EXPLAIN ANALYZE SELECT 1",
    "EXPLAIN (COSTS off) SELECT 1", "VALUES (1)", "TABLE t", "COPY t FROM STDIN", "COPY t TO STDOUT",
    "COPY t TO PROGRAM 'true'",
    "SET standard_conforming_strings TO on", "SET nothing TO 1", "SET role TO x",
    "SET session_replication_role TO replica",
    "RESET nothing", "SHOW nothing", "GRANT SELECT ON DATASHARE d TO x",
    "SELECT * FROM t QUALIFY row_number() OVER () = 1",
    "TRUNCATE t, u", "TRUNCATE t CASCADE", "SELECT 1; DROP TABLE t", "COMMENT ON INDEX i IS 'x'",
    "UNLOAD ('DELETE FROM t') TO 's3://b/k' IAM_ROLE default",
    "SET describe_field_name_in_uppercase TO on", "BEGIN DEFERRABLE", "VACUUM (FULL) t", "nonsense", "CANCEL 5",
    "USE db",
]  # fmt: skip


@pytest.mark.parametrize("sql", REFUSED)
def test_refused(filled: Any, sql: str) -> None:
    with pytest.raises(RedshiftError):
        filled.run(sql)
    assert filled.value("SELECT count(*) FROM t") == "3"


MERGE = "MERGE INTO t USING s {} ON t.a = s.a WHEN MATCHED THEN {} WHEN NOT MATCHED THEN INSERT {} VALUES {}"


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        (MERGE.format("", "UPDATE SET b = s.b || '!'", "(a, b)", "(s.a, s.b)"), [("1", "x"), ("2", "y"), ("3", "q!"),
        ("4", "r")]),
        (MERGE.format("", "DELETE", "", "(s.a, upper(s.b))"), [("1", "x"), ("2", "y"), ("4", "R")]),
        ("MERGE INTO t USING s AS q ON t.a = q.a REMOVE DUPLICATES", [("1", "x"), ("2", "y"), ("3", "q"), ("4", "r")]),
    ],
)  # fmt: skip
def test_merge(filled: Any, sql: str, rows: list[tuple[str, str]]) -> None:
    filled.run("CREATE TABLE s (a int, b varchar(9))")
    filled.run("INSERT INTO s VALUES (3, 'q'), (4, 'r')")
    if "REMOVE" in sql:
        filled.run("INSERT INTO s VALUES (4, 'r')")
    filled.run(sql)
    assert filled.run("SELECT * FROM t ORDER BY a") == rows


def test_merge_with_several_matches_is_an_error(filled: Any) -> None:
    filled.run("CREATE TABLE s (a int, b varchar(9))")
    filled.run("INSERT INTO s VALUES (3, 'q'), (3, 'r')")
    with pytest.raises(RedshiftError) as caught:
        filled.run(MERGE.format("", "UPDATE SET b = s.b", "", "(s.a, s.b)"))
    assert caught.value.sqlstate == "21000"


@pytest.mark.parametrize(
    "sql",
    [
        "MERGE INTO t x USING s ON x.a = s.a REMOVE DUPLICATES",
        "MERGE INTO t USING (SELECT 1 AS a) s ON t.a = s.a REMOVE DUPLICATES",
        "MERGE INTO t USING t ON t.a = t.a REMOVE DUPLICATES",
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE",
        "MERGE INTO t USING s ON t.a = s.a WHEN NOT MATCHED THEN INSERT VALUES (s.a, s.b)",
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED AND s.a > 1 THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES "
        "(1, 'a')",
        "MERGE INTO t USING s ON t.a = s.a WHEN NOT MATCHED THEN INSERT VALUES (1, 'a') WHEN MATCHED THEN DELETE",
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED THEN INSERT VALUES (1, 'a')",
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (1, 'a') "
        "WHEN MATCHED THEN DELETE",
    ],
)  # fmt: skip
def test_merges_that_redshift_has_not_are_refused(filled: Any, sql: str) -> None:
    filled.run("CREATE TABLE s (a int, b varchar(9))")
    with pytest.raises(RedshiftError):
        filled.run(sql)


def test_truncate_commits(filled: Any) -> None:
    filled.run("BEGIN")
    filled.run("INSERT INTO t VALUES (4, 'w')")
    filled.run("TRUNCATE t")
    assert not filled.in_transaction
    filled.run("ROLLBACK")
    assert filled.run("SELECT * FROM t") == []


@pytest.mark.parametrize(
    "sql",
    ["VACUUM", "VACUUM FULL t TO 99 PERCENT BOOST", "VACUUM SORT ONLY t", "VACUUM DELETE ONLY", "VACUUM REINDEX t"],
)
def test_vacuum(filled: Any, sql: str) -> None:
    filled.run(sql if sql != "VACUUM" else "VACUUM t")
    filled.run("BEGIN")
    with pytest.raises(RedshiftError, match="VACUUM cannot run inside a transaction block"):
        filled.run(sql)


@pytest.mark.parametrize(
    "sql", ["ANALYZE t", "ANALYZE VERBOSE t (a, b)", "ANALYZE t PREDICATE COLUMNS", "ANALYZE t ALL COLUMNS", "LOCK t",
    "EXPLAIN SELECT TOP 1 a FROM t",
            "COMMENT ON TABLE t IS 'it\\'s'", "GRANT SELECT ON t TO PUBLIC",
            "DECLARE c CURSOR FOR SELECT top 1 a FROM t"]
)  # fmt: skip
def test_other_statements(filled: Any, sql: str) -> None:
    filled.run("BEGIN")
    filled.run(sql)


def test_settings(client: Any) -> None:
    assert client.run("SHOW query_group") == [("unset",)]
    client.run("SET query_group TO 'load'")
    client.run("set enable_case_sensitive_identifier = TRUE")
    assert client.settings == {"query_group": "load", "enable_case_sensitive_identifier": "true"}
    assert client.run("SHOW query_group") == [("load",)]
    client.run('CREATE TABLE "Mixed" ("Col" int)')
    assert client.run('SELECT "Col" FROM "Mixed"') == []
    client.run("RESET enable_case_sensitive_identifier")
    with pytest.raises(RedshiftError, match='relation "mixed" does not exist'):
        client.run('SELECT "Col" FROM "Mixed"')
    client.run("SET statement_timeout TO 5000")
    assert client.run("SHOW statement_timeout") == [("5s",)]
    client.run("SET search_path TO \"$user\", 'public'")
    with pytest.raises(RedshiftError, match="requires a Boolean value"):
        client.run("SET enable_result_cache_for_session TO sometimes")


def test_what_needs_no_change_is_as_it_was(client: Any) -> None:
    sql = "SELECT  a, 'TOP 1', \"b\" -- nothing\n FROM t WHERE x = $1"
    assert client.translate(sql) == Run(sql)
    rows = "INSERT INTO t (a, b) VALUES " + ", ".join("(1, 'it''s \\\\ ; \"A\"')" for _ in range(200))
    assert client.translate(rows) == Run(rows)


def long_insert(value: str) -> str:
    return "INSERT INTO t (a, b) VALUES " + ", ".join("(1, 'x')" for _ in range(400)) + f", (2, {value})"


@pytest.mark.parametrize("value", ["getdate()", '"A"', "'a'::super"])
def test_long_inserts_are_changed_too(client: Any, value: str) -> None:
    assert client.translate(long_insert(value)) != Run(long_insert(value))


@pytest.mark.parametrize("value", ["'a'); DROP TABLE t; SELECT ('a'", "'\\'", "'a' 'b"])
def test_long_inserts_are_refused_too(client: Any, value: str) -> None:
    with pytest.raises(RedshiftError) as caught:
        client.translate(long_insert(value))
    assert caught.value.sqlstate == "42601"


def test_parameters_keep_their_numbers(client: Any) -> None:
    becomes = client.translate("SELECT TOP 3 decode($2, $1, nvl($3, 0)) FROM t WHERE a = $4")
    assert becomes.sql.split() == [
        "SELECT",
        "CASE",
        "WHEN",
        "($2)",
        "IS",
        "NOT",
        "DISTINCT",
        "FROM",
        "($1)",
        "THEN",
        "(coalesce($3,",
        "0))",
        "END",
        "FROM",
        "t",
        "WHERE",
        "a",
        "=",
        "$4",
        "LIMIT",
        "3",
    ]


def test_copy_and_unload_are_records(client: Any) -> None:
    copy = client.translate("COPY T FROM 's3://lake/t/' IAM_ROLE default FORMAT AS PARQUET")
    assert isinstance(copy, Copy)
    assert copy.table == '"t"'
    unload = client.translate(
        "UNLOAD ('SELECT nvl(\"A\", 1) FROM #t WHERE b = \\'x\\'') TO 's3://lake/u_' IAM_ROLE default PARQUET"
    )
    assert isinstance(unload, Unload)
    assert unload.query.split() == ["SELECT", 'coalesce("a",', "1)", "FROM", '"#t"', "WHERE", "b", "=", "'x'"]
    assert isinstance(client.translate("SET query_group TO x"), Answer)


RELATIONS = [
    "DELETE FROM t USING t AS u, (SELECT 1 AS a) v WHERE t.a = u.a AND v.a = t.a",
    "DELETE FROM t USING (SELECT 2 AS a) u WHERE t.a = u.a",
    "SELECT x.a, y.b FROM (t x JOIN t y ON x.a = y.a) WHERE x.a = 1",
    "SELECT x.a FROM ((SELECT a FROM t) x JOIN (t y JOIN t z ON y.a = z.a) ON x.a = y.a)",
    "UPDATE t SET b = u.b FROM (SELECT 1 AS a, 'q' AS b) AS u WHERE t.a = u.a",
    "SELECT (SELECT max(i.a) FROM t i WHERE i.a < o.a) FROM t o",
    "INSERT INTO t SELECT s.a, s.b FROM t AS s LEFT JOIN t AS u ON s.a = u.a WHERE u.b IS NULL",
    "CREATE VIEW {schema}.v AS SELECT q.a FROM t q",
    "CREATE MATERIALIZED VIEW {schema}.m BACKUP NO AUTO REFRESH NO AS SELECT q.a FROM t q",
    "GRANT SELECT ON {schema}.t TO PUBLIC",
    "REVOKE SELECT ON {schema}.t FROM PUBLIC",
    "COMMENT ON COLUMN {schema}.t.a IS 'x'",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO PUBLIC",
    "LOCK TABLE {schema}.t",
    "DROP TABLE {schema}.t",
    "DROP TABLE IF EXISTS {schema}.nothing, t",
]


@pytest.mark.parametrize("sql", RELATIONS)
def test_tables_and_aliases_are_known_from_columns(filled: Any, sql: str) -> None:
    schema = filled.value("SELECT current_schema()")
    filled.run("BEGIN")
    filled.run(sql.format(schema=schema))


def test_blanks_at_the_ends_of_texts_are_not_compared(client: Any) -> None:
    client.run("CREATE TABLE texts (id int, t varchar(9))")
    client.run("INSERT INTO texts VALUES (1, 'a'), (2, 'a  '), (3, ' a'), (4, 'b')")

    def kept(condition: str) -> list[Any]:
        return [row[0] for row in client.run(f"SELECT id FROM texts WHERE {condition} ORDER BY id")]

    assert kept("t = 'a '") == kept("t IN ('x', 'a')") == kept("t BETWEEN 'a' AND 'a'") == ["1", "2"]
    assert kept("t <> 'a'") == kept("t NOT IN ('a  ', 'x')") == ["3", "4"]
    assert (kept("t > 'a'"), kept("t LIKE 'a'")) == (["4"], ["1"])
    assert client.run("SELECT count(*) FROM texts a JOIN texts b ON a.t = b.t") == [("6",)]
    client.run("SET search_path TO public")
    assert client.run("SELECT 'a' = 'a '::varchar") == [("t",)]
    assert client.run("SHOW search_path") == [("public",)]
