"""The types in which a lake format keeps values."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao.errors import DataError
from dao_files.lake import StorableTypes


def refuse_twins(names):
    if len(set(names)) < len(names):
        raise DataError(f"found {names}")


TYPES = StorableTypes(
    format="Lake",
    whole={pa.int8(): pa.int32()},
    own=lambda kind: pa.int64() if pa.types.is_duration(kind) else None,
    check_names=refuse_twins,
)


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        (pa.int8(), pa.int32()),
        (pa.int16(), pa.int16()),
        (pa.uint32(), pa.int64()),
        (pa.duration("s"), pa.int64()),
        (pa.uuid(), None),
        (pa.dictionary(pa.int8(), pa.large_string()), pa.string()),
        (pa.run_end_encoded(pa.int32(), pa.binary_view()), pa.binary()),
        (pa.decimal256(38, 2), pa.decimal128(38, 2)),
        (pa.decimal256(39, 2), None),
        (pa.timestamp("ms", "Europe/Berlin"), pa.timestamp("us", "UTC")),
        (pa.timestamp("ns"), None),
        (pa.list_(pa.int8(), 2), pa.list_(pa.field("element", pa.int32()))),
        (
            pa.map_(pa.large_string(), pa.uint16()),
            pa.map_(pa.field("key", pa.string(), False), pa.field("value", pa.int32())),
        ),
        (pa.struct([pa.field("x", pa.float16(), False)]), pa.struct([pa.field("x", pa.float32(), False)])),
        (pa.struct([("x", pa.int64()), ("x", pa.int64())]), None),
        (pa.struct([]), None),
        (pa.list_(pa.struct([("at", pa.null())])), None),
    ],
)
def test_each_type_is_kept_as_the_narrowest_that_holds_its_values(kind, kept):
    field = pa.field("c", kind, False)
    if kept is None:
        with pytest.raises(DataError):
            TYPES.field(field, "c")
    else:
        assert TYPES.field(field, "c").equals(pa.field("c", kept, False), check_metadata=True)


def test_a_type_that_a_format_lacks_is_named_with_its_place_and_the_way_out():
    with pytest.raises(DataError, match=r"column 'c\[\]\.at' is null, for which Lake has no type: cast it"):
        TYPES.field(pa.field("c", pa.list_(pa.struct([("at", pa.null())]))), "c")
