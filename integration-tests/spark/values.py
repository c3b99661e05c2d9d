"""Values as JSON can have them. It is imported by Spark's environment and by that of the tests, so it needs neither."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


def told(value: Any) -> Any:
    """A value as JSON can have it, such that two values are told alike only if they are equal."""
    match value:
        case None | bool() | int() | str():
            return value
        case UUID():  # which Spark has as texts
            return str(value)
        case float():
            return {"float": repr(value)}
        case Decimal():
            return {"decimal": format(value, "f")}
        case datetime():
            return {"moment": value.replace(tzinfo=None).isoformat()}
        case date():
            return {"date": value.isoformat()}
        case bytes() | bytearray():
            return {"bytes": bytes(value).hex()}
        case dict():
            return {"map": sorted(([told(key), told(one)] for key, one in value.items()), key=repr)}
        case _ if hasattr(value, "asDict"):
            return {"struct": [[name, told(value[name])] for name in value.__fields__]}
    return [told(one) for one in value]
