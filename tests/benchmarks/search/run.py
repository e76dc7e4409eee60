"""Runs the searches; what the file of results has already is not run again.

``python -m tests.benchmarks.search.run OUT.csv [METHOD ...]``. SEEDS, WORKERS and PROBLEMS (with commas) and JOBS in
the environment make it smaller.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .methods import METHODS
from .problems import NAMES, problem
from .results import append, rows
from .simulation import simulate

FIELDS = ["method", "problem", "workers", "seed", "ask_seconds", "regrets"]


def main(out: Path, methods: list[str]) -> None:
    """Run what the file lacks."""
    seeds = range(int(os.environ.get("SEEDS", "10")))
    modes = [int(w) for w in os.environ.get("WORKERS", "1,4").split(",")]
    names = os.environ.get("PROBLEMS", ",".join(NAMES)).split(",")
    wanted = [(m, p, w, s) for s in seeds for m in methods for p in names for w in modes]
    known = {tuple(row[f] for f in FIELDS[:4]) for row in rows(out)}
    for method, name, workers, seed in wanted:
        if (method, name, str(workers), str(seed)) not in known:
            append(out, FIELDS, measure(method, name, workers, seed, jobs=int(os.environ.get("JOBS", "30"))))


def measure(method: str, name: str, workers: int, seed: int, *, jobs: int) -> list[str]:
    """One search, as a line of the file."""
    chosen = problem(name, seed)
    done = simulate(METHODS[method](chosen.ranges, seed), chosen, seed=seed, workers=workers, jobs=jobs)
    regrets = " ".join(f"{r:.4g}" for r in done.regrets)
    return [method, name, str(workers), str(seed), f"{done.ask_seconds:.3g}", regrets]


if __name__ == "__main__":
    import logging
    import warnings

    warnings.filterwarnings("ignore")  # of the peers; ours has none, which the tests see to
    logging.disable(logging.WARNING)
    main(Path(sys.argv[1]), sys.argv[2:] or list(METHODS))
