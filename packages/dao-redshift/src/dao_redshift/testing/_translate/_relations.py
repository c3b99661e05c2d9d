"""Which names in a statement are tables, which are aliases, and where SUPER values are unnested."""

from __future__ import annotations

from attrs import define, field

from dao_redshift.testing._statements import RedshiftError
from dao_redshift.testing._translate._draft import Draft
from dao_redshift.testing._translate._tokens import Kind, words

__all__ = ["Relations", "after_brackets", "chain_at"]

_QUERY = ("SELECT", "WITH", "VALUES")
_NO_TABLE_FOLLOWS = words("EXTRACT TRIM SUBSTRING OVERLAY POSITION")
_AFTER_TABLE = words(
    """
    WHERE GROUP ORDER HAVING LIMIT OFFSET UNION MINUS EXCEPT INTERSECT JOIN INNER LEFT RIGHT FULL CROSS NATURAL ON USING
    QUALIFY WHEN FETCH FOR WINDOW SET VALUES SELECT WITH DEFAULT REMOVE AS AT
    """
)


@define
class Relations:
    """The relations that a statement names.

    Attributes:
        names: tables' names and aliases.
        schemas: schemas' names.
        places: the indexes of tokens that are tables' names or aliases where they are introduced.
        unnested: the aliases of unnested values, whose rows are values.
        unnestings: the ranges of the values that are unnested, and the index of the alias.
    """

    names: set[str] = field(factory=set)
    schemas: set[str] = field(factory=set)
    places: set[int] = field(factory=set)
    unnested: set[str] = field(factory=set)
    unnestings: list[tuple[int, int, int]] = field(factory=list)

    @classmethod
    def of(cls, draft: Draft) -> Relations:
        """The relations of `draft`."""
        found = cls()
        calls: list[str] = []
        for index, token in enumerate(draft.tokens):
            if token.key == "(":
                calls.append(draft.key(index - 1))
            elif token.key == ")" and calls:
                calls.pop()
            elif token.key in ("JOIN", "UPDATE", "INTO"):
                found._take(draft, index + 1)
            elif _begins_list(draft, index, calls):
                position = found._take(draft, index + 1)
                while draft.key(position) == ",":
                    position = found._take(draft, position + 1)
        return found

    def _take(self, draft: Draft, index: int) -> int:
        """Take the relation at `index`; the index after it and its alias."""
        if draft.key(index) == "(":
            if draft.key(index + 1) not in _QUERY:  # tables that are joined
                self._take(draft, index + 1)
            return self._alias(draft, draft.close(index) + 1)[0]
        if not draft.is_name(index) or draft.key(index) in _AFTER_TABLE:
            return index
        names, end = chain_at(draft, index)
        if draft.key(end) == "(":
            return self._alias(draft, draft.close(end) + 1)[0]
        if len(names) > 1 and draft.name(names[0]) in self.names | self.unnested:
            return self._unnest(draft, index, end)
        if draft.key(end) == "[":
            return end
        self.places.update(range(index, end))
        self.names.add(draft.name(names[-1]))
        self.schemas.update(draft.name(name) for name in names[:-1])
        return self._alias(draft, end)[0]

    def _alias(self, draft: Draft, index: int) -> tuple[int, int | None]:
        """Take the alias at `index`, if there is one; the index after it, and its own."""
        index += draft.key(index) == "AS"
        if not draft.is_name(index) or (draft[index].kind is Kind.WORD and draft.key(index) in _AFTER_TABLE):
            return index, None
        self.names.add(draft.name(index))
        self.places.add(index)
        if draft.key(index + 1) == "(":
            return draft.close(index + 1) + 1, index
        return index + 1, index

    def _unnest(self, draft: Draft, index: int, end: int) -> int:
        while draft.key(end) in ("[", "."):
            end = after_brackets(draft, end) if draft.key(end) == "[" else end + 2
        after, alias = self._alias(draft, end)
        if alias is None or draft.key(after) == "AT":
            raise RedshiftError("the local Redshift unnests SUPER values as FROM t, t.a AS name only", "0A000")
        self.names.discard(draft.name(alias))
        self.unnested.add(draft.name(alias))
        self.unnestings.append((index, end, alias))
        return after


def _begins_list(draft: Draft, index: int, calls: list[str]) -> bool:
    """Whether relations follow, with commas between: FROM, and USING without a join's columns."""
    match draft.key(index):
        case "FROM":
            return not (calls and calls[-1] in _NO_TABLE_FOLLOWS) and draft.key(index - 1) != "DISTINCT"
        case "USING":
            return draft.key(index + 1) != "(" or draft.key(index + 2) in _QUERY
        case _:
            return False


def chain_at(draft: Draft, index: int) -> tuple[list[int], int]:
    """The indexes of the names in ``a.b.c`` at `index`, and the index after the last."""
    names = [index]
    while draft.key(index + 1) == "." and draft.is_name(index + 2):
        index += 2
        names.append(index)
    return names, index + 1


def after_brackets(draft: Draft, index: int) -> int:
    """The index after the bracket that closes the one at `index`."""
    depth = 0
    for position in range(index, len(draft)):
        depth += (draft.key(position) == "[") - (draft.key(position) == "]")
        if depth == 0:
            return position + 1
    return draft.wrong(len(draft))
