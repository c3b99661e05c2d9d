"""Databases and tables looked up by name: who is asked what, how often, and what is said of names nobody knows."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from glue_server import Glue

from dao import ConfigError, DataAccessObject, DirectoryObject, UnsupportedError
from dao.catalog import Catalog
from dao_s3 import S3TableObject


@pytest.fixture
def sales(glue: Glue) -> Glue:
    """A database with three tables in two buckets."""
    glue.database("sales", LocationUri="s3://lake/sales/", Description="what was sold")
    glue.table("sales", "orders", "s3://lake/sales/orders/", Description="all of them")
    glue.table("sales", "old", "s3://attic/sales/old")
    glue.table("sales", "all", "s3://lake/")
    glue.asked.clear()
    return glue


def test_a_table_is_an_object(sales: Glue) -> None:
    found = sales.catalog()["sales.orders"]
    assert type(found) is S3TableObject
    assert (found.full_name, found.key, found.location) == ("sales.orders", "orders", "s3://lake/sales/orders")
    assert found.description == "all of them"
    assert sales.asked == ["get_database sales", "get_table sales.orders"]


def test_each_table_is_in_a_store_that_reaches_it(sales: Glue) -> None:
    catalog = sales.catalog()
    places = {}
    for name in ("orders", "old", "all"):
        found = catalog[f"sales.{name}"]
        store = found.data_store
        assert store is not None
        assert store.name == "sales"
        places[name] = (store.interface.bucket, store.interface.prefix, found.key)
    assert places == {"orders": ("lake", "sales", "orders"), "old": ("attic", "", "sales/old"), "all": ("lake", "", "")}
    assert catalog["sales.orders"].data_store is catalog.store("sales")
    assert catalog["sales.old"].data_store.object("orders") is catalog["sales.orders"]  # type: ignore[union-attr]
    assert catalog.store("sales").properties == {"description": "what was sold"}


def test_a_name_that_begins_like_the_root_is_not_below_it(glue: Glue) -> None:
    glue.database("sales", LocationUri="s3://lake/sales")
    glue.table("sales", "new", "s3://lake/sales_new/t")
    found = glue.catalog()["sales.new"]
    assert found.data_store.interface.prefix == ""  # type: ignore[union-attr]
    assert found.key == "sales_new/t"


def test_nothing_is_asked_before_the_first_look_up(sales: Glue) -> None:
    catalog = sales.catalog()
    assert repr(catalog).splitlines()[0] == "Catalog of AWS Glue eu-central-1"
    assert repr(catalog.stores) == "<stores: AWS Glue eu-central-1>"
    assert list(catalog.stores.at_hand()) == []
    catalog.refresh()
    catalog.close()
    assert sales.asked == []


def test_answers_are_believed_until_they_are_refreshed(sales: Glue) -> None:
    catalog = sales.catalog()
    first = catalog["sales.orders"]
    assert catalog["sales.orders"] is first
    assert catalog.store("sales").object("orders") is first
    assert len(sales.asked) == 2

    sales.client.delete_table(DatabaseName="sales", Name="orders")
    sales.table("sales", "orders", "s3://lake/sales/new_orders")
    assert catalog["sales.orders"] is first
    catalog.refresh("sales.old")
    assert catalog["sales.orders"] is first
    catalog.refresh("sales.orders")
    assert catalog["sales.orders"].key == "new_orders"
    assert sales.asked == ["get_database sales", *["get_table sales.orders"] * 2]


def test_a_database_is_refreshed_with_its_tables_and_not_the_others(sales: Glue) -> None:
    sales.database("hr")
    sales.table("hr", "people", "s3://lake/hr/people")
    catalog = sales.catalog()
    people, store = catalog["hr.people"], catalog.store("sales")
    assert [found.identifier for found in catalog.search("sales.*")] == ["orders", "old", "all"]
    sales.client.update_database(Name="sales", DatabaseInput={"Name": "sales", "LocationUri": "s3://attic/sales"})
    sales.table("sales", "more", "s3://attic/sales/more")
    assert "more" not in list(store.objects)
    catalog.refresh("sales")
    sales.asked.clear()
    assert catalog["sales.more"].key == "more"
    assert catalog.store("sales") is not store
    assert catalog.store("sales").interface.bucket == "attic"
    assert catalog["hr.people"] is people
    assert sales.asked == ["get_database sales", "get_table sales.more"]


def test_everything_is_refreshed(sales: Glue) -> None:
    catalog = sales.catalog()
    assert list(catalog.stores) == ["sales"]
    store, orders = catalog.store("sales"), catalog["sales.orders"]
    sales.database("hr")
    assert list(catalog.stores) == ["sales"]
    catalog.refresh()
    assert list(catalog.stores) == ["sales", "hr"]
    assert catalog.store("sales") is store  # with what it has opened: nothing about it has changed
    assert catalog["sales.orders"] == orders


def test_without_a_ttl_each_look_up_asks(sales: Glue) -> None:
    catalog = sales.catalog(ttl=0)
    assert catalog["sales.orders"] == catalog["sales.orders"]
    assert sales.asked.count("get_table sales.orders") == 2


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("sles.orders", "no store 'sles' in the catalog for 'sles.orders', did you mean 'sales'?"),
        ("sales.ordrs", "no object 'ordrs' in store 'sales', did you mean 'orders'"),
        ("sales.", "no object '' in store 'sales', known: 'all', 'old', 'orders'"),
        ("orders", "an object is called 'store.object', found 'orders'"),
        ("", "an object is called 'store.object'"),
        (".x", "no store '' in the catalog"),
    ],
)
def test_names_that_nobody_knows(sales: Glue, name: str, told: str) -> None:
    catalog = sales.catalog()
    assert name not in catalog
    assert catalog.get(name) is None
    with pytest.raises(ConfigError) as error:
        catalog[name]
    assert told in str(error.value)


def test_data_access_says_the_same_of_them(sales: Glue) -> None:
    dao = DataAccessObject(sales.catalog())
    with pytest.raises(ConfigError, match="no store 'sles' is declared: did you mean 'sales'"):
        dao.exists("sles.orders")
    with pytest.raises(ConfigError, match="declares no object 'ordrs': did you mean 'orders'"):
        dao.exists("sales.ordrs")


def test_a_name_that_comes_into_being_is_found(sales: Glue) -> None:
    catalog = sales.catalog()
    assert "hr.people" not in catalog
    assert "sales.returns" not in catalog
    sales.database("hr")
    sales.table("hr", "people", "s3://lake/hr/people")
    sales.table("sales", "returns", "s3://lake/sales/returns")
    assert "hr.people" in catalog
    assert "sales.returns" in catalog


def test_lists_come_page_by_page(glue: Glue) -> None:
    for place in range(45):
        glue.database(f"db_{place}")
    for place in range(50):
        glue.table("db_7", f"t_{place}", f"s3://lake/t_{place}")
    glue.asked.clear()
    catalog = glue.catalog()
    assert sorted(catalog.stores) == sorted(f"db_{place}" for place in range(45))
    assert glue.asked == ["get_databases"] * 3
    tables = catalog.store("db_7").objects
    assert len(tables) == 50
    assert list(tables) == [f"t_{place}" for place in range(50)]
    assert tables["t_49"].key == "t_49"
    assert [found.identifier for found in catalog.search("db_7.t_4?")] == [f"t_4{place}" for place in range(10)]
    assert glue.asked == [*["get_databases"] * 3, *["get_tables db_7"] * 3]  # what was listed is known


def test_searching_all_databases(sales: Glue) -> None:
    sales.database("hr")
    sales.table("hr", "old", "s3://lake/hr/old")
    catalog = sales.catalog()
    assert [found.full_name for found in catalog.search("*.old")] == ["sales.old", "hr.old"]
    assert list(catalog) == ["sales.orders", "sales.old", "sales.all", "hr.old"]
    assert len(catalog) == 4


@pytest.mark.parametrize(
    ("only", "left"),
    [
        ("sales", ["sales"]),
        (["raw_*", "hr"], ["raw_a", "raw_b", "hr"]),
        (["hr", "sales", "nothing"], ["hr", "sales"]),
        ((), ["sales", "raw_a", "raw_b", "hr"]),
    ],
)
def test_databases_that_count(sales: Glue, only: str | list[str], left: list[str]) -> None:
    for name in ("raw_a", "raw_b", "hr", "with.dot"):
        sales.database(name)
    catalog = sales.catalog(databases=only)
    assert list(catalog.stores) == left
    assert all(name in catalog.stores for name in left)
    sales.asked.clear()
    for name in {"sales", "raw_a", "hr", "with.dot"} - set(left):
        assert name not in catalog.stores
    assert sales.asked == []


def test_who_names_databases_need_not_list_them(sales: Glue) -> None:
    assert list(sales.catalog(databases=["sales"])) == ["sales.orders", "sales.old", "sales.all"]
    assert "get_databases" not in sales.asked


def test_a_database_without_a_location(glue: Glue) -> None:
    glue.database("loose")
    glue.table("loose", "t", "s3://lake/somewhere/t")
    catalog = glue.catalog()
    assert catalog["loose.t"].key == "somewhere/t"
    with pytest.raises(UnsupportedError, match="'loose' has no location on S3; its tables can be used by their names"):
        DataAccessObject(catalog).list("loose")


def test_threads_ask_once_and_see_one_object(sales: Glue) -> None:
    catalog = sales.catalog()
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: catalog["sales.orders"], range(64)))
    assert len({id(each) for each in found}) == 1
    assert sorted(sales.asked) == ["get_database sales", "get_table sales.orders"]


def test_it_travels_without_what_it_heard_and_without_secrets(sales: Glue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLUE_KEY", "from-the-environment")
    login = {"access_key_id": "${env:GLUE_KEY}", "secret_access_key": "${env:GLUE_KEY}"}
    own = {"interface": "delta", "options": {"secret_access_key": "never-to-be-seen"}}
    stores = {"endpoint": sales.url, "session_token": "never-to-be-seen", **login}
    catalog = sales.catalog(**login, interfaces={"delta": own}, options=stores)
    before = catalog["sales.orders"]
    for travelling in (catalog, before, DataAccessObject(catalog)):
        text = pickle.dumps(travelling)
        assert b"from-the-environment" not in text
        assert b"never-to-be-seen" not in text
    there: Catalog = pickle.loads(pickle.dumps(catalog))
    sales.asked.clear()
    assert there["sales.orders"] == before
    assert sales.asked == ["get_database sales", "get_table sales.orders"]
    moved = pickle.loads(pickle.dumps(before))
    assert moved == before
    assert moved.data_store.interface.bucket == "lake"
    assert moved.data_store.object("old").key == "sales/old"
    assert "never-to-be-seen" not in repr(catalog.store("sales").specs)


def test_with_a_file_catalog(sales: Glue) -> None:
    sales.database("gold", LocationUri="s3://lake/gold")
    declared = {"gold": {"interface": "memory", "objects": {"report": {"type": "directory"}}}}
    dao = DataAccessObject(Catalog(declared, sales.catalog()))
    assert type(dao.catalog["gold.report"]) is DirectoryObject
    assert dao.catalog["sales.orders"].key == "orders"
    assert list(dao.catalog.stores) == ["gold", "sales"]


def test_several_glues(sales: Glue) -> None:
    sales.database("hr", LocationUri="s3://lake/hr")
    hr = sales.catalog(databases="hr", interface="s3.obstore")
    catalog = Catalog(sales.catalog(databases="sales"), hr)
    kinds = {name: type(store.interface).__name__ for name, store in catalog.stores.items()}
    assert kinds == {"hr": "S3ObstoreInterface", "sales": "S3Boto3Interface"}


def test_what_glue_says_of_a_table(sales: Glue) -> None:
    found = sales.catalog().table("sales.old")
    assert (found.database, found.name, found.location) == ("sales", "old", "s3://attic/sales/old")
    assert found.raw["TableType"] == "EXTERNAL_TABLE"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"region": "not a region!"}, "region"),
        ({"access_key_id": "AKIAEXAMPLE", "secret_access_key": None}, "access_key_id: found alone"),
        ({"role": {"arm": "x"}}, "no option 'arm', did you mean 'arn'"),
        ({"ttl": -1}, "ttl: found -1, expected seconds"),
        ({"interfaces": {"delta": {"options": {}}}}, "an interface is a name or"),
    ],
)
def test_options_that_are_wrong(glue: Glue, options: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        glue.catalog(**options)
    assert told in str(error.value)


def test_options_of_stores_that_are_wrong(sales: Glue) -> None:
    catalog = sales.catalog(options={"endpont": "x"})
    with pytest.raises(ConfigError, match=r"no option 'endpont', did you mean 'endpoint'\? @ GlueCatalog.options"):
        catalog.store("sales").interface  # noqa: B018


def test_stores_inherit_region_and_credentials(sales: Glue) -> None:
    role = {"arn": "arn:aws:iam::123456789012:role/reader"}
    catalog = sales.catalog(role=role, retry={"attempts": 2}, verify=False)
    interface = catalog.store("sales").interface
    assert (interface.region, interface.role.arn, interface.retry.attempts) == ("eu-central-1", role["arn"], 2)
    assert interface.access_key_id.reveal() == "testing"
    assert not interface.verify


def test_stores_with_credentials_of_their_own_inherit_none(sales: Glue) -> None:
    interface = sales.catalog(options={"profile": "lake"}).store("sales").interface
    assert (interface.profile, interface.access_key_id, interface.region) == ("lake", None, "eu-central-1")
