"""Draws a run's lineage: `python draw_lineage.py EVENTS PICTURE`, with the events that the file transport has written.

Equal events give an equal picture, whenever and wherever the run was: datasets have their names in the catalog.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

ENDS = ("COMPLETE", "FAIL")
WIDTH = 0.8  # of a box; columns are 1 apart
COLOURS = {"dataset": "#dceaf7", "job": "#fde9c9"}


def load(path: Path) -> list[dict[str, Any]]:
    """The last event of each run, in the order in which the runs ended."""
    events = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [event for event in events if event["eventType"] in ENDS]


def name_of(dataset: dict[str, Any]) -> str:
    """A dataset's name in the catalog."""
    return str(dataset["facets"]["symlinks"]["identifiers"][0]["name"])


def edges_of(events: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """What leads to what: datasets to jobs, and jobs to datasets. A job's name is in brackets."""
    found = []
    for event in events:
        job = f"[{event['job']['name']}]"
        found += [(name_of(dataset), job) for dataset in event["inputs"]]
        found += [(job, name_of(dataset)) for dataset in event["outputs"]]
    return sorted(set(found))


def counts_of(events: Iterable[dict[str, Any]]) -> dict[str, str]:
    """How much was written to each dataset: rows where they are known, else bytes."""
    found = {}
    for event in events:
        for dataset in event["outputs"]:
            written = dataset["outputFacets"]["outputStatistics"]
            rows, size = written.get("rowCount"), written.get("size")
            found[name_of(dataset)] = f"{size:,} bytes" if rows is None else f"{rows:,} rows"
    return found


def columns_of(edges: Iterable[tuple[str, str]]) -> dict[str, int]:
    """The column of each box: one further right than all that lead to it."""
    found: dict[str, int] = {}
    edges = list(edges)
    for _ in edges:  # the longest way has at most so many steps
        for before, after in edges:
            found[after] = max(found.get(after, 0), found.setdefault(before, 0) + 1)
    return found


def draw(events: list[dict[str, Any]], path: Path) -> None:
    """Draw the boxes in columns, and lines between them."""
    edges, counts = edges_of(events), counts_of(events)
    columns = columns_of(edges)
    most = max(list(columns.values()).count(column) for column in columns.values())
    figure = Figure(figsize=(2.4 * (max(columns.values()) + 1), 0.75 * most + 0.6), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    places = {}
    for column in sorted(set(columns.values())):
        names = sorted(name for name, found in columns.items() if found == column)
        for row, name in enumerate(names):
            places[name] = column, (len(names) - 1) / 2 - row
    for before, after in edges:
        (x, y), (to_x, to_y) = places[before], places[after]
        axes.annotate(
            "", (to_x - WIDTH / 2, to_y), (x + WIDTH / 2, y), arrowprops={"arrowstyle": "-|>", "color": "#666666"}
        )
    for name, (x, y) in places.items():
        box(axes, name, counts.get(name, ""), x, y)
    axes.set_xlim(-0.5, max(columns.values()) + 0.5)
    axes.set_ylim(-most / 2, most / 2)
    figure.savefig(path, dpi=100, metadata={"Software": None})


def box(axes: Axes, name: str, count: str, x: float, y: float) -> None:
    """Draw a job or a dataset."""
    is_job = name.startswith("[")
    colour = COLOURS["job" if is_job else "dataset"]
    axes.add_patch(mpl.patches.Rectangle((x - WIDTH / 2, y - 0.3), WIDTH, 0.6, facecolor=colour, edgecolor="#666666"))
    text = name.strip("[]") + (f"\n{count}" if count else "")
    axes.text(x, y, text, ha="center", va="center", fontsize=9, style="italic" if is_job else "normal")


def main() -> None:
    """Draw what the arguments say."""
    mpl.use("agg")
    events, picture = map(Path, sys.argv[1:])
    draw(load(events), picture)


if __name__ == "__main__":
    main()
