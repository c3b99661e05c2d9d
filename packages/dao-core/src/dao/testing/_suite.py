"""The complete kit as one class that a backend inherits."""

from __future__ import annotations

from dao.testing._conformance.agreement import Predicates
from dao.testing._conformance.calls import Calls
from dao.testing._conformance.changes import Deletes, Upserts
from dao.testing._conformance.evolution import SchemaEvolution
from dao.testing._conformance.failures import Errors, Secrets
from dao.testing._conformance.files import Files, Keys
from dao.testing._conformance.foreign import ForeignFiles
from dao.testing._conformance.guard import Guard
from dao.testing._conformance.honesty import Honesty
from dao.testing._conformance.idempotency import Idempotency
from dao.testing._conformance.increments import DeletingUpserts, Increments
from dao.testing._conformance.leaks import Leaks
from dao.testing._conformance.looks import Counts, Exists, Histories, Lists, Schemas
from dao.testing._conformance.names import Names
from dao.testing._conformance.operations import Operations
from dao.testing._conformance.others import TablesOfOthers
from dao.testing._conformance.parity import Parity
from dao.testing._conformance.partitions import PartitionOverwrites
from dao.testing._conformance.positions import Positions
from dao.testing._conformance.reads import Reads
from dao.testing._conformance.streams import ReadStreams, WriteStreams
from dao.testing._conformance.sweeps import Faults
from dao.testing._conformance.together import Cancellation, Concurrency
from dao.testing._conformance.transfers import CopiesBetween, CopiesWithin, Moves
from dao.testing._conformance.types import Types
from dao.testing._conformance.versions import Changes, References, TimeTravels
from dao.testing._conformance.writes import Appends, Overwrites, Writes

__all__ = ["ConformanceSuite"]


# pytest collects the tests of a class's last base first: the tests run in the reverse order of this list.
class ConformanceSuite(
    Faults,
    Leaks,
    Cancellation,
    Concurrency,
    Parity,
    Secrets,
    Errors,
    Predicates,
    TablesOfOthers,
    Types,
    WriteStreams,
    ReadStreams,
    ForeignFiles,
    Keys,
    Names,
    Files,
    Moves,
    CopiesBetween,
    CopiesWithin,
    Operations,
    Increments,
    Positions,
    Idempotency,
    References,
    Changes,
    TimeTravels,
    Histories,
    Schemas,
    Exists,
    Counts,
    Lists,
    SchemaEvolution,
    Deletes,
    DeletingUpserts,
    Upserts,
    PartitionOverwrites,
    Appends,
    Overwrites,
    Writes,
    Calls,
    Reads,
    Honesty,
    Guard,
):
    """The rules for every interface. Inherit it, set ``capabilities``, and define a fixture ``backend``.

    Each base class has the rules of one part of the contract, which its docstring states; each test's docstring is one
    rule. Each test requests a new :class:`Backend`, whose stores must be empty.
    """
