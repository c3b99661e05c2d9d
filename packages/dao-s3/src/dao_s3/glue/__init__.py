"""AWS Glue's Data Catalog as a catalog of DAO: stores from its databases, objects from its tables."""

from dao_s3.glue._catalog import GlueCatalog
from dao_s3.glue._extractors import declared_schema, exact_schema
from dao_s3.glue._table import Column, GlueTable
from dao_s3.glue._translator import Extractor, GlueTranslator

__all__ = ["Column", "Extractor", "GlueCatalog", "GlueTable", "GlueTranslator", "declared_schema", "exact_schema"]
