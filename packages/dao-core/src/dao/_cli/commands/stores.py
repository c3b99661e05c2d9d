"""``dao stores``."""

from __future__ import annotations

from typing import Any

from dao._cli import output
from dao._cli.options import command as subcommand
from dao._cli.session import Session

__all__ = ["command"]


def stores(session: Session) -> None:
    """List the stores of the catalog.

    \b
    Keys of --json, a list with one entry a store:
      name, interfaces (the primary first), objects (how many), patterns

    \b
    Example:
      dao stores --catalog catalog.yaml
    """
    found: list[dict[str, Any]] = [
        {
            "name": store.name,
            "interfaces": [spec.name for spec in store.specs],
            "objects": len(store.objects),
            "patterns": [pattern.text for pattern in getattr(store.objects, "patterns", ())],
        }
        for store in session.catalog().stores.values()
    ]
    if session.as_json:
        output.document(found)
        return
    rows = [[s["name"], ", ".join(s["interfaces"]), s["objects"], ", ".join(s["patterns"]) or None] for s in found]
    output.table(["store", "interfaces", "objects", "name patterns"], rows, "no stores")


command = subcommand(stores)
