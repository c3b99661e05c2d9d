"""Checks the environment: Python, DAO, the plugins' distributions, and their requirements."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib import metadata

from dao._cli.doctor.finding import Finding, Level
from dao._cli.inventory import Plugin
from dao._cli.versions import version_of

__all__ = ["check_packages", "check_plugins"]

_AREA = "packages"
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*\(?([^;)]*)\)?(?:;\s*(.*))?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


def check_packages(plugins: list[Plugin]) -> Iterator[Finding]:
    """Check the versions of Python, DAO, plugins and their requirements."""
    yield Finding(_AREA, "Python", "ok", f"{platform.python_version()}, {platform.system()} {platform.machine()}")
    for name in dict.fromkeys(["dao-core", *(p.distribution for p in plugins if p.distribution)]):
        yield _distribution(name)


def _distribution(name: str) -> Finding:
    version = version_of(name)
    if version is None:
        return Finding(_AREA, name, "note", "runs from its source, so its plugins and requirements are not known")
    found: list[str] = []
    absent: list[str] = []
    problems: list[str] = []
    for package, least, extra in _requirements(name):
        installed = version_of(package)
        if installed is None:
            (absent if extra else problems).append(f"{package} (extra {extra})" if extra else f"{package} is missing")
        elif least and _numbers(installed) < _numbers(least):
            problems.append(f"{package} {installed} is older than {least}")
        else:
            found.append(f"{package} {installed}")
    told = [version, f"with {', '.join(found)}" if found else "", f"without {', '.join(absent)}" if absent else ""]
    level: Level = "error" if problems else "ok"
    advice = f"pip install --upgrade {name}" if problems else ""
    return Finding(_AREA, name, level, "; ".join(filter(None, [*problems, *told])), advice)


def _requirements(name: str) -> list[tuple[str, str, str]]:
    """What a distribution requires: name, least version, and the first extra that it is required for."""
    wanted: dict[str, tuple[str, str]] = {}
    for text in metadata.requires(name) or ():
        match = _REQUIREMENT.match(text)
        if match is None or match[1] == name:
            continue
        extra = _EXTRA.search(match[3] or "")
        least = re.search(r">=\s*([\d.]+)", match[2])
        wanted.setdefault(match[1], (least[1] if least else "", extra[1] if extra else ""))
    return [(package, least, extra) for package, (least, extra) in wanted.items()]


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version.split("+")[0])[:3]]


def check_plugins(plugins: list[Plugin]) -> Iterator[Finding]:
    """Check that each plugin loads, and that no two register the same name."""
    for plugin in plugins:
        if plugin.error is None:
            names = (plugin.interfaces, plugin.object_types, plugin.secret_schemes, plugin.table_formats)
            brings = ", ".join(name for kind in names for name in kind)
            yield Finding("plugins", plugin.name, "ok", f"brings {brings}" if brings else "brings only hooks")
        else:
            again = plugin.distribution or plugin.name
            advice = f"pip install --upgrade --force-reinstall {again}, or without it: pip uninstall {again}"
            yield Finding("plugins", plugin.name, "error", plugin.error, advice)
    for clash in dict.fromkeys(clash for plugin in plugins for clash in plugin.clashes):
        yield Finding("plugins", "names", "error", clash, "uninstall one of those that bring the name")
    if not plugins:
        yield Finding("plugins", "none", "warning", "no plugin was found", "pip install --force-reinstall dao-core")
