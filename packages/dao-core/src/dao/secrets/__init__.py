"""Secrets, and the references (``${env:NAME}``) that secrets and other values of a config are resolved from."""

from dao.secrets._references import (
    BUILT_IN_SCHEMES,
    MASK,
    Interpolated,
    Reference,
    SchemeResolver,
    Template,
    check_schemes,
    interpolated,
    register_scheme,
    register_scheme_source,
    scheme_names,
)
from dao.secrets._secret import Secret, guarded, looks_secret, masked, secrets_in

__all__ = [
    "BUILT_IN_SCHEMES",
    "MASK",
    "Interpolated",
    "Reference",
    "SchemeResolver",
    "Secret",
    "Template",
    "check_schemes",
    "guarded",
    "interpolated",
    "looks_secret",
    "masked",
    "register_scheme",
    "register_scheme_source",
    "scheme_names",
    "secrets_in",
]
