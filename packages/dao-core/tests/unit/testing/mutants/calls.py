"""Mutants of how a call is checked."""

from __future__ import annotations

from dao.testing._conformance.calls import Calls
from mutants.mutation import Mutation

SLIPS_ARE_IGNORED = """
Mutant.takes_format_options = False

@around("read", "write")
def changed(call, *args, **named):
    for slip in ("colour_of_the_rows", "colums", "filter", "mdoe"):
        named.pop(slip, None)
    return call(*args, **named)
"""

ERRORS_SAY_ANOTHER_CALL = """
@around("read")
def changed(call, *args, **named):
    try:
        return call(*args, **named)
    except DataError as error:
        raise DataError(error.message, action="scan") from error
"""

EXPLAIN_DOES_IT = """
def plan_call(self, action, data_object, arguments, options):
    if action == "write":
        self.write(arguments["data"], data_object)
    return {}
Mutant.plan_call = plan_call
"""

NUMBERS_ARE_CHECKED_AGAIN = """
@around("read")
def changed(call, *args, limit=None, **named):
    if limit is not None and limit > 4:
        raise DataError("limit: found too much")
    return call(*args, limit=limit, **named)
"""

OPTIONS_WITHOUT_USE_ARE_IGNORED = """
from dao_files.formats import Format

def mutate(monkeypatch):
    monkeypatch.setattr(Format, "check_direction", lambda self, given, direction: None)
"""

CALLS = (
    Mutation("slips_are_ignored", Calls, SLIPS_ARE_IGNORED),
    Mutation("errors_say_another_call", Calls, ERRORS_SAY_ANOTHER_CALL),
    Mutation("explain_does_it", Calls, EXPLAIN_DOES_IT),
    Mutation("numbers_are_checked_again", Calls, NUMBERS_ARE_CHECKED_AGAIN),
    Mutation("options_without_use_are_ignored", Calls, OPTIONS_WITHOUT_USE_ARE_IGNORED),
)
