"""Builds the API reference from the docstrings: `python tools/reference.py FOLDER`. A broken link is an error.

What is public is shown: the modules without an underscore in their path, and of each what its `__all__` lists. The
roles of the docstrings, such as :class:`~dao.DataObject`, become links to where a name is public.
"""

from __future__ import annotations

import inspect
import pkgutil
import re
import sys
import warnings
from collections.abc import Iterator
from functools import cached_property
from html import unescape
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pdoc.doc
import pdoc.render
from attrs import define, field

PACKAGES = ("dao", "dao_files", "dao_s3", "dao_delta", "dao_iceberg", "dao_sql", "dao_redshift")
ALIASES = ("dao.core", "dao.core.dao", "dao.core.plugins")
"""Old import paths, which say nothing of their own."""

_ROLE = re.compile(r":(?:class|meth|func|attr|data|mod|exc):`~?([^`]+)`")
_PEP = re.compile(r":pep:`(\d+)`")


def public_modules() -> list[str]:
    """The names of all public modules, packages before what is in them."""
    found = []
    for package in PACKAGES:
        top = import_module(package)
        inner = pkgutil.walk_packages(top.__path__, f"{package}.", onerror=lambda name: None)
        # Walking imports packages only; what is below a private one isn't public either.
        found += [package, *(module.name for module in inner if not re.search(r"\._", module.name))]
    return [name for name in found if name not in ALIASES]


@define
class Reference:
    """The pages of the reference.

    Attributes:
        modules: what is shown, by name.
        faults: links that lead nowhere, each as a text.
    """

    modules: dict[str, pdoc.doc.Module]
    faults: list[str] = field(factory=list)

    @classmethod
    def of(cls, names: list[str]) -> Reference:
        """Load modules, and make links of the roles in their docstrings."""
        for name in names:
            module = import_module(name)
            for member in getattr(module, "__all__", ()):
                getattr(module, member)  # loaded lazily, and seen only when it is there
        made = cls({name: pdoc.doc.Module.from_name(name) for name in names})
        for documented in made.modules.values():
            for shown in _members(documented):
                if isinstance(shown, pdoc.doc.Class):
                    made._adopt(shown)
                shown.__dict__["docstring"] = made._linked(shown.docstring, shown)
        return made

    def _adopt(self, shown: pdoc.doc.Class) -> None:
        """Show what a class has from private bases as its own: such a base has no page."""
        own = [shown.taken_from, (shown.modulename, shown.qualname)]
        origins = shown._members_by_origin
        private = [origin for origin in origins if not (self.modules.keys() & {origin[0]}) and origin not in own]
        known = [at for at in own if at in origins]
        members = [member for origin in dict.fromkeys([*known, *private]) for member in origins[origin]]
        shown.__dict__["own_members"] = members
        shown.__dict__["inherited_members"] = {
            origin: found for origin, found in origins.items() if origin not in own and origin not in private
        }

    @cached_property
    def _homes(self) -> dict[int, str]:
        """Where each object is public; the shortest path, where there are several."""
        homes: dict[int, str] = {}
        others: dict[int, str] = {}
        for name in sorted(self.modules, key=lambda name: (name.count("."), name)):
            module = self.modules[name]
            homes[id(module.obj)] = name
            for member in module.members.values():
                if not isinstance(member, pdoc.doc.Module):
                    value = getattr(module.obj, member.name, member)
                    is_alias = getattr(value, "__name__", member.name) != member.name
                    (others if is_alias else homes).setdefault(id(value), member.fullname)
        return others | homes

    def _linked(self, text: str, shown: pdoc.doc.Doc[Any]) -> str:
        def link(role: re.Match[str]) -> str:
            target = re.sub(r"^.*<(.+)>$", r"\1", role[1]).lstrip("~").removesuffix("()")
            public = self._public_name(target, shown)
            if public is None and "." in target and target.partition(".")[0] not in PACKAGES:
                return f"`{target}`"  # another library's
            if public is None:
                self.faults.append(f"{shown.fullname}: `{target}` leads to nothing that is public")
                return f"`{target}`"
            return f"`{public}`"

        text = _PEP.sub(r"[PEP \1](https://peps.python.org/pep-\1/)", text)
        return _ROLE.sub(link, text)

    def _public_name(self, target: str, shown: pdoc.doc.Doc[Any]) -> str | None:
        """The full public name of what a docstring refers to, from where it stands."""
        for start, rest in _candidates(target, shown):
            home = self._homes.get(id(start))
            name = None if home is None else ".".join([home, *rest])
            if name is not None and self._is_shown(name):
                return name
        return None

    def _is_shown(self, name: str) -> bool:
        parts = name.split(".")
        for end in range(len(parts), 0, -1):
            module = self.modules.get(".".join(parts[:end]))
            if module is not None:
                return end == len(parts) or module.get(".".join(parts[end:])) is not None
        return False

    def write(self, folder: Path) -> None:
        """Write the pages, one a module, and an index."""
        pdoc.render.configure(docformat="google", footer_text="DAO")
        for name, module in self.modules.items():
            page = folder / f"{name.replace('.', '/')}.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(pdoc.render.html_module(module, self.modules), "utf-8")
        (folder / "index.html").write_text(pdoc.render.html_index(self.modules), "utf-8")
        (folder / "search.js").write_text(pdoc.render.search_index(self.modules), "utf-8")


def _members(shown: pdoc.doc.Doc[Any]) -> Iterator[pdoc.doc.Doc[Any]]:
    yield shown
    if isinstance(shown, pdoc.doc.Namespace):
        for member in shown.members.values():
            if not isinstance(member, pdoc.doc.Module):
                yield from _members(member)


def _candidates(target: str, shown: pdoc.doc.Doc[Any]) -> Iterator[tuple[Any, list[str]]]:
    """The objects that a text may mean, each with the attributes that follow: full names, then names at hand."""
    parts = target.split(".")
    for end in range(len(parts), 0, -1):
        found = sys.modules.get(".".join(parts[:end])) or _imported(".".join(parts[:end]))
        if found is not None:
            yield from _paths(found, parts[end:])
    place = shown if isinstance(shown, (pdoc.doc.Class, pdoc.doc.Module)) else None
    owner = _owner(shown) if place is None else place.obj
    if inspect.isclass(owner):
        yield owner, parts
    home = sys.modules.get(getattr(owner or shown.obj, "__module__", "") or shown.modulename)
    for module in (home, sys.modules[shown.modulename]):
        if module is not None:
            yield module, parts
            yield from _paths(module, parts)


def _paths(start: Any, parts: list[str]) -> Iterator[tuple[Any, list[str]]]:
    yield start, parts
    for at, part in enumerate(parts):
        try:
            start = inspect.getattr_static(start, part) if inspect.isclass(start) else getattr(start, part)
        except AttributeError:
            return
        yield start, parts[at + 1 :]


def _owner(shown: pdoc.doc.Doc[Any]) -> Any:
    owner: Any = sys.modules[shown.modulename]
    for part in shown.qualname.split(".")[:-1]:
        owner = getattr(owner, part, None)
    return owner


def _imported(name: str) -> ModuleType | None:
    if name.partition(".")[0] not in PACKAGES:
        return None
    try:
        return import_module(name)
    except ImportError:
        return None


def broken_links(folder: Path) -> Iterator[str]:
    """The links of the pages that lead to no page and no place of one."""
    pages = {page: re.sub(r"(?s)<script.*?</script>", "", page.read_text("utf-8")) for page in folder.rglob("*.html")}
    places = {page: set(re.findall(r'\bid="([^"]+)"', text)) for page, text in pages.items()}
    for page, text in pages.items():
        for target in sorted(set(map(unescape, re.findall(r'<a\b[^>]*\bhref="([^"]+)"', text)))):
            if re.match(r"[a-z]+:", target):
                continue
            place, _, anchor = target.partition("#")
            found = (page.parent / place).resolve() if place else page
            if found not in pages or (anchor and anchor not in places[found]):
                yield f"{page.relative_to(folder)}: {target} leads nowhere"


def main(folder: Path) -> int:
    """Build the reference; the number of broken links decides the exit status."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # annotations whose imports are for type checkers are shown as they are written
        reference = Reference.of(public_modules())
        reference.write(folder)
    wrong = [*dict.fromkeys(reference.faults), *broken_links(folder.resolve())]
    for fault in wrong:
        print(fault)
    print(f"{len(reference.modules)} pages in {folder}, {len(wrong)} broken links")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
