"""CREATE TABLE and ALTER TABLE as Redshift has them, run on PostgreSQL, and what the catalogs then show."""

from __future__ import annotations

from typing import Any

import pytest

from dao_redshift.testing._statements import RedshiftError

TABLE = """
    CREATE TABLE orders (
        id bigint IDENTITY(1, 1) ENCODE az64,
        "Country" varchar(5) NOT NULL DISTKEY ENCODE zstd, -- a comment
        day date SORTKEY,
        amount decimal,
        data super,
        raw varbyte(3),
        note text DEFAULT 'a, (b) encode lzo',
        PRIMARY KEY (id),
        CONSTRAINT one_a_day UNIQUE (country, day)
    ) BACKUP NO
"""


def test_the_attributes_are_shown(client: Any) -> None:
    client.run(TABLE)
    shown = client.run(
        'SELECT "column", type, encoding, distkey, sortkey, "notnull" FROM pg_table_def WHERE tablename = \'orders\''
    )
    assert shown == [
        ("id", "bigint", "az64", "f", "0", "t"),
        ("country", "character varying(5)", "zstd", "t", "0", "t"),
        ("day", "date", "none", "f", "1", "f"),
        ("amount", "numeric(18,0)", "az64", "f", "0", "f"),
        ("data", "super", "zstd", "f", "0", "f"),
        ("raw", "binary varying(3)", "lzo", "f", "0", "f"),
        ("note", "character varying(256)", "lzo", "f", "0", "f"),
    ]
    assert client.value("SELECT count(*) FROM svv_table_info WHERE \"table\" = 'orders'") == "0"
    client.run("INSERT INTO orders (country) VALUES ('DE')")
    info = client.run(
        "SELECT diststyle, sortkey1, sortkey_num, max_varchar, tbl_rows FROM svv_table_info WHERE \"table\" = 'orders'"
    )
    assert info == [("KEY(country)", "day", "1", "256", "1")]


def test_keys_are_recorded_and_not_enforced(client: Any) -> None:
    client.run(TABLE)
    client.run("CREATE TABLE items (n int REFERENCES orders, m int UNIQUE, FOREIGN KEY (m) REFERENCES orders (id))")
    client.run("INSERT INTO items VALUES (1, 1), (2, 1)")
    keys = client.run(
        "SELECT conname, contype FROM pg_constraint "
        "WHERE conrelid IN ('orders'::regclass, 'items'::regclass) ORDER BY 1"
    )
    assert keys == [
        ("items_m_fkey", "f"), ("items_m_key", "u"), ("items_n_fkey", "f"), ("one_a_day", "u"), ("orders_pkey", "p"),
    ]  # fmt: skip


def test_lengths_are_bytes(client: Any) -> None:
    client.run(TABLE)
    client.run("INSERT INTO orders (country, raw) VALUES ('äö', 'abc'), ('abcde', NULL)")
    for wrong, name in (("'äöü'", "character varying(5)"), ("'abcdef'", "character varying(5)")):
        with pytest.raises(RedshiftError) as caught:
            client.run(f"INSERT INTO orders (country) VALUES ({wrong})")
        assert (caught.value.message, caught.value.sqlstate) == (f"value too long for type {name}", "22001")
    with pytest.raises(RedshiftError, match="value too long for type binary varying"):
        client.run("INSERT INTO orders (country, raw) VALUES ('a', 'abcd')")
    client.run("CREATE TABLE chars (c char(2))")
    with pytest.raises(RedshiftError, match=r"value too long for type character\(2\)"):
        client.run("INSERT INTO chars VALUES ('äö')")


@pytest.mark.parametrize(
    ("definition", "shown"),
    [
        ("varchar", "character varying(256)"),
        ("varchar(max)", "character varying(65535)"),
        ("nvarchar(7)", "character varying(7)"),
        ("character varying(7)", "character varying(7)"),
        ("text", "character varying(256)"),
        ("char", "character(1)"),
        ("bpchar", "character(256)"),
        ("numeric(38, 37)", "numeric(38,37)"),
        ("float", "double precision"),
        ("float(4)", "real"),
        ("int2", "smallint"),
        ("timestamp without time zone", "timestamp without time zone"),
        ("timestamptz", "timestamp with time zone"),
        ("time with time zone", "time with time zone"),
        ("varbyte", "binary varying(64000)"),
        ("binary varying(10)", "binary varying(10)"),
        ("interval day to second", "interval day to second"),
    ],
)
def test_types(client: Any, definition: str, shown: str) -> None:
    client.run(f"CREATE TABLE t (c {definition})")
    assert client.value("SELECT type FROM pg_table_def WHERE tablename = 't'") == shown


@pytest.mark.parametrize(
    "definition",
    [
        "json", "jsonb", "uuid", "int[]", "varchar(10)[]", "bytea", "serial", "money", "inet", "xml", "geometry",
        "hllsketch",
        "varchar(65536)", "varchar(0)", "char(4097)", "numeric(39)", "numeric(38,38)", "numeric(5,-1)",
        "varbyte(16777217)",
        "timestamp(3)", "int CHECK (c > 0)", "int ENCODE snappy", "int GENERATED ALWAYS AS (1) STORED",
        "int DISTKEY SORTKEY, d int DISTKEY", "varchar(5) COLLATE CASE_INSENSITIVE", "some_type",
    ],
)  # fmt: skip
def test_what_redshift_has_not_is_refused(client: Any, definition: str) -> None:
    with pytest.raises(RedshiftError):
        client.run(f"CREATE TABLE t (c {definition})")
    assert client.run("SELECT 1 FROM pg_tables WHERE tablename = 't'") == []


@pytest.mark.parametrize(
    "attributes",
    ["PARTITION BY RANGE (c)", "INHERITS (t)", "WITH (fillfactor = 10)", "TABLESPACE x", "DISTSTYLE EVEN DISTKEY (c)",
     "DISTSTYLE KEY", "SORTKEY (nothing)", "DISTKEY (c", "DISTSTYLE SOME", "ON COMMIT DROP"],
)  # fmt: skip
def test_attributes_that_redshift_has_not_are_refused(client: Any, attributes: str) -> None:
    with pytest.raises(RedshiftError):
        client.run(f"CREATE TABLE t (c int) {attributes}")
    assert client.run("SELECT 1 FROM pg_tables WHERE tablename = 't'") == []


def test_identity(client: Any) -> None:
    client.run("CREATE TABLE t (a bigint IDENTITY(0, 5), b bigint GENERATED BY DEFAULT AS IDENTITY(-3, -2), c int)")
    client.run("CREATE TABLE narrow (a int IDENTITY(1, 1), b int)")
    client.run("INSERT INTO t (c) VALUES (1), (2)")
    client.run("INSERT INTO t (b, c) VALUES (100, 3)")
    assert client.run("SELECT * FROM t ORDER BY c") == [("0", "-3", "1"), ("5", "-5", "2"), ("10", "100", "3")]
    with pytest.raises(RedshiftError, match="cannot insert"):
        client.run("INSERT INTO t (a, c) VALUES (7, 4)")
    defaults = client.run(
        "SELECT column_default FROM svv_columns WHERE table_name = 't' AND column_default IS NOT NULL ORDER BY 1"
    )
    assert [default[0].split("(")[0] for default in defaults] == ['"identity"', "default_identity"]


def test_temporary_tables(client: Any) -> None:
    client.run("CREATE TABLE #stage (n int) DISTSTYLE ALL")
    client.run("INSERT INTO #stage SELECT 1")
    assert client.run('SELECT #stage.n, s.n FROM #stage JOIN "#stage" s ON s.n = #stage.n') == [("1", "1")]
    client.run("CREATE TEMP TABLE other (LIKE #stage)")
    client.run("DROP TABLE #stage")


def test_like_and_as(client: Any) -> None:
    client.run(TABLE)
    client.run("CREATE TABLE twin (LIKE orders INCLUDING DEFAULTS)")
    with pytest.raises(RedshiftError, match="value too long"):
        client.run("INSERT INTO twin (id, country) VALUES (1, 'äöü')")
    client.run("INSERT INTO twin (id, country) VALUES (1, 'DE')")
    client.run("CREATE TABLE taken (a, b) DISTKEY (a) COMPOUND SORTKEY (b, a) AS SELECT top 1 country, note FROM twin")
    assert client.run("SELECT * FROM taken") == [("DE", "a, (b) encode lzo")]
    assert client.run("SELECT diststyle, sortkey1, sortkey_num FROM svv_table_info WHERE \"table\" = 'taken'") == [
        ("KEY(a)", "b", "2")
    ]


def test_if_not_exists_changes_nothing(client: Any) -> None:
    client.run("CREATE TABLE t (c int DISTKEY)")
    client.run("CREATE TABLE IF NOT EXISTS t (d int) DISTSTYLE ALL")
    client.run("INSERT INTO t VALUES (1)")
    assert client.value("SELECT diststyle FROM svv_table_info WHERE \"table\" = 't'") == "KEY(c)"


def test_alter_table(client: Any) -> None:
    client.run("CREATE TABLE t (a varchar(2), b int)")
    client.run("ALTER TABLE t ADD COLUMN c varchar(4) DEFAULT 'x' ENCODE zstd")
    client.run("ALTER TABLE t ADD d int NOT NULL DEFAULT 7")
    client.run("ALTER TABLE t ALTER COLUMN a TYPE varchar(6)")
    client.run("ALTER TABLE t RENAME COLUMN a TO e")
    client.run("ALTER TABLE t ALTER DISTKEY b, ALTER SORTKEY (e, b)")
    client.run("ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (b)")
    client.run("INSERT INTO t VALUES ('äöü', 1)")
    with pytest.raises(RedshiftError, match="value too long"):
        client.run("INSERT INTO t VALUES ('äöüx', 1)")
    assert client.run("SELECT * FROM t") == [("äöü", "1", "x", "7")]
    assert client.run("SELECT diststyle, sortkey1 FROM svv_table_info WHERE \"table\" = 't'") == [("KEY(b)", "e")]
    client.run("ALTER TABLE t ALTER DISTSTYLE EVEN")
    client.run("ALTER TABLE t ALTER SORTKEY NONE")
    client.run("ALTER TABLE t DROP CONSTRAINT k")
    client.run("ALTER TABLE t DROP COLUMN e")
    client.run("ALTER TABLE t RENAME TO u")
    assert client.run("SELECT diststyle, sortkey1 FROM svv_table_info WHERE \"table\" = 'u'") == [("EVEN", None)]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER COLUMN a TYPE varchar(1)", "ALTER COLUMN a TYPE int", "ALTER COLUMN b TYPE varchar(10)",
        "ALTER COLUMN b TYPE bigint",
        "ALTER COLUMN k TYPE varchar(10)", "ADD COLUMN c int, ADD COLUMN d int", "ADD COLUMN c int NOT NULL",
        "ADD COLUMN c int IDENTITY(1, 1)", "ADD COLUMN c int DISTKEY", "DROP COLUMN s", "ALTER COLUMN a SET NOT NULL",
        "ALTER COLUMN b SET DEFAULT 1", "ADD CHECK (b > 1)", "ALTER DISTKEY nothing", "ENABLE TRIGGER ALL",
    ],
)  # fmt: skip
def test_changes_that_redshift_has_not_are_refused(client: Any, change: str) -> None:
    client.run("CREATE TABLE t (a varchar(2), b int, k varchar(2) PRIMARY KEY, s int SORTKEY)")
    with pytest.raises(RedshiftError):
        client.run(f"ALTER TABLE t {change}")
    assert client.value("SELECT count(*) FROM pg_table_def WHERE tablename = 't'") == "4"


def test_types_are_not_altered_in_a_transaction(client: Any) -> None:
    client.run("CREATE TABLE t (a varchar(2))")
    client.run("BEGIN")
    for change in ("ALTER COLUMN a TYPE varchar(6)", "APPEND FROM u"):
        with pytest.raises(RedshiftError, match="transaction block"):
            client.run(f"ALTER TABLE t {change}")
    client.run("ROLLBACK")


def test_append_moves_rows(client: Any) -> None:
    client.run("CREATE TABLE t (a int, b varchar(3), c int DEFAULT 9)")
    client.run("CREATE TABLE s (b varchar(3), a int)")
    client.run("INSERT INTO s VALUES ('x', 1)")
    with pytest.raises(RedshiftError, match="the source has not: c"):
        client.run("ALTER TABLE t APPEND FROM s")
    client.run("ALTER TABLE t APPEND FROM s FILLTARGET")
    assert client.run("SELECT * FROM t") == [("1", "x", "9")]
    assert client.run("SELECT * FROM s") == []


def test_texts_are_ordered_by_their_characters_numbers(client: Any) -> None:
    client.run("CREATE TABLE t (s varchar(9), c char(1))")
    client.run("INSERT INTO t VALUES ('b', 'b'), ('B', 'B'), ('a', 'a'), ('_', '_'), ('ä', 'z'), ('Z', 'Z')")
    assert [row[0] for row in client.run("SELECT s FROM t ORDER BY s")] == ["B", "Z", "_", "a", "b", "ä"]
    client.run("CREATE TABLE u AS SELECT s || '' AS s, upper(s) AS u, 'x' AS x FROM t")
    assert [row[0] for row in client.run("SELECT s FROM u ORDER BY s")] == ["B", "Z", "_", "a", "b", "ä"]
    types = client.run("SELECT type FROM pg_table_def WHERE tablename = 'u'")
    assert types == [("character varying(65535)",)] * 3
    client.run("ALTER TABLE t ADD COLUMN d varchar(3)")
    client.run("ALTER TABLE t ALTER COLUMN d TYPE varchar(5)")
    client.run("UPDATE t SET d = s")
    assert client.value("SELECT max(d) FROM t WHERE d < 'a'") == "_"


def test_the_information_schema_has_redshifts_types(client: Any) -> None:
    client.run("CREATE TABLE t (s super, b varbyte, v varchar(7))")
    shown = client.run(
        "SELECT data_type FROM information_schema.columns WHERE table_name = 't' ORDER BY ordinal_position"
    )
    assert shown == [("super",), ("binary varying",), ("character varying",)]


@pytest.mark.parametrize("name", ["x" * 64, '"' + "é" * 32 + '"', "#" + "x" * 63])
def test_names_that_postgresql_would_cut_are_refused(client: Any, name: str) -> None:
    with pytest.raises(RedshiftError, match="more than 63 bytes"):
        client.run(f"CREATE TABLE {name} (n int)")
    client.run(f'CREATE TABLE "{"x" * 63}" (n int)')
