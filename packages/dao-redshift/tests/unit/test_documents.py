"""SUPER, which PostgreSQL has as jsonb: told and written as Redshift does."""

from __future__ import annotations

from struct import pack
from typing import Any

import pytest
import redshift_connector
from raw_client import RawClient

from dao_redshift.testing import RedshiftGateway
from dao_redshift.testing._wire import _messages as m


def test_documents_in_binary_have_no_version(gateway: RedshiftGateway) -> None:
    wanted = pack("!hhhh", 0, 0, 1, 1)
    query = m.parse("", """SELECT JSON_PARSE('{"a": [1, "b c"]}')""")
    with RawClient(gateway) as raw:
        answers = raw.send(query, m.bind("", "", wanted), m.execute(""), m.SYNC)
    assert ("D", (b'{"a":[1,"b c"]}',)) in answers


def test_each_fetch_has_its_own_columns(cursor: Any) -> None:
    """One statement, prepared once, whose rows are to be changed in one run and left alone in the next."""
    for query, rows in (("SELECT JSON_PARSE('[1, 2]')", ["[1,2]"]), ("SELECT '[1, 2]'::varchar", ["[1, 2]"])):
        cursor.execute(f"DECLARE c CURSOR FOR {query}")
        cursor.execute("FETCH 10 FROM c")
        assert [row[0] for row in cursor.fetchall()] == rows
        cursor.execute("CLOSE c")


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "c": [], "a": 2}}]'])
def test_an_attribute_that_is_there_twice_is_refused(cursor: Any, text: str) -> None:
    with pytest.raises(redshift_connector.Error, match="twice"):
        cursor.execute("SELECT JSON_PARSE(%s)", (text,))


def test_documents_are_super(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (d super)")
    cursor.execute("INSERT INTO t SELECT JSON_PARSE(%s)", ('{"a": [1, 2], "b": "x, y: z"}',))
    cursor.execute("SELECT d FROM t")
    assert cursor.description[0][1] == 4000
    assert cursor.fetchall() == (['{"a":[1,2],"b":"x, y: z"}'],)
