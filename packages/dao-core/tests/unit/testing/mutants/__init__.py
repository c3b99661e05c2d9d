"""LocalInterface broken in many ways, a module a subject: each mutant turns a test of the kit red."""

from __future__ import annotations

from mutants.calls import CALLS
from mutants.failures import FAILURES
from mutants.mutation import Mutation
from mutants.reads import READS
from mutants.values import VALUES
from mutants.writes import WRITES

__all__ = ["MUTATIONS", "Mutation"]

MUTATIONS = (*WRITES, *READS, *VALUES, *FAILURES, *CALLS)
