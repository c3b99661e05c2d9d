"""Asks before something is deleted: on a terminal only, a script isn't asked."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

__all__ = ["ask_before_deleting"]


def ask_before_deleting(question: Callable[[], str], *, yes: bool) -> None:
    """Ask, and end the command with status 1 if the answer isn't yes.

    Args:
        question: makes the text of the question; not called where nothing is asked.
        yes: the answer was given on the command line.
    """
    if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    if not click.confirm(question(), err=True):
        click.echo("nothing was deleted", err=True)
        sys.exit(1)
