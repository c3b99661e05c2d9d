"""What an upsert takes for the same key."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao_redshift._sql.dialect import RedshiftDialect
from dao_sql import Column


@pytest.mark.parametrize("declared", ["character varying(20)", "text", "VARCHAR(65535)"])
def test_texts_with_blanks_at_their_ends_are_other_keys(declared: str) -> None:
    """Redshift's ``=`` ignores them, and the local one's doesn't."""
    dialect = RedshiftDialect()
    column = Column("k", dialect.make_type(pa.string(), declared))
    assert dialect.equals(column, "t.k", "s.k") == "t.k = s.k AND LEN(t.k) = LEN(s.k)"


@pytest.mark.parametrize(("arrow", "declared"), [(pa.string(), "character(5)"), (pa.int64(), "bigint")])
def test_other_keys_are_compared_alone(arrow: pa.DataType, declared: str) -> None:
    dialect = RedshiftDialect()
    assert dialect.equals(Column("k", dialect.make_type(arrow, declared)), "t.k", "s.k") == "t.k = s.k"
