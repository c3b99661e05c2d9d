"""The interface ``redshift``: the actions on tables of a schema of a warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from attrs import define

from dao.capabilities import Capabilities
from dao.data_object import DataObject
from dao.display import even_half_made
from dao_redshift._capabilities import CAPABILITIES
from dao_redshift._options import warehouse_url
from dao_redshift._routes.operations import OperationRoutes
from dao_redshift._routes.reading import ReadingRoutes
from dao_redshift._routes.writing import WritingRoutes

__all__ = ["RedshiftConnector", "RedshiftInterface"]


@even_half_made
@define(slots=False, kw_only=True)
class RedshiftInterface(ReadingRoutes, WritingRoutes, OperationRoutes):
    """Tables of a schema of Amazon Redshift, provisioned or Serverless.

    **Objects** are tables: the name of one is the object's key.

    **Bulk data** goes over the place ``staging`` in S3: rows are staged as Parquet files and loaded by one COPY of a
    manifest, large results come by UNLOAD. Small data goes by INSERT with bound values and comes by a cursor. What is
    staged is taken away at the end; what a killed process left is taken away by the next one.

    **Safety.** A change is one transaction: all of it or nothing, whatever fails and whenever the process is killed. If
    the answer to COMMIT is lost, another connection asks the warehouse whether it was done.

    Attributes:
        schema_name: the option ``schema``: the schema that the tables are in.
    """

    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def locate(self, data_object: DataObject) -> str:
        """Where a table is, for everybody: ``redshift://cluster.region:port/database.schema.table``."""
        url = warehouse_url(self.host, self.cluster or self.workgroup, self.region, self.port)
        return f"{url}/{self.database}.{self.schema_name}.{data_object.key}"

    def plan_call(
        self, action: str, data_object: DataObject, arguments: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Plan a call, raising its errors that don't depend on what is stored; see :mod:`dao.interface`."""
        from dao_redshift._actions.transfers import plan_load, plan_unload

        data, target = arguments.get("data"), arguments.get("target")
        if isinstance(data, DataObject) or (action == "unload" and isinstance(target, DataObject)):
            name = self.dialect.table(self._database.table(data_object))
            mode = arguments.get("mode") or "error"
            if isinstance(data, DataObject):
                return {"location": name, "mode": mode, **plan_load(self, data, name)}
            return {"location": name, "mode": mode, **plan_unload(self, cast("DataObject", target), name, mode)}
        self._check_way(arguments.get("via"))
        return super().plan_call(action, data_object, arguments, options)


RedshiftConnector = RedshiftInterface
"""The name that the first examples have."""
