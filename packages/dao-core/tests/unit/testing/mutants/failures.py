"""Mutants of errors, locks, leaks and secrets."""

from __future__ import annotations

from dao.testing._conformance.failures import Errors, Secrets
from dao.testing._conformance.leaks import Leaks
from dao.testing._conformance.streams import ReadStreams
from dao.testing._conformance.sweeps import Faults
from dao.testing._conformance.together import Cancellation, Concurrency
from mutants.mutation import Mutation

SWALLOWED = """
@around("write", "write_stream", "upsert", "delete")
def changed(call, *args, **named):
    try:
        return call(*args, **named)
    except OSError:
        return WriteResult()
"""

KEY_BEFORE_ROWS = """
known = set()

@around("write")
def changed(call, data, data_object, *, idempotency_key=None, **named):
    called = (data_object.key, idempotency_key)
    if idempotency_key is not None and called in known:
        return WriteResult(0, 0, 0)
    known.add(called)
    return call(data, data_object, **named)
"""

BARE_ERROR = """
@around("schema")
def changed(call, *args, **named):
    try:
        return call(*args, **named)
    except NotFoundError as error:
        raise RuntimeError("nothing there") from error
"""

NO_LOCKS = """
from dao_files._local import publishing

@contextlib.contextmanager
def unlocked(folder, keys, timeout):
    yield

def mutate(monkeypatch):
    monkeypatch.setattr(publishing, "lock_keys", unlocked)
"""

SWALLOWED_CANCEL = """
@around("write", "upsert")
def changed(call, *args, **named):
    try:
        return call(*args, **named)
    except Cancelled:
        return WriteResult()
"""

LEAKED_FILE = """
@around("ACTION")
def changed(call, *args, **named):
    os.open(os.devnull, os.O_RDONLY)
    return call(*args, **named)
"""

LEAKED_THREAD = """
forever = threading.Event()

@around("read")
def changed(call, *args, **named):
    threading.Thread(target=forever.wait, args=(20,), daemon=True).start()
    return call(*args, **named)
"""

LEAKED_TEMPORARY_FILE = """
@around("write")
def changed(call, *args, **named):
    os.close(tempfile.mkstemp()[0])
    return call(*args, **named)
"""

TOLD_SECRET = """
@attrs.define(slots=False)
class Mutant(LocalInterface):
    token: Secret = Secret("none")
    def __repr__(self):
        return f"Mutant({self.token.reveal()})"
"""

KEPT_SECRET_IN_CLEAR = """
@attrs.define(slots=False)
class Mutant(LocalInterface):
    token: Secret = Secret("none")
    def __attrs_post_init__(self):
        LocalInterface.__attrs_post_init__(self)
        self.headers = {"authorization": self.token.reveal()}
"""

REFUSED_WITH_ITS_VALUE = """
@attrs.define(slots=False)
class Mutant(LocalInterface):
    token: Secret = Secret("none")
    region: str = "here"
    def __attrs_post_init__(self):
        LocalInterface.__attrs_post_init__(self)
        if self.region != "here":
            raise DataError(f"there is no region {self.region}")
"""

SENT_AS_IT_IS = """
@attrs.define(slots=False)
class Mutant(LocalInterface):
    token: Secret = Secret("none")
    def exists(self, data_object, **named):
        value = self.token.reveal()
        if not (value.isascii() and value.isprintable()):
            raise StoreError(f"Invalid header value {value!r}")
        return LocalInterface.exists(self, data_object, **named)
"""

FAILURES = (
    Mutation("errors_are_swallowed", Faults, SWALLOWED),
    Mutation("a_key_is_stored_before_its_rows", Faults, KEY_BEFORE_ROWS, by="test_a_call_with_a_key"),
    Mutation("errors_have_no_type", Errors, BARE_ERROR),
    Mutation("no_locks", Concurrency, NO_LOCKS),
    Mutation("a_cancel_is_swallowed", Cancellation, SWALLOWED_CANCEL),
    Mutation("streams_hold_files_open", ReadStreams, LEAKED_FILE.replace("ACTION", "read_stream"), slow=True),
    Mutation("a_file_leaks", Leaks, LEAKED_FILE.replace("ACTION", "read"), slow=True),
    Mutation("a_thread_leaks", Leaks, LEAKED_THREAD, slow=True),
    Mutation("a_temporary_file_leaks", Leaks, LEAKED_TEMPORARY_FILE, slow=True),
    Mutation("repr_tells_a_secret", Secrets, TOLD_SECRET),
    Mutation("a_wrong_option_is_quoted", Secrets, REFUSED_WITH_ITS_VALUE),
    Mutation("a_secret_that_can_t_be_sent_is_quoted", Secrets, SENT_AS_IT_IS),
    Mutation("vars_tell_a_secret", Secrets, KEPT_SECRET_IN_CLEAR),
)  # fmt: skip
