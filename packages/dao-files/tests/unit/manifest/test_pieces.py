"""Bytes that come in pieces and go on as one."""

from __future__ import annotations

import random

from dao_files.manifest._pieces import Pieces


def test_any_pieces_are_put_together() -> None:
    chance = random.Random(3)
    for _ in range(50):
        pieces, expected = Pieces(), b""
        for _ in range(chance.randrange(12)):
            content = chance.randbytes(chance.choice([0, 1, 50, 70_000, 200_000]))
            start = chance.choice([0, len(content) // 3])
            pieces.add(memoryview(chance.choice([bytes, bytearray])(content))[start:])
            expected += content[start:]
            assert len(pieces) == len(expected)
        assert pieces.taken() == expected
        assert (len(pieces), pieces.taken()) == (0, b"")


def test_one_large_piece_is_not_copied() -> None:
    content, pieces = bytes(100_000), Pieces()
    pieces.add(memoryview(content))
    assert pieces.taken() is content


def test_what_changes_later_was_copied() -> None:
    content, pieces = bytearray(100_000), Pieces()
    pieces.add(memoryview(content))
    pieces.add(memoryview(content).toreadonly())
    content[:] = b"x" * len(content)
    assert pieces.taken() == bytes(200_000)


def test_small_pieces_take_little_more_than_they_are() -> None:
    pieces = Pieces()
    for _ in range(100_000):
        pieces.add(memoryview(b"0123456789"))
    assert len(pieces._all) == 1
    assert len(pieces.taken()) == 1_000_000
