"""Which catalog a run takes: the only thing that changes between a laptop and a warehouse."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Where a catalog that keeps its data in a folder keeps it.
DATA = Path(os.environ.setdefault("MEDALLION_DATA", str(HERE / "data")))


def catalog() -> Path:
    """The catalog named by the first argument, else by the variable MEDALLION_CATALOG, else `local`.

    A name is that of a file in `catalogs/`; the path of a file anywhere else will do as well.
    """
    name = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MEDALLION_CATALOG", "local")
    for path in (HERE / "catalogs" / f"{name}.yaml", Path(name)):
        if path.is_file():
            return path
    known = ", ".join(sorted(file.stem for file in (HERE / "catalogs").glob("*.yaml")))
    sys.exit(f"There is no catalog {name!r}. Those of this example: {known}")
