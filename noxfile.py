#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["nox==2026.10.20", "uv==0.13.8"]
# ///
"""All that is checked, in sessions of three rings; `python3 noxfile.py -l` lists them.

| command | ring |
|---|---|
| `python3 noxfile.py` | what every change must pass, with what PyPI has: the newest Python, the locked versions |
| `python3 noxfile.py -t services` | real services; the oldest Python with the lowest versions; what is published |
| `python3 noxfile.py -t full` | every Python, the profile `thorough`, tests marked `slow`, benchmarks |

`python3 noxfile.py -s "unit(dao-s3)"` is for work on one package. What comes after `--` goes to pytest.

Runs on a machine that has only Python 3.11 or newer and git: when nox is missing, `.nox-bootstrap/` is made with the
versions above. `uv run noxfile.py` and, where nox is installed, plain `nox` do the same.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python must get as far as this message
    sys.exit(f"DAO needs Python 3.11 or newer; this is {sys.version.split()[0]}.")

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tools"))

from bootstrap import rerun  # noqa: E402 - tools/ is on the path only now
from pythons import find_pythons  # noqa: E402
from readme_lines import requirements  # noqa: E402

if __name__ == "__main__" and importlib.util.find_spec("nox") is None:
    rerun(Path(__file__).resolve(), sys.argv[1:])

import nox  # noqa: E402 - the bootstrap made sure that nox is there

if __name__ == "__main__":
    nox.main()  # loads this file as a module and ends the process

SUPPORTED = ["3.11", "3.12", "3.13"]
PACKAGES = sorted(path.parent.name for path in ROOT.glob("packages/*/pyproject.toml"))
CONSTRAINTS = ROOT / "constraints.txt"
MADE = ROOT / ".nox" / "made"
WHEELS = MADE / "wheels"
OUR_WHEELS = WHEELS / "constraints.txt"
AWSWRANGLER = "awswrangler==3.17.1"
# Beside them are what they say they need; Daft writes partitions only where pyiceberg is too.
DELTA_PEERS = (
    f"awswrangler[deltalake]{AWSWRANGLER.removeprefix('awswrangler')}",
    *("daft[deltalake]==0.7.26", "pyiceberg==0.12.0", "dlt[deltalake]==1.31.0"),
    *("kedro==1.7.0", "kedro-datasets[pandas-deltatabledataset]==9.6.0"),
    *("deltalake==1.6.6", "pandas==3.1.1", "pyarrow==25.0.1"),
)
SPARK_OF_ICEBERG = "pyspark==4.1.1"
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

# How tests are run: see dao.testing.positions and tools/slow_tests.py.
QUICK = ("--hypothesis-profile=quick", "-m", "not slow", "--cpu-limit=5")
QUICK_OLDEST = (*QUICK, "--cpu-limit=8")  # the oldest Python is slower
QUICK_INTEGRATION = (*QUICK, "--cpu-limit=40")  # some run whole examples, twice
WITH_SLOW = ("--hypothesis-profile=quick", "--timeout=600")
THOROUGH = ("--hypothesis-profile=thorough", "--timeout=3600")

# Kits that take minutes: the first three say little on stand-ins that the other tests there don't, the last one goes
# the way that few rows take, whose values other tests compare.
LONG_KITS = (
    "integration-tests/redshift/test_conformance.py",
    "integration-tests/s3/test_conformance.py",
    "integration-tests/sql/test_postgres.py",
)
SWEPT_KITS = ("integration-tests/redshift/test_conformance_unstaged.py",)
SPARK_TESTS = "integration-tests/spark"  # pyspark is large, and starts a JVM: a session of its own

os.environ["UV_PYTHON_DOWNLOADS"] = "never"  # the Pythons that are here, and no others
os.environ["NOX_SCRIPT_MODE"] = "none"  # sessions that run side by side are processes of this same nox
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # compile each library once an environment, not once a process
os.environ.pop("PYTHONPATH", None)  # sessions see what is installed, never the source tree

# A machine may have only a newer one: that one, then.
PYTHONS = find_pythons(SUPPORTED) or {"{}.{}".format(*sys.version_info): Path(sys.executable)}
# nox looks on PATH, where a pyenv shim may be in the way: interpreters that were tried out go before it, and before
# them what was installed beside nox, its uv.
_FIRST = [os.path.dirname(sys.executable), *(str(path.parent) for path in PYTHONS.values())]
os.environ["PATH"] = os.pathsep.join([*dict.fromkeys(_FIRST), os.environ["PATH"]])
PRESENT = list(PYTHONS)
OLDEST, NEWEST = PRESENT[0], PRESENT[-1]

nox.needs_version = ">=2026.10.20"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = True
nox.options.error_on_external_run = True
nox.options.tags = ["quick"]
# Two sessions at a time: what keeps only one core busy (an installation, mypy) runs beside the other session's tests,
# which take all cores.
nox.options.parallel = 2
nox.options.allow_parallel = True

each_package = nox.parametrize("package", [nox.param(name, id=name) for name in PACKAGES])


@nox.session(python=False)
def wheels(session: nox.Session) -> None:
    """Build the wheel of every package, for the sessions that install them."""
    command = ["uv", "build", "--quiet", "--all-packages", "--no-sources", "--wheel", "--clear", f"--out-dir={WHEELS}"]
    session.run_install(*command, external=True)
    built = {package: next(WHEELS.glob(f"{package.replace('-', '_')}-*.whl")) for package in PACKAGES}
    OUR_WHEELS.write_text("".join(f"{package} @ {wheel.as_uri()}\n" for package, wheel in built.items()))


# The first, since it takes longest and waits for its servers: the others run meanwhile.
@nox.session(python=NEWEST, requires=["wheels"], tags=["quick"])
def integration(session: nox.Session) -> None:
    """Packages together, with stand-ins from PyPI as services; integration-tests/README.md says which."""
    short = [f"--ignore={ROOT / kit}" for kit in (*LONG_KITS, *SWEPT_KITS)]
    environment = {"DAO_SERVICES": "stand-ins", "DAO_WITHOUT": "azurite"}
    run_integration_tests(session, *QUICK_INTEGRATION, *short, env=environment)


@nox.session(python=OLDEST, requires=["wheels"], tags=["quick"])
def lint(session: nox.Session) -> None:
    """Style, layers and the house's own rules."""
    install(session, "--group=lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    sources = os.pathsep.join(str(ROOT / "packages" / package / "src") for package in PACKAGES)
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": sources})
    session.run("python", "tools/house_rules.py")


@nox.session(python=NEWEST, requires=["wheels"], tags=["quick"])
@each_package
def unit(session: nox.Session, package: str) -> None:
    """The tests of one package, installed alone from its wheel, and the examples in its docstrings."""
    install(session, package, f"--group={project_of(package)}:test")
    run_unit_tests(session, package, *QUICK)


@nox.session(python=NEWEST, requires=["wheels"], tags=["quick"])
def readme(session: nox.Session) -> None:
    """The README's five lines, with what its first install line names and nothing else."""
    install(session, *requirements((ROOT / "README.md").read_text("utf-8")))
    session.run("python", "-P", "tools/readme_lines.py")


@nox.session(python=NEWEST, requires=["wheels"], tags=["quick"])
def docs(session: nox.Session) -> None:
    """Every fenced block of the README files and of docs/ is run, and every link checked."""
    install(session, *PACKAGES, "--group=docs")
    pages = [
        "README.md",
        "CONTRIBUTING.md",
        "docs",
        "examples",
        *(f"packages/{package}/README.md" for package in PACKAGES),
    ]
    workers = [f"-n{CORES}", "--dist=loadfile"]  # a page's blocks build on one another
    arguments = ["--tb=short", "-p", "docs_snippets", *workers, "tools", *pages, *session.posargs]
    session.run("pytest", *arguments, env={"PYTHONPATH": str(ROOT / "tools")})


@nox.session(python=NEWEST, requires=["wheels"], tags=["quick"])
def reference(session: nox.Session) -> None:
    """Build the API reference from the docstrings, into build/reference; a broken link fails."""
    install(session, *PACKAGES, "--group=docs")
    session.run("python", "-P", "tools/reference.py", "build/reference", env={"PYTHONPATH": str(ROOT / "tools")})


@nox.session(python=OLDEST, requires=["wheels"], tags=["quick"])
def types(session: nox.Session) -> None:
    """Strict mypy on the sources, on the tools, and on code that uses the public face as a pipeline does."""
    install(session, *PACKAGES, "--group=types")
    session.run("mypy", *(f"--package={import_name(package)}" for package in PACKAGES))
    session.run("mypy", "tools")
    for tests in sorted(ROOT.glob("packages/*/tests/typing")):
        session.run("mypy", str(tests.relative_to(ROOT)))


@nox.session(python=NEWEST, requires=["wheels"], tags=["services"])
def services(session: nox.Session) -> None:
    """The integration tests again, on the real services that the machine can have."""
    run_integration_tests(session, *QUICK_INTEGRATION, *(f"--ignore={ROOT / kit}" for kit in SWEPT_KITS))


@nox.session(python=OLDEST, requires=["wheels"], tags=["services"])
@each_package
def lowest(session: nox.Session, package: str) -> None:
    """The unit tests with the lowest versions that the package's metadata allows."""
    bounds = MADE / f"lowest-{package}.txt"
    groups = [f"--group={project_of(package)}:test", project_of(package)]
    compile_requirements(session, bounds, *groups, "--resolution=lowest-direct", f"--python-version={OLDEST}")
    session.log(f"lowest: {' '.join(bounds.read_text().split())}")
    install(session, package, f"--group={project_of(package)}:test", versions=bounds)
    run_unit_tests(session, package, *QUICK_OLDEST)


@nox.session(python=OLDEST, requires=["wheels"], tags=["services"])
@each_package
def bare(session: nox.Session, package: str) -> None:
    """What a package does with none of its extras: its tests/bare."""
    install(session, package, f"--group={project_of(package)}:bare")
    pytest(session, f"packages/{package}/tests/bare")


@nox.session(python=OLDEST, requires=["wheels"], tags=["services"])
def build(session: nox.Session) -> None:
    """What would be published: source distributions, and wheels made from them; checked and installed."""
    folder = MADE / "dist"
    session.run("uv", "build", "--all-packages", "--no-sources", "--clear", f"--out-dir={folder}", external=True)
    install(session, "--group=build")
    session.run("twine", "check", "--strict", *(str(path) for path in sorted(folder.glob("*-*"))))
    built = [str(path) for path in sorted(folder.glob("*.whl"))]
    session.run("python", "tools/check_wheels.py", *built)
    session.install(*built)
    names = ", ".join(import_name(package) for package in PACKAGES)
    code = f"import {names}\nfor m in ({names},): print(m.__name__, [getattr(m, name) for name in m.__all__])"
    session.run("python", "-P", "-c", code)


@nox.session(python=PRESENT, requires=["wheels"], tags=["full"])
@each_package
def every(session: nox.Session, package: str) -> None:
    """The unit tests on every Python, those marked `slow` too; on the newest one with the profile `thorough`."""
    install(session, package, f"--group={project_of(package)}:test")
    run_unit_tests(session, package, *(THOROUGH if session.python == NEWEST else WITH_SLOW))


@nox.session(python=NEWEST, requires=["wheels"], tags=["full"])
def sweeps(session: nox.Session) -> None:
    """All integration tests on real services, with the profile `thorough`: each request fails in each way."""
    run_integration_tests(session, *THOROUGH)


@nox.session(python=NEWEST, requires=["wheels"])
def demo(session: nox.Session) -> None:
    """The medallion pipeline on real data; `-s demo -- NAME` takes catalogs/NAME.yaml of examples/medallion."""
    install(session, *PACKAGES, "--group=demo")
    session.run("python", "examples/medallion/demo.py", *session.posargs)


@nox.session(python=NEWEST, requires=["wheels"], tags=["full"])
def spark(session: nox.Session) -> None:
    """What Spark runs; needs Java 17 or newer on the machine."""
    install(session, *PACKAGES, "--group=spark")
    # Iceberg has no runtime for the newest Spark: this one runs beside, as a program that is asked.
    older = Path(session.create_tmp()).resolve() / "iceberg"
    python = str(older / "bin" / "python")
    session.run("uv", "venv", "--quiet", "--clear", f"--python={session.python}", str(older), external=True)
    session.run_install("uv", "pip", "install", "--quiet", f"--python={python}", SPARK_OF_ICEBERG, external=True)
    pytest(session, SPARK_TESTS, *WITH_SLOW, env={"DAO_SPARK_ICEBERG": python})


# Nothing runs beside it, or its ratios would say little.
@nox.session(python=NEWEST, requires=["wheels"], tags=["full"], allow_parallel=False)
def bench(session: nox.Session) -> None:
    """What DAO costs beside bare libraries; `-- routing imports` measures parts only, `-- --quick` a little of all."""
    install(session, *PACKAGES, "--group=bench")
    # Its metadata keeps it from our pyarrow, with which it works; all else that it needs is there.
    session.install("--no-deps", AWSWRANGLER)
    # Libraries with Delta tables, as they ask for it: most won't have our pyarrow.
    peers = Path(session.create_tmp()).resolve() / "peers"
    python = str(peers / "bin" / "python")
    session.run("uv", "venv", "--quiet", "--clear", f"--python={session.python}", str(peers), external=True)
    session.run_install("uv", "pip", "install", "--quiet", f"--python={python}", *DELTA_PEERS, external=True)
    session.run("python", "benchmarks/run.py", *session.posargs, env={"DAO_BENCH_PEERS": python})


@nox.session(python=False)
def constraints(session: nox.Session) -> None:
    """Renew constraints.txt: the versions that the sessions install, for every supported Python."""
    projects = [
        argument for package in PACKAGES for argument in (project_of(package), f"--group={project_of(package)}:test")
    ]
    groups = [
        f"--group=pyproject.toml:{group}"
        for group in nox.project.load_toml(ROOT / "pyproject.toml")["dependency-groups"]
    ]
    compile_requirements(
        session,
        CONSTRAINTS,
        *projects,
        *groups,
        "--all-extras",
        "--universal",
        "--upgrade",
        f"--python-version={SUPPORTED[0]}",
    )


@nox.session(python=False, tags=["full"])
def pythons(session: nox.Session) -> None:
    """Say which Pythons the machine has."""
    for version in dict.fromkeys([*SUPPORTED, *PYTHONS]):
        session.log(f"Python {version}: {PYTHONS.get(version, 'not on this machine')}")


def import_name(package: str) -> str:
    """The name that a distribution is imported by."""
    return "dao" if package == "dao-core" else package.replace("-", "_")


def project_of(package: str) -> str:
    """A package's metadata, as the installers' `--group` wants it."""
    return f"packages/{package}/pyproject.toml"


def run_unit_tests(session: nox.Session, package: str, *way: str) -> None:
    """The tests of a package that need its extras, and its docstrings."""
    tests = f"packages/{package}/tests"
    apart = [f"--ignore={ROOT / tests / folder}" for folder in ("bare", "typing")]
    pytest(session, tests, "--pyargs", import_name(package), "--doctest-modules", *apart, f"-n{CORES}", *way)


def run_integration_tests(session: nox.Session, *way: str, env: Mapping[str, str] | None = None) -> None:
    """The tests of all packages together; the environment says which services they may use."""
    install(session, *PACKAGES, "--group=integration")
    apart = f"--ignore={ROOT / SPARK_TESTS}"
    workers = f"-n{2 * CORES}"  # they wait for servers, for backoffs and for timeouts
    pytest(session, "integration-tests", workers, "--dist=loadgroup", apart, *way, env=env)


def pytest(session: nox.Session, tests: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
    """Run pytest from an empty folder, so that nothing but what is installed can be imported."""
    plugins = ["-p", "slow_tests", "-p", "short_ids", "-p", "frozen_start"]
    config = [f"--rootdir={ROOT}", f"--config-file={ROOT / 'pyproject.toml'}", "--durations=5", *plugins]
    command = ["python", "-P", "-m", "pytest", *config, str(ROOT / tests), *arguments, *session.posargs]
    with session.chdir(session.create_tmp()):
        session.run(*command, env={"PYTHONPATH": str(ROOT / "tools"), **(env or {})})


def install(session: nox.Session, *requirements: str, versions: Path = CONSTRAINTS) -> None:
    """Install in the versions of a constraints file; packages of this workspace only from their wheels."""
    options = ["--no-sources"] if session.venv_backend == "uv" else []
    session.install(*options, f"--constraint={versions}", f"--constraint={OUR_WHEELS}", *requirements)


def compile_requirements(session: nox.Session, output: Path, *arguments: str) -> None:
    """Resolve third-party requirements into a file that names no index and no path."""
    output.parent.mkdir(parents=True, exist_ok=True)
    ours = [f"--no-emit-package={package}" for package in PACKAGES]
    plain = ["--quiet", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    session.run(
        "uv", "pip", "compile", *arguments, *ours, *plain, f"--output-file={output}", external=True, silent=True
    )
