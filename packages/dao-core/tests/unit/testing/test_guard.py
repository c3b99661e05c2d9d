"""Whoever inherits the kit can't leave out a part of it without a red test that names it."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

GUARD = "test_it.py::TestIt::test_the_kit_is_run_whole"
HONEST = "from shelf_suite import TestShelf as Shelf\nimport pytest\n"


def guard(run_kit, body: str, *, decorator: str = "", **given: str):
    return run_kit(f"{HONEST}{decorator}\nclass TestIt(Shelf):\n    {body}", GUARD, **given)


def test_an_honest_suite_is_green(run_kit):
    run_kit(f"{HONEST}class TestIt(Shelf): pass", GUARD).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("def test_append_adds(self): pass", "*TestIt.test_append_adds takes the place of the kit's Appends.*"),
        ("test_append_adds = None", "*TestIt.test_append_adds takes the place of the kit's Appends.*"),
        ("@pytest.fixture\n    def dao(self): pass", "*TestIt.dao takes the place of the kit's Capability.dao*"),
        ("open_to_inheritors = frozenset({'test_append_adds'})", "*takes the place of the kit's Capability.open_to*"),
        ("pytestmark = pytest.mark.skip(reason='slow')", "*tests of the kit are not skipped*"),
    ],
)  # fmt: skip
def test_what_takes_the_place_of_a_test_is_named(run_kit, body, named):
    result = guard(run_kit, body)
    assert result.ret == 1
    result.stdout.fnmatch_lines([named])


def test_a_mark_that_keeps_a_test_from_failing_is_named(run_kit):
    conftest = """
        import pytest
        def pytest_collection_modifyitems(items):
            for item in items:
                if item.originalname in ("test_append_adds", "test_count_is_what_read_gives"):
                    item.add_marker(pytest.mark.xfail)
                if item.originalname == "test_a_copy_has_the_same_rows":
                    item.add_marker(pytest.mark.skipif(True, reason="later"))
    """
    result = run_kit(
        f"{HONEST}class TestIt(Shelf): pass", "-k", "run_whole or append_adds or same_rows", conftest=conftest
    )
    result.stdout.fnmatch_lines_random(
        ["*test_append_adds is marked xfail*", "*test_a_copy_has_the_same_rows is marked skipif*"]
    )


def test_a_deselected_test_is_named(run_kit):
    conftest = """
        def pytest_collection_modifyitems(items):
            items[:] = [item for item in items if item.originalname == "test_the_kit_is_run_whole"]
    """
    result = run_kit(f"{HONEST}class TestIt(Shelf): pass", "test_it.py", conftest=conftest)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*Appends.test_append_adds was not collected*"])


def test_asking_for_one_test_is_no_fault(run_kit):
    result = run_kit(f"{HONEST}class TestIt(Shelf): pass", "-k", "TestIt and (run_whole or append_adds)")
    result.assert_outcomes(passed=2, deselected=result.parseoutcomes()["deselected"])


def test_a_class_cannot_be_hidden_from_collection(run_kit):
    result = run_kit(f"{HONEST}class TestIt(Shelf):\n    __test__ = False", "test_it.py")
    assert result.ret == 2
    result.stdout.fnmatch_lines(
        ["*TypeError: TestIt sets __test__: the tests of the conformance kit can't be left out*"]
    )


def test_a_skip_at_run_time_fails(run_kit):
    body = """
    @pytest.fixture
    def backend(self):
        pytest.skip("the service is down")
    """
    result = run_kit(f"{HONEST}class TestIt(Shelf):{body}", "test_it.py::TestIt::test_append_adds")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*was skipped (Skipped: the service is down)*declared in its Capabilities*"])


def test_a_suite_without_a_backend_says_what_it_needs(run_kit):
    test = "from dao.testing import ConformanceSuite\nclass TestIt(ConformanceSuite): pass"
    result = run_kit(test, "test_it.py::TestIt::test_append_adds")
    result.stdout.fnmatch_lines(["*TestIt needs a fixture 'backend' that returns a dao.testing.Backend*"])


def test_the_first_line_of_a_failure_has_the_names(run_kit):
    """`--tb=line` shows nothing else."""
    result = run_kit(
        f"{HONEST}class TestIt(Shelf):\n    def test_append_adds(self): pass", "--tb=line", "-k", "run_whole"
    )
    result.stdout.fnmatch_lines(["*: AssertionError: TestIt.test_append_adds takes the place of*"])
