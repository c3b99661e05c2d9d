"""What an import costs in a fresh process, and what it drags along."""

from __future__ import annotations

from importlib.metadata import version

from measuring import ROUNDS, Row, Times, python

STATEMENTS = {
    "import dao": "import dao",
    "from dao import DataAccessObject": "from dao import DataAccessObject",
    "import kedro.io": "import kedro.io",
    "import pyarrow": "import pyarrow",
}
BARS = {"import dao": 0.5, "from dao import DataAccessObject": 1.0}
CODE = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"
DRIVERS = (
    "pyarrow",
    "pandas",
    "polars",
    "duckdb",
    "numpy",
    "sqlglot",
    "boto3",
    "pyspark",
    "deltalake",
    "yaml",
    "cattrs",
)


def rows() -> list[Row]:
    """The report's lines on imports."""
    for statement in STATEMENTS.values():
        python(CODE.format(statement))
    seconds: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(max(ROUNDS, 11)):
        for name, statement in STATEMENTS.items():
            seconds[name].append(float(python(CODE.format(statement))))
    times = Times(seconds)
    return [*(_beside_kedro(times, name) for name in BARS), _drivers()]


def _beside_kedro(times: Times, name: str) -> Row:
    ratio = times.ratio(name, "import kedro.io")
    kedro = times.of("import kedro.io") * 1e3
    detail = (
        f"{times.of(name) * 1e3:.0f} ms beside {kedro:.0f} ms (Kedro {version('kedro')}) and "
        f"{times.of('import pyarrow') * 1e3:.0f} ms (pyarrow); ratios {times.spread(name, 'import kedro.io')}"
    )
    bar = BARS[name]
    return Row(f"{name} / import kedro.io", f"{ratio:.2f}", f"<= {bar}", ratio <= bar, detail)


def _drivers() -> Row:
    code = f"import sys, dao; from dao import DataAccessObject; print([m for m in {DRIVERS!r} if m in sys.modules])"
    found = python(code)
    return Row("drivers in sys.modules after from dao import DataAccessObject", found, "none", found == "[]")
