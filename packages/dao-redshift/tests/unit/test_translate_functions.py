"""Redshift's functions, run on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from dao_redshift.testing._statements import RedshiftError

VALUES = {
    "getdate() = date_trunc('second', sysdate) AND sysdate::date = current_date": "t",
    # dates
    "dateadd(day, 1, '2020-01-31')": "2020-02-01 00:00:00",
    "dateadd(month, 1, date '2020-01-31')": "2020-02-29 00:00:00",
    "dateadd('qtr', -1, timestamp '2020-01-31 01:02:03')": "2019-10-31 01:02:03",
    "datediff(day, '2020-01-31 23:59', '2020-02-01')": "1",
    "datediff(day, '2020-02-01'::date, '2020-01-31'::date)": "-1",
    "datediff(qtr, date '2020-01-01', date '2021-01-01')": "4",
    "datediff(month, '2019-12-31', '2020-01-01')": "1",
    "datediff(hour, '2020-01-01 00:59:59', '2020-01-01 01:00')": "1",
    "datediff(microsecond, '1969-12-31 23:59:59.999999', '1970-01-01')": "1",
    "datediff(week, '2009-01-01', '2009-12-31')": "52",
    "date_part(year, date '2020-05-01')": "2020",
    "extract(dow from date '2020-01-01')": "3",
    "date_trunc('month', date '2020-05-05')": "2020-05-01 00:00:00",
    "date_trunc('month', '2020-05-05')": "2020-05-01 00:00:00",
    "convert_timezone('Europe/Berlin', '2020-07-01 12:00')": "2020-07-01 14:00:00",
    "convert_timezone('UTC', 'America/New_York', timestamp '2020-01-01 12:00')": "2020-01-01 07:00:00",
    "last_day('2020-02-03')": "2020-02-29",
    "add_months('2020-02-29', 1)": "2020-03-31 00:00:00",
    "months_between('2020-03-31', '2020-02-29')": "1",
    "months_between('1969-01-18', '1969-03-18')": "-2",
    "next_day('2020-01-01', 'Tue')": "2020-01-07",
    "trunc(timestamp '2020-01-01 10:10')": "2020-01-01",
    # numbers
    "trunc(1.567, 1)": "1.5",
    "trunc(-1.5::float8)": "-1",
    "round(2.567::float8, 2)": "2.57",
    "round(2.5)": "3",
    "5 / 2": "2",
    "-5 / 2": "-2",
    "strtol('ff', 16)": "255",
    "strtol('-101', 2)": "-5",
    "to_hex(255)": "ff",
    "to_number('12,454.8-', '99G999D9S')": "-12454.8",
    # texts
    "charindex('b', 'abc')": "2",
    "len('äb ')": "3",
    "regexp_substr('abc123', '[0-9]+')": "123",
    "regexp_substr('abc', '[0-9]+')": "",
    "regexp_substr('ABC', 'b', 1, 1, 'i')": "B",
    "regexp_substr('a1b2', '([a-z])([0-9])', 1, 2, 'e')": "b",
    "regexp_count('a1b2', '[0-9]')": "2",
    "regexp_replace('a1b2', '[0-9]')": "ab",
    "regexp_replace('a1b2', '([a-z])([0-9])', '$2$1')": "1a2b",
    "regexp_instr('ab1', '[0-9]')": "3",
    "md5('abc')": "900150983cd24fb0d6963f7d28e17f72",
    "sha1('abc')": "a9993e364706816aba3e25717850c26c9cd0d89d",
    "func_sha1('')": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "sha1(repeat('a', 200))": "e61cfffe0d9195a525fc6cf06ca2d77119c24a40",
    "sha2('abc', 256)": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "'ABC' ILIKE 'ab_'": "t",
    "'a_c' LIKE 'a\\\\_c' AND NOT 'abc' LIKE 'a\\\\_c'": "t",
    "'a' || NULL": None,
    "'it\\'s' || '\\\\'": "it's\\",
    # bytes
    "from_hex('6162')::varchar": "ab",
    "to_hex('ab'::varbyte)": "6162",
    "from_varbyte('äb'::varchar::varbyte, 'hex')": "c3a462",
    "to_varbyte('6162', 'hex')::varchar": "ab",
    # conditions
    "nvl(NULL, 1)": "1",
    "nvl2(NULL, 1, 2)": "2",
    "nvl2(0, 1, 2)": "1",
    "decode(NULL, NULL, 'n', 'd')": "n",
    "decode(5, 1, 'a', 5, 'b')": "b",
    "decode(5, 1, 'a')": None,
    "decode(nvl(NULL, 2), 2, decode(1, 1, len('xyz')), 0)": "3",
    # JSON
    "json_serialize(json_parse('{\"b\": [1, {\"x\": \"q\"}], \"a\": null, \"c\": 1.50}'))":
        '{"a":null,"b":[1,{"x":"q"}],"c":1.50}',
    "can_json_parse('{')": "f",
    "is_valid_json('{}')": "t",
    "is_valid_json_array('{}')": "f",
    "json_extract_path_text('{\"a\": {\"b\": 5}}', 'a', 'b')": "5",
    "json_extract_path_text('{\"a\": 1}', 'x')": None,
    "json_extract_path_text('{', 'a', true)": None,
    "json_array_length('[1, 2]')": "2",
    "json_extract_array_element_text('[1, \"b\"]', 1)": "b",
    "json_parse('\"x\"')::varchar": "x",
    "json_parse('[1]')::varchar": None,
    "json_parse('5')::int": "5",
    "'[1]'::super": "[1]",
    "json_serialize(object('a', 1, 'b', array(1, 2)))": '{"a":1,"b":[1,2]}',
    "get_array_length(array(1, 2, 3))": "3",
    "json_serialize(split_to_array('a,b'))": '["a","b"]',
    "json_serialize(subarray(array(1, 2, 3), 1, 1))": "[2]",
    "json_serialize(array_concat(array(1), array(2)))": "[1,2]",
    "is_array(array(1))": "t",
    # casts
    "cast('12.5' AS decimal)": "13",
    "'12.5'::decimal(3, 1)": "12.5",
    "'x'::varchar(max)": "x",
    "'x'::nvarchar(5)": "x",
    "'abc'::char": "abc",
    # sessions
    "pg_last_copy_count()": "0",
    "pg_last_query_id()": "-1",
}  # fmt: skip


@pytest.mark.parametrize("expression", list(VALUES))
def test_values(client: Any, expression: str) -> None:
    assert client.value(f"SELECT {expression}") == VALUES[expression]


def test_the_version_is_redshifts(client: Any) -> None:
    assert client.value("SELECT version()").startswith("PostgreSQL 8.0.2 ")
    assert "Redshift 1.0." in client.value("SELECT version()")


AGGREGATES = {
    "avg(a)": "2",
    "avg(a::bigint)": "2",
    "avg(-a::smallint)": "-2",
    "avg(a::float8)": "2.5",
    "avg(a::decimal(9, 1))": "2.5",
    "median(a)": "2.5",
    "median(a::float8)": "2.5",
    "listagg(a, '|') WITHIN GROUP (ORDER BY a DESC)": "4|3|2|1",
    "listagg(DISTINCT b, ',') WITHIN GROUP (ORDER BY b)": "x,y",
    "listagg(DISTINCT a * 4, ',') WITHIN GROUP (ORDER BY a * 4)": "4,8,12,16",
    "listagg(b)": "xyxy",
    "APPROXIMATE count(DISTINCT b)": "2",
    "decode(listagg(b) WITHIN GROUP (ORDER BY a), 'xyxy', nvl(max(a), 0), 7)": "4",
    "percentile_cont(0.5) WITHIN GROUP (ORDER BY a)": "2.5",
}


@pytest.mark.parametrize("expression", list(AGGREGATES))
def test_aggregates(client: Any, expression: str) -> None:
    client.run("CREATE TABLE t (a int, b varchar(1))")
    client.run("INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'x'), (4, 'y'), (NULL, NULL)")
    value = client.value(f"SELECT {expression} FROM t")
    assert (value.rstrip("0") if "." in value else value) == AGGREGATES[expression]


@pytest.mark.parametrize(
    "expression",
    [
        "array_agg(1)", "string_agg('a', ',')", "gen_random_uuid()", "jsonb_build_object('a', 1)", "unnest(NULL)",
        "ARRAY[1]",
        "ARRAY(SELECT 1)", "to_jsonb(1)", "'{}'::json", "'{}'::jsonb", "'{1}'::int[]", "NULL::uuid", "a -> 'b'",
        "a ->> 'b'",
        "a @> 'b'", "a <@ 'b'", "a #> 'b'", "format('%s', 1)", "concat_ws(',', 'a')", "regexp_match('a', 'b')",
        "nextval('s')",
        "pg_advisory_lock(1)", "set_config('standard_conforming_strings', 'on', false)",
        "pg_catalog.set_config('a', 'b', false)",
        '"set_config"(\'a.b\', \'c\', false)', '"pg_catalog"."set_config"(\'a.b\', \'c\', false)',
        "count(*) FILTER (WHERE true)",

        "datediff(week, '2020-01-04', '2020-01-05')", "datediff(eon, '2020-01-04', '2020-01-05')", "1::geometry",
        "json_extract_path_text('{', 'a')", "strtol('2', 2)", "regexp_substr('a', 'b', 1, 1, 'p')", "decode(1, 2)",
        "nvl2(1)",
        "U&'\\\\0041'", "pg_read_file('x')", "'x", "/* open", "$$open", "1; SELECT 2",
    ],
)  # fmt: skip
def test_refused(client: Any, expression: str) -> None:
    with pytest.raises(RedshiftError):
        client.run(f"SELECT {expression}")
