from __future__ import annotations

import enum
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import attrs
import pytest

from dao.errors import ConfigError, DataError
from dao.options import build, check, option_types
from dao.secrets import Secret

if TYPE_CHECKING:
    import not_installed


class Color(enum.Enum):
    RED = "red"
    ONE = 1


class Level(enum.IntEnum):
    LOW = 1


class Word(enum.StrEnum):
    YES = "yes"


@attrs.frozen
class Inner:
    count: int = 1
    password: Secret | None = None
    port: int = attrs.field(default=1, validator=attrs.validators.lt(10))


@attrs.define
class Everything:
    text: str = ""
    whole: int = 0
    real: float = 0.0
    truth: bool = False
    color: Color = Color.RED
    level: Level = Level.LOW
    word: Word = Word.YES
    mode: Literal["a", "b"] = "a"
    path: Path | None = None
    secret: Secret | None = None
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()
    names: list[str] = attrs.field(factory=list)
    pair: tuple[int, str] = (0, "")
    numbers: Sequence[int] = ()
    ports: dict[str, int] = attrs.field(factory=dict)
    loose: Mapping[str, Any] = attrs.field(factory=dict)
    either: int | str = 0
    anything: Any = None
    session: not_installed.Session | None = None
    positive: int = attrs.field(default=1, validator=attrs.validators.ge(0))
    upper: str = attrs.field(default="", converter=str.upper)
    _private: str = ""
    made: int = attrs.field(init=False, default=5)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DAO_T_8": "8",
        "DAO_T_TRUE": "True",
        "DAO_T_RED": "red",
        "DAO_T_B": "b",
        "DAO_T_X": "x",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("text", "x", "x"),
        ("text", "${env:DAO_T_X}", "x"),
        ("text", "$${x}", "${x}"),
        ("whole", 3, 3),
        ("whole", "${env:DAO_T_8}", 8),
        ("real", 3, 3.0),
        ("real", "${env:DAO_T_8}", 8.0),
        ("truth", True, True),
        ("truth", "${env:DAO_T_TRUE}", True),
        ("color", "red", Color.RED),
        ("color", 1, Color.ONE),
        ("color", Color.ONE, Color.ONE),
        ("color", "${env:DAO_T_RED}", Color.RED),
        ("level", 1, Level.LOW),
        ("word", "yes", Word.YES),
        ("mode", "b", "b"),
        ("mode", "${env:DAO_T_B}", "b"),
        ("path", "a/b", Path("a/b").absolute()),
        ("path", Path("a"), Path("a").absolute()),
        ("path", None, None),
        ("secret", "x", Secret("x")),
        ("secret", Secret("x"), Secret("x")),
        ("secret", "${env:DAO_T_X}", Secret.parse("${env:DAO_T_X}")),
        ("text", Secret("x"), "x"),
        ("inner", {"count": 2, "password": "p"}, Inner(2, Secret("p"))),
        ("inner", Inner(2), Inner(2)),
        ("inners", [{"count": 2}, {}], (Inner(2), Inner())),
        ("names", ["a", "${env:DAO_T_X}"], ["a", "x"]),
        ("pair", [1, "a"], (1, "a")),
        ("numbers", [1, "${env:DAO_T_8}"], (1, 8)),
        ("ports", {"a": "${env:DAO_T_8}"}, {"a": 8}),
        ("loose", {"a": ["${env:DAO_T_X}", 1, None]}, {"a": ["x", 1, None]}),
        ("either", "8", "8"),
        ("either", 8, 8),
        ("anything", ["${env:DAO_T_X}"], ["x"]),
        ("session", 5, 5),
        ("upper", "${env:DAO_T_X}", "X"),
    ],
)
def test_right_values(name: str, given: Any, value: Any) -> None:
    assert check(Everything, {name: given}) == []
    found = getattr(build(Everything, {name: given}), name)
    assert found == value
    assert type(found) is type(value) or isinstance(value, str)


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("text", 1, "expected str, found int 1 @ o.text"),
        ("text", None, "expected str, found null @ o.text"),
        ("whole", "8", "expected int, found str @ o.whole"),
        ("whole", True, "expected int, found bool True @ o.whole"),
        ("whole", 1.0, "expected int, found float 1.0 @ o.whole"),
        ("real", True, "expected float, found bool True @ o.real"),
        ("truth", "yes", "expected bool (true, false), found str @ o.truth"),
        ("truth", 1, "expected bool (true, false), found int 1 @ o.truth"),
        ("color", "redd", "expected one of 'red', 1 (did you mean 'red'), found str @ o.color"),
        ("color", True, "expected one of 'red', 1, found bool True @ o.color"),
        ("level", 2, "expected one of 1, found int 2 @ o.level"),
        ("word", "no", "expected one of 'yes', found str @ o.word"),
        ("mode", "c", "expected one of 'a', 'b', found str @ o.mode"),
        ("path", 3, "expected a path (str), found int 3 @ o.path"),
        ("secret", 12345, "expected a secret: str, or a reference such as ${env:NAME}, found int @ o.secret"),
        ("inner", [], "expected a mapping of options, found list @ o.inner"),
        ("inner", {"cuont": 1}, "no option 'cuont', did you mean 'count'? @ o.inner.cuont"),
        ("inner", {"password": 12345}, "found int @ o.inner.password"),
        ("inners", [{"count": 1}, {"count": "1"}], "expected int, found str @ o.inners[1].count"),
        ("names", "abc", "expected list[str], found str @ o.names"),
        ("names", ["a", 1], "expected str, found int 1 @ o.names[1]"),
        ("pair", [1], "expected 2 values: tuple[int, str], found list @ o.pair"),
        ("pair", ["1", "a"], "expected int, found str @ o.pair[0]"),
        ("numbers", "12", "expected Sequence[int], found str @ o.numbers"),
        ("ports", [1], "expected dict[str, int], found list @ o.ports"),
        ("ports", {"a": "1"}, "expected int, found str @ o.ports.a"),
        ("either", 1.5, "expected int or str, found float 1.5 @ o.either"),
        ("text", "${env:A${env:B}}", "references can't hold references"),
        ("text", "${evn:A}", "no scheme 'evn' for ${evn:A}, did you mean 'env'? @ o.text"),
        ("either", "${evn:A}", "no scheme 'evn'"),
        ("positive", -1, "'positive' must be >= 0: -1 @ o.positive"),
        ("inner", {"port": 10}, "'port' must be < 10: 10 @ o.inner"),
        ("_private", "x", "no option '_private', did you mean 'private'?"),
        ("made", 1, "no option 'made'"),
    ],
)
def test_wrong_values(name: str, given: Any, told: str) -> None:
    (fault,) = check(Everything, {name: given}, "o")
    assert told in str(fault)
    with pytest.raises(ConfigError) as caught:
        build(Everything, {name: given}, "o")
    assert told.split(" @ ")[0] in str(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None or name == "positive"


def test_all_faults_at_once_and_in_order() -> None:
    @attrs.frozen
    class Two:
        first: int
        second: int

    with pytest.raises(ConfigError) as caught:
        build(Two, {"frist": 1, "second": "x"}, "a.b")
    assert [str(fault) for fault in caught.value.faults] == [
        "no option 'frist', did you mean 'first'? @ a.b.frist",
        "expected int, found str @ a.b.second",
        "the option 'first' is required @ a.b",
    ]


def test_values_that_come_out_of_references_are_checked_when_they_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"whole": "${env:DAO_T_X}", "truth": "${env:DAO_T_UNSET}", "names": ["${env:DAO_T_UNSET}"]}
    assert check(Everything, options) == []
    with pytest.raises(ConfigError) as caught:
        build(Everything, options, "o")
    assert [fault.path for fault in caught.value.faults] == ["o.whole", "o.truth", "o.names[0]"]
    assert "found str '${env:DAO_T_X}'" in caught.value.faults[0].message


def test_defaults_in_references_and_logins_in_addresses_are_not_shown() -> None:
    monkey = {"whole": "${env:DAO_T_X:-hunter2}", "truth": "postgres://me:hunter2@host/db"}
    with pytest.raises(ConfigError) as caught:
        build(Everything, monkey)
    assert "hunter2" not in str(caught.value)


def test_plain_classes_are_called_by_their_signature() -> None:
    class Plain:
        def __init__(self, root: str, *, retries: int = 1, session: not_installed.Session = None) -> None:
            self.got = root, retries, session

    assert build(Plain, {"root": "r", "retries": 2, "session": "s"}).got == ("r", 2, "s")
    assert [str(fault) for fault in check(Plain, {"rot": 1, "retries": "2"}, "p")] == [
        "no option 'rot', did you mean 'root'? @ p.rot",
        "expected int, found str @ p.retries",
        "the option 'root' is required @ p",
    ]
    assert option_types(Plain) == {"root": str, "retries": int, "session": Any}


def test_plain_classes_that_take_everything_or_nothing() -> None:
    class Open:
        def __init__(self, **options: Any) -> None:
            self.options = options

    class Nothing:
        pass

    assert build(Open, {"a": "${env:DAO_T_X}"}).options == {"a": "x"}
    assert isinstance(build(Nothing, {}), Nothing)
    assert "no option 'a'" in str(check(Nothing, {"a": 1})[0])


def test_a_class_that_refuses() -> None:
    class Refuses:
        def __init__(self, password: str, root: str = "") -> None:
            raise ValueError(f"{root} {password}")

    with pytest.raises(ConfigError, match=r"refused its options: here \*{8} @ s.options") as caught:
        build(Refuses, {"password": "hunter2", "root": "here"}, "s.options")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None

    class Careful(Refuses):
        def __init__(self, password: str) -> None:
            raise KeyError("region")

    with pytest.raises(ConfigError, match="region") as caught:
        build(Careful, {"password": "hunter2"})
    assert isinstance(caught.value.__cause__, KeyError)

    class Own:
        def __init__(self) -> None:
            raise DataError("mine")

    with pytest.raises(DataError, match="mine"):
        build(Own, {})


def test_check_calls_nothing() -> None:
    called = []

    @attrs.define
    class Careless:
        root: str
        made: Any = attrs.field(factory=lambda: called.append("factory"))

        def __attrs_post_init__(self) -> None:
            called.append("init")

    assert check(Careless, {"root": "x"}) == []
    assert called == []
    build(Careless, {"root": "x"})
    assert called == ["factory", "init"]


def test_a_validator_that_needs_other_fields_waits() -> None:
    @attrs.define
    class Range:
        low: int = 0
        high: int = attrs.field(default=9)

        @high.validator
        def _(self, attribute: Any, value: int) -> None:
            if value < self.low:
                raise ValueError("high is below low")

    assert check(Range, {"low": 5, "high": 3}) == []
    with pytest.raises(ConfigError, match="high is below low"):
        build(Range, {"low": 5, "high": 3})


def test_annotations_of_a_base_class_in_another_module(monkeypatch: pytest.MonkeyPatch) -> None:
    import types

    module = types.ModuleType("dao_t_base")
    exec(
        "from __future__ import annotations\nimport attrs\nfrom pathlib import Path as P\n"
        "@attrs.define\nclass Base:\n    root: P = P('.')\n",
        module.__dict__,
    )
    monkeypatch.setitem(sys.modules, "dao_t_base", module)
    module.Base.__module__ = "dao_t_base"

    @attrs.define
    class Child(module.Base):  # type: ignore[name-defined, misc]
        more: int = 0

    assert option_types(Child) == {"root": Path, "more": int}
