"""Decimals of declared types in texts: equal, or refused; pyarrow's parsers make other numbers of those too long."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataStore, FileObject
from dao.errors import DaoError

SCHEMA = pa.schema([("d", pa.decimal128(38, 10))])
TEXTS = {"a.csv": "d\n{0}\n", "a.json": '[{{"d": "{0}"}}]', "b.json": '[{{"d": {0}}}]', "a.jsonl": '{{"d": "{0}"}}\n'}


def read(folder: Path, name: str, number: str, **options: str) -> list[Decimal]:
    (folder / name).write_text(TEXTS[name].format(number))
    file = FileObject(name, DataStore("files", "local", options={"root": str(folder)}), schema=SCHEMA)
    found: list[Decimal] = DataAccessObject().read(file, **options)["d"].to_pylist()
    return found


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("number", ["1" * 30, "0." + "0" * 40 + "1", "-" + "9" * 29])
def test_numbers_that_do_not_fit_are_refused(tmp_path: Path, name: str, number: str) -> None:
    with pytest.raises(DaoError, match="'d'"):
        read(tmp_path, name, number)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("number", ["9" * 28 + "." + "9" * 10, "-0.0000000001", "1.5", "0"])
def test_numbers_that_fit_are_equal(tmp_path: Path, name: str, number: str) -> None:
    assert read(tmp_path, name, number) == [Decimal(number)]


def test_numbers_of_csv_with_spaces_and_a_comma(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("d;n\n 1,5 ;1\n;2\n-2,25;3\n")
    schema = pa.schema([*SCHEMA, ("n", pa.int64())])
    file = FileObject("a.csv", DataStore("files", "local", options={"root": str(tmp_path)}), schema=schema)
    found = DataAccessObject().read(file, delimiter=";", decimal_point=",")
    assert found["d"].to_pylist() == [Decimal("1.5"), None, Decimal("-2.25")]
