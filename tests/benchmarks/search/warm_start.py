"""Warm start: best-so-far with and without a parent, through the engine's own warm start.

``python -m tests.benchmarks.search.warm_start OUT.csv`` runs what the file lacks and prints the table. The parent is a
random search of 20 jobs. The child searches the same function (IdenticalDataAndAlgorithm), or one of "other data"
(TransferLearning), whose optimum has moved and whose values are shifted and stretched.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .methods import Engine
from .problems import Parameters, Problem, problem
from .results import Row, append, middle, rows
from .simulation import simulate

PARENT_JOBS, JOBS = 20, 12
SHOWN = (1, 3, 6, 12)
"""Jobs after which the table shows the regret."""
FIELDS = ["problem", "child", "warm_start", "seed", "regrets"]
CHILDREN = {"identical": "IdenticalDataAndAlgorithm", "other data": "TransferLearning"}
MOVES = {"branin": {"x": 0.5, "y": 0.5}, "seq2seq": {"momentum": 0.02, "embed_dropout_source": 0.05}}
"""How far the optimum moves with other data; the best learning rate of seq2seq, on a logarithmic axis, by a factor."""
RATE = 1.5


def main(out: Path) -> None:
    """Run what is missing, and print the table."""
    wanted = [
        (name, child, warm_start, str(seed))
        for seed in range(int(os.environ.get("SEEDS", "10")))
        for name in MOVES
        for child, kind in CHILDREN.items()
        for warm_start in ("", kind)
    ]
    known = {tuple(row[f] for f in FIELDS[:-1]) for row in rows(out)}
    for name, child, warm_start, seed in wanted:
        if (name, child, warm_start, seed) not in known:
            regrets = measure(name, child, warm_start, int(seed))
            append(out, FIELDS, [name, child, warm_start, seed, " ".join(f"{r:.4g}" for r in regrets)])
    print(table(rows(out)))


def measure(name: str, child: str, warm_start: str, seed: int) -> list[float]:
    """The child's regret after each of its jobs."""
    known = problem(name, seed)
    task = known if child == "identical" else other_data(name, known)
    parents = []
    if warm_start:
        parent = Engine(known.ranges, 1000 + seed, strategy="Random")
        simulate(parent, known, seed=1000 + seed, workers=1, jobs=PARENT_JOBS)
        parents = parent.found
    search = Engine(known.ranges, seed, warm_start=warm_start or None, parents=parents)
    return simulate(search, task, seed=seed, workers=1, jobs=JOBS).regrets


def other_data(name: str, known: Problem) -> Problem:
    """The same algorithm on other data."""

    def function(p: Parameters) -> float:
        moved = {k: float(v) - MOVES[name][k] if k in MOVES[name] else v for k, v in p.items()}
        if "learning_rate" in moved:
            moved["learning_rate"] = float(moved["learning_rate"]) / RATE
        return 3 + 1.5 * known.function(moved)

    return replace(known, function=function, least=3 + 1.5 * known.least)


def table(found: Sequence[Row]) -> str:
    """Regret in the median (and quartiles) with and without the parent."""
    lines = [
        f"| problem | child | parent | {' | '.join(f'after {n}' for n in SHOWN)} | seeds |",
        f"|---|---|---|{'---|' * len(SHOWN)}---|",
    ]
    for name in MOVES:
        for child, kind in CHILDREN.items():
            for warm_start in ("", kind):
                key = (name, child, warm_start)
                curves = [
                    [float(v) for v in row["regrets"].split()]
                    for row in found
                    if (row["problem"], row["child"], row["warm_start"]) == key
                ]
                if curves:
                    cells = [middle([curve[n - 1] for curve in curves]) for n in SHOWN]
                    lines.append(f"| {name} | {child} | {warm_start or 'none'} | {' | '.join(cells)} | {len(curves)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
