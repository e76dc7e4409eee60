"""The tables and the chart of search results.

``python -m tests.benchmarks.search.report RESULTS.csv [RESULTS.csv ...] [--chart regret.svg]``; several
files are taken together.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from statistics import mean, median
from typing import Any

from .problems import NAMES
from .results import Row, middle, rows

Cell = tuple[str, str]
"""Problem and number of workers."""
Curves = dict[Cell, dict[str, dict[str, list[float]]]]
"""Regret after each job, by cell, method and seed."""


def main(files: list[Path], chart: Path | None) -> None:
    """Print the tables, and write the chart if it is asked for."""
    found = list(chain.from_iterable(rows(file) for file in files))
    curves = by_cell(found)
    methods = list(dict.fromkeys(row["method"] for row in found))
    print(medians(curves, methods))
    print()
    print(ranks(curves, methods))
    print()
    print(cost(found, methods))
    if chart is not None:
        write_chart(curves, chart)


def by_cell(found: Sequence[Row]) -> Curves:
    """The curves in order."""
    curves: Curves = defaultdict(lambda: defaultdict(dict))
    for row in found:
        regrets = [float(v) for v in row["regrets"].split()]
        curves[row["problem"], row["workers"]][row["method"]][row["seed"]] = regrets
    order = {name: i for i, name in enumerate(NAMES)}
    return dict(sorted(curves.items(), key=lambda item: (item[0][1], order[item[0][0]])))


def medians(curves: Curves, methods: Sequence[str]) -> str:
    """Regret at the end in the median and the quartiles over the seeds that all have; the least median is bold."""
    lines = [f"| problem | at once | seeds | {' | '.join(methods)} |", f"|---|---|---|{'---|' * len(methods)}"]
    for (problem, workers), found in curves.items():
        seeds = common(found, methods)
        if seeds:
            last = {m: [found[m][seed][-1] for seed in seeds] for m in methods}
            least = min(median(values) for values in last.values())
            cells = [f"**{middle(v)}**" if median(v) == least else middle(v) for v in last.values()]
            lines.append(f"| {problem} | {workers} | {len(seeds)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def common(found: Mapping[str, Mapping[str, Any]], methods: Sequence[str]) -> list[str]:
    """The seeds that all methods have run."""
    return sorted(set.intersection(*(set(found.get(m, {})) for m in methods)), key=int)


def ranks(curves: Curves, methods: Sequence[str]) -> str:
    """Mean rank at the end over the searches that all methods have run (1 is the best)."""
    lines = [f"| at once | searches | {' | '.join(methods)} |", f"|---|---|{'---|' * len(methods)}"]
    for workers in sorted({cell[1] for cell in curves}):
        places: dict[str, list[float]] = defaultdict(list)
        for cell, found in curves.items():
            if cell[1] == workers:
                for seed in common(found, methods):
                    last = {m: found[m][seed][-1] for m in methods}
                    for m in methods:
                        better, same = (
                            sum(v < last[m] for v in last.values()),
                            sum(v == last[m] for v in last.values()),
                        )
                        places[m].append(better + (same + 1) / 2)
        if places:
            cells = [f"{mean(places[m]):.2f}" for m in methods]
            lines.append(f"| {workers} | {len(places[methods[0]])} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cost(found: Sequence[Row], methods: Sequence[str]) -> str:
    """Processor time of an ask, over all searches."""
    lines = ["| method | searches | milliseconds of processor time an ask |", "|---|---|---|"]
    for method in methods:
        own = [row for row in found if row["method"] == method]
        each = [1000 * float(row["ask_seconds"]) / len(row["regrets"].split()) for row in own]
        lines.append(f"| {method} | {len(own)} | {median(each):.3g} |")
    return "\n".join(lines)


def write_chart(curves: Curves, path: Path) -> None:
    """Median regret after each job, one field for each problem and number of workers."""
    import altair as alt

    values = [
        {
            "problem": problem,
            "at once": int(workers),
            "method": method,
            "jobs": job,
            "regret": max(median(found[method][seed][job - 1] for seed in seeds), 1e-6),
        }
        for (problem, workers), found in curves.items()
        if (seeds := common(found, list(found)))
        for method in found
        for job in range(1, len(found[method][seeds[0]]) + 1)
    ]
    field = (
        alt.Chart(alt.Data(values=values))  # type: ignore[no-untyped-call]
        .mark_line(interpolate="step-after")
        .encode(
            x=alt.X("jobs:Q", title="finished jobs"),
            y=alt.Y("regret:Q", scale=alt.Scale(type="log"), title="regret, median"),
            color=alt.Color("method:N", title=None),
        )
        .properties(width=150, height=120)
    )
    names = [name for name in NAMES if any(cell[0] == name for cell in curves)]
    field.facet(
        column=alt.Column("problem:N", sort=names, title=None), row=alt.Row("at once:O", title="jobs at once")
    ).resolve_scale(y="independent").save(str(path))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    target = Path(arguments.pop(arguments.index("--chart") + 1)) if "--chart" in arguments else None
    main([Path(a) for a in arguments if a != "--chart"], target)
