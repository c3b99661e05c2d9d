"""A table that a program's writers change until they are killed: it is whole each time, and can be changed further."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from dao._arguments import Mode
from dao._core.dao import DataAccessObject
from dao.data_object import TableObject
from dao.testing._kills import ForkedWriters

__all__ = ["KilledTable"]


@define(kw_only=True)
class KilledTable:
    """A table whose column ``by`` says who wrote a row: the number of a change, or -1 for this process.

    A writer's order is the store's root, the number of its first change, how many it makes, and at which I/O operation
    it is killed, 0 for none. It prints ``begin <number> <mode>`` before a change, ``done <number> <mode>`` after it,
    and ``operations <count>`` at the end.

    Attributes:
        dao: reads and writes here.
        table: the table.
        root: what writers get as the place of the store.
        writers: their program.
        after: the rows by writer once a change is made, of those before, its number and its mode.
        row: what this process adds, with ``by`` -1.
        arguments: of its writes.
        state: the rows by writer.
        next: the number of the next change.
    """

    dao: DataAccessObject
    table: TableObject
    root: str
    writers: ForkedWriters
    after: Callable[[Counter[int], int, str], Counter[int]]
    row: Mapping[str, Any]
    arguments: Mapping[str, Any] = field(factory=dict)
    state: Counter[int] = field(factory=Counter)
    next: int = 0

    def add(self, mode: Mode) -> None:
        """Add a row, in this process, and look that all others are there."""
        self.dao.write([dict(self.row)], self.table, mode=mode, **self.arguments)
        self.state = self.state + Counter({-1: 1})
        assert self.rows() == self.state

    def rows(self) -> Counter[int]:
        """The rows that the table has, by writer."""
        return Counter(self.dao.read(self.table, columns=["by"])["by"].to_pylist())

    def kill(self, changes: int, at: int) -> bool:
        """Let a writer make changes and be killed at an operation; the rows are those before or after one of them.

        Returns:
            Whether it was killed; False if it had ended before.

        Raises:
            AssertionError: the table is neither as it was nor as it should become, or can't be changed.
        """
        said, was_killed = self.writers.run(f"{self.root} {self.next} {changes} {at}")
        doubtful = None
        for what, number, mode in (words for words in map(str.split, said) if words[0] in ("begin", "done")):
            self.next = int(number) + 1
            changed = self.after(self.state, int(number), mode)
            if what == "done":
                self.state, doubtful = changed, None
            else:
                doubtful = changed
        found = self.rows()
        assert found in (self.state, doubtful), (found, self.state, doubtful)
        self.state = found
        self.add("append")
        return was_killed

    def operations(self, changes: int) -> int:
        """How many operations the next changes take; they are made."""
        said, was_killed = self.writers.run(f"{self.root} {self.next} {changes} 0")
        assert not was_killed
        self.next += changes
        self.state = self.rows()
        self.add("append")
        return int(said[-1].split()[1])
