"""What every wheel of this workspace must hold: `python tools/check_wheels.py WHEEL...`. Standard library only."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path


def faults(wheel: Path) -> Iterator[str]:
    """What is missing from `wheel`, or in it by mistake."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = HeaderParser().parsestr(
            archive.read(next(n for n in names if n.endswith(".dist-info/METADATA"))).decode()
        )
    if not any(name.endswith("/py.typed") for name in names):
        yield "no py.typed: its types would be invisible"
    if not any("/licenses/LICENSE" in name for name in names):
        yield "no licence text"
    if not any(name.endswith(".dist-info/entry_points.txt") for name in names):
        yield "no entry points: its plugin would never be found"
    yield from (f"{name}: tests don't belong in a wheel" for name in names if name.startswith("tests/"))
    if metadata["Requires-Python"] != ">=3.11":
        yield f"Requires-Python is {metadata['Requires-Python']}"
    if metadata["License-Expression"] != "Apache-2.0":
        yield f"License-Expression is {metadata['License-Expression']}"


def main(wheels: list[str]) -> int:
    """Print every fault; 1 if there is one."""
    found = [f"{Path(wheel).name}: {fault}" for wheel in wheels for fault in faults(Path(wheel))]
    print("\n".join(found) or f"wheels: {len(wheels)} as they should be")
    return 1 if found or not wheels else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
