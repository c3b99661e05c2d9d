"""What a Glue catalog takes along: no driver before it is asked, and Arrow only where it is installed."""

from __future__ import annotations

import subprocess
import sys

from glue_server import LOGIN, REGION, Glue

MADE = """
import pickle, sys
from dao_s3 import GlueCatalog
catalog = GlueCatalog(region="eu-central-1", role={"arn": "arn:aws:iam::123456789012:role/reader"})
repr(pickle.loads(pickle.dumps(catalog)))
print(sorted({"boto3", "botocore", "obstore", "numpy", "pandas", "pyarrow", "sqlglot"} & set(sys.modules)))
"""

LISTED_WITHOUT_ARROW = """
import sys
sys.modules["pyarrow"] = None  # as if it were not installed
from dao_s3 import GlueCatalog
catalog = GlueCatalog(**{options!r})
for found in catalog.search("sales.*"):
    print(found.full_name, found.type_name, found.format, found.key, "schema" in found.properties)
"""


def printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_making_a_catalog_imports_no_driver() -> None:
    assert printed(MADE) == "[]"


def test_tables_are_listed_without_arrow(glue: Glue) -> None:
    glue.database("sales", LocationUri="s3://lake/sales")
    storage = {"SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.OpenCSVSerde"}}
    glue.table("sales", "orders", "s3://lake/sales/orders", StorageDescriptor=storage, columns={"id": "int"})
    options = {"region": REGION, "endpoint": glue.url, **LOGIN}
    assert printed(LISTED_WITHOUT_ARROW.format(options=options)) == "sales.orders s3.table csv orders False"
