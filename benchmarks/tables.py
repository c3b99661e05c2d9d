"""The tables that are measured: eight columns of what data engineers have, made from a fixed seed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

CITIES = np.array([f"city_{number:02d}" for number in range(20)])


def table(rows: int, seed: int = 7) -> pa.Table:
    """Three int64, two float64, a timestamp, a string of 20 values and a unique string of 24 bytes: 91 bytes a row."""
    random = np.random.default_rng(seed)
    numbers = np.arange(rows, dtype="int64")
    return pa.table(
        {
            "id": numbers,
            "k": random.integers(0, 1_000, rows),
            "quantity": random.integers(0, 1_000_000, rows),
            "price": random.random(rows) * 100,
            "score": random.standard_normal(rows),
            "ts": pa.array(numbers * 1_000_000 + 1_700_000_000_000_000, pa.timestamp("us")),
            "city": pa.array(CITIES[random.integers(0, 20, rows)]),
            "key": pa.array(np.char.add("key-", np.char.zfill(numbers.astype(str), 20))),
        }
    )
