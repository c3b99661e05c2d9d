"""The fixtures that users' tests have: run as users run them."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

THEIRS = """
    import pytest

    def test_driver(redshift):
        with redshift.connect() as connection:
            cursor = connection.cursor()
            cursor.execute("CREATE TABLE orders (id int)")
            cursor.execute("INSERT INTO orders VALUES (1)")
            cursor.execute(f"UNLOAD ('SELECT id FROM orders') TO '{redshift.location}/out' IAM_ROLE default PARQUET")
            cursor.execute(f"COPY orders FROM '{redshift.location}/out' IAM_ROLE default PARQUET")
            cursor.execute("SELECT count(*) FROM orders")
            assert cursor.fetchall() == ([2],)

    def test_store(redshift):
        from dao import DataAccessObject, TableObject

        dao, orders = DataAccessObject(), TableObject("orders", redshift.store())
        assert not dao.exists(orders)
        dao.write([{"id": 7, "name": "it's"}], orders)
        assert dao.read(orders, into="pylist") == [{"id": 7, "name": "it's"}]

    def test_statements(redshift, redshift_gateway):
        assert redshift.gateway is redshift_gateway
        with redshift.connect() as connection:
            connection.cursor().execute("SELECT 42")
        assert "SELECT 42" in [sent.text for sent in redshift_gateway.statements]
"""


def test_the_fixtures(
    pytester: pytest.Pytester, named_services: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in named_services.items():
        monkeypatch.setenv(name, value)
    pytester.makeconftest("pytest_plugins = ['dao_redshift.testing.fixtures']")
    pytester.makepyfile(THEIRS)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["local Redshift: PostgreSQL: the server that DAO_REDSHIFT_POSTGRES names, S3: *"])
