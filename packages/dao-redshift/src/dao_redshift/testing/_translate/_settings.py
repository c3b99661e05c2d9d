"""SET, RESET and SHOW: PostgreSQL's parameters that Redshift has too, and Redshift's own, which the session keeps.

Names and defaults as of the Database Developer Guide, "Configuration reference" (cm_chap_ConfigurationRef). What a
SET within
a transaction sets stays after a ROLLBACK, other than in Redshift, for Redshift's own parameters.
"""

from __future__ import annotations

from dao_redshift.testing._statements import COMPARING, Answer, RedshiftError, Run, Statement
from dao_redshift.testing._translate._draft import Draft, literal
from dao_redshift.testing._translate._session import Session
from dao_redshift.testing._translate._tokens import Kind, words

__all__ = ["reset", "set_parameter", "show"]

_SHARED = words(
    """
    search_path statement_timeout datestyle timezone extra_float_digits client_encoding application_name
    intervalstyle
    """
)
"""Parameters that PostgreSQL has."""

_OWN = {
    "analyze_threshold_percent": "10",
    "cast_super_null_on_error": "true",
    "default_geometry_encoding": "1",
    "downcase_delimited_identifier": "on",
    "enable_case_sensitive_identifier": "false",
    "enable_case_sensitive_super_attribute": "false",
    "enable_numeric_rounding": "off",
    "enable_result_cache_for_session": "on",
    "enable_vacuum_boost": "off",
    "error_on_nondeterministic_update": "false",
    "json_serialization_enable": "false",
    "json_serialization_parse_nested_strings": "false",
    "max_concurrency_scaling_clusters": "1",
    "max_cursor_result_set_size": "default",
    "mv_enable_aqmv_for_session": "true",
    "navigate_super_null_on_error": "true",
    "parse_super_null_on_error": "false",
    "query_group": "unset",
    "spectrum_query_maxerror": "-1",
    "stored_proc_log_min_messages": "LOG",
    "wlm_query_slot_count": "1",
}
_FIXED = {
    "server_version": "8.0.2",
    "server_encoding": "UNICODE",
    "describe_field_name_in_uppercase": "off",
    "transaction_isolation": "serializable",
    "max_index_keys": "32",
    "standard_conforming_strings": "off",
}
_BOOLEANS = {
    "true": "true",
    "on": "true",
    "yes": "true",
    "1": "true",
    "false": "false",
    "off": "false",
    "no": "false",
    "0": "false",
}


def set_parameter(draft: Draft, session: Session) -> Statement:
    """What ``SET name TO value`` becomes.

    Raises:
        RedshiftError: for a parameter that Redshift hasn't, or a value that it doesn't take.
    """
    index = 1 + (draft.key(1) in ("SESSION", "LOCAL") and draft.key(2) not in ("AUTHORIZATION", "CHARACTERISTICS"))
    if draft.key(index) in ("TRANSACTION", "SESSION", "CHARACTERISTICS"):
        return _special(draft, index)
    if draft.at(index, "TIME", "ZONE"):
        return Run(draft.sql)
    name = draft.name(index)
    if draft.key(index + 1) not in ("TO", "="):
        draft.wrong(index + 1)
    values = [_value(draft, start, stop) for start, stop in draft.parts(index + 2, len(draft))]
    if not values:
        draft.wrong(index + 2)
    if name in _SHARED:
        scope = "LOCAL " if draft.key(1) == "LOCAL" else ""
        if name == "search_path" and values[0].upper() != "DEFAULT":
            values = [*values, COMPARING]
        return Run(f"SET {scope}{name} TO {', '.join(values)}", tag="SET")
    if draft.key(1) == "LOCAL":
        raise RedshiftError(f"the local Redshift has no SET LOCAL of {name}", "0A000")
    _set_own(name, _plain(draft, index + 2), session)
    return Answer("SET")


def _special(draft: Draft, index: int) -> Run:
    """``SET TRANSACTION``, ``SET SESSION AUTHORIZATION`` and ``SET SESSION CHARACTERISTICS``."""
    if draft.key(index) != "TRANSACTION" and draft.key(index + 1) not in ("AUTHORIZATION", "CHARACTERISTICS"):
        draft.wrong(index + 1)
    return Run(draft.sql)


def _value(draft: Draft, start: int, stop: int) -> str:
    text = draft.sql[draft[start].start : draft[stop - 1].end]
    if draft[start].kind is Kind.QUOTED:
        return literal(draft.name(start))
    if draft[start].kind not in (Kind.WORD, Kind.STRING, Kind.NUMBER) and text[:1] not in "+-":
        draft.wrong(start)
    return text if draft[start].kind is not Kind.WORD or stop == start + 1 else draft.wrong(start + 1)


def _plain(draft: Draft, index: int) -> str:
    """The one value at `index`, without quotes."""
    text = draft.text(index)
    if draft[index].kind is Kind.STRING:
        return text[text.index("'") + 1 : -1].replace("\\'", "'").replace("''", "'").replace("\\\\", "\\")
    return draft.sql[draft[index].start : draft[len(draft) - 1].end]


def _set_own(name: str, value: str, session: Session) -> None:
    if name in _FIXED:
        if value.lower() != _FIXED[name].lower():
            raise RedshiftError(f'the local Redshift has no other {name} than "{_FIXED[name]}"', "0A000")
        return
    if name not in _OWN:
        raise RedshiftError(f'unrecognized configuration parameter "{name}"', "42704")
    default = _OWN[name]
    if value.lower() == "default":
        session.settings.pop(name, None)
        return
    if default in ("true", "false", "on", "off"):
        if value.lower() not in _BOOLEANS:
            raise RedshiftError(f'parameter "{name}" requires a Boolean value', "22023")
        on = _BOOLEANS[value.lower()] == "true"
        value = str(on).lower() if default in ("true", "false") else ("on" if on else "off")
    session.settings[name] = value


def reset(draft: Draft, session: Session) -> Statement:
    """What ``RESET name`` and ``RESET ALL`` become.

    Raises:
        RedshiftError: for a parameter that Redshift hasn't.
    """
    name = draft.name(1)
    if len(draft) > 2:
        draft.wrong(2)
    if name == "all":
        session.settings.clear()
        return Run(
            "; ".join(["RESET search_path"]),
            after=tuple(f"RESET {shared}" for shared in sorted(_SHARED - {"search_path"})),
            tag="RESET",
        )
    if name in _SHARED:
        return Run(f"RESET {name}", tag="RESET")
    if name not in _OWN:
        raise RedshiftError(f'unrecognized configuration parameter "{name}"', "42704")
    session.settings.pop(name, None)
    return Answer("RESET")


def show(draft: Draft, session: Session) -> Statement:
    """What ``SHOW name`` becomes.

    Raises:
        RedshiftError: for a parameter that Redshift hasn't.
    """
    if draft.at(1, "TIME", "ZONE"):
        return Run("SHOW timezone")
    name = draft.name(1)
    if len(draft) > 2:
        draft.wrong(2)
    if name == "search_path":
        return Run(f"SELECT replace(current_setting('search_path'), ', {COMPARING}', '') AS search_path")
    if name in _SHARED:
        return Run(f"SHOW {name}")
    known = {**_OWN, **_FIXED, **session.settings}
    if name not in known:
        raise RedshiftError(f'unrecognized configuration parameter "{name}"', "42704")
    return Answer("SHOW", (name,), ((known[name],),))
