"""HRNN beside RecBole's GRU4Rec and implicit's ALS: NDCG@10 and training time on the same data in one run.

pip install -r tests/benchmarks/recommender/requirements.txt   # into an environment of its own
python -m tests.benchmarks.recommender.benchmark --events 100000 --seeds 3 --record results.jsonl

A peer's settings are searched first, by the validation users, with a seed that does not count; then all take turns,
seed by seed. A run that is broken off goes on from its record.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch

from infra.recommender.generator import Settings, generate, write_csv
from infra.recommender.interactions import read_interactions
from infra.recommender.split import Split, split
from tests.benchmarks.recommender.contestants import CONTESTANTS, Contestant, Setting, ndcg, process_seconds

SEARCH_SEED = 0
SEARCH_EPOCHS = 2


class Record:
    """What was measured, one line of JSON each.

    Args:
        path: the file; None keeps it in memory.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        lines = path.read_text().splitlines() if path is not None and path.exists() else []
        self._entries = [json.loads(line) for line in lines]

    def once(self, key: dict[str, Any], measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What was measured under a key, now or before."""
        for entry in self._entries:
            if entry["key"] == key:
                return dict(entry["measured"])
        entry = {"key": key, "measured": {**measure(), "load": round(os.getloadavg()[0], 1)}}
        self._entries.append(entry)
        if self._path is not None:
            with self._path.open("a") as file:
                file.write(json.dumps(entry) + "\n")
        return dict(entry["measured"])


def searched(contestant: Contestant, parts: Split, record: Record, key: dict[str, Any]) -> Setting:
    """The setting that is best for the validation users after a few epochs."""
    if len(contestant.settings) == 1:
        return contestant.settings[0]

    def measure(setting: Setting) -> dict[str, Any]:
        trained, seconds = process_seconds(lambda: contestant.train(parts, SEARCH_SEED, SEARCH_EPOCHS, setting))
        return {"ndcg": ndcg(parts.validation, trained.recommend(parts.validation)), "seconds": seconds}

    scores = []
    for setting in contestant.settings:
        found = record.once({**key, "search": contestant.name, "setting": setting}, partial(measure, setting))
        print(f"search: {contestant.name} {setting} validation NDCG@10 {found['ndcg']:.4f}", flush=True)
        scores.append(found["ndcg"])
    return contestant.settings[scores.index(max(scores))]


def measured(contestant: Contestant, parts: Split, seed: int, epochs: int, setting: Setting) -> dict[str, Any]:
    """One training run, measured by the test users."""
    trained, seconds = process_seconds(lambda: contestant.train(parts, seed, epochs, setting))
    return {"ndcg": ndcg(parts.test, trained.recommend(parts.test)), "seconds": seconds, "epochs": trained.epochs}


def table(runs: dict[str, list[dict[str, Any]]], events: int) -> Iterator[str]:
    """The results in Markdown."""
    yield "| | NDCG@10 | CPU seconds | epochs | events a CPU second |"
    yield "|---|---|---|---|---|"
    for name, results in runs.items():
        scores, seconds, epochs = ([result[what] for result in results] for what in ("ndcg", "seconds", "epochs"))
        spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
        speed = events * sum(epochs) / max(1e-9, sum(seconds))
        yield (
            f"| {name} | {statistics.mean(scores):.4f} ± {spread:.4f} | {statistics.mean(seconds):.1f} "
            f"| {statistics.mean(epochs):.1f} | {speed:,.0f} |"
        )


def main() -> None:
    """Search, run all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20, help="at most; all stop early by the validation users")
    parser.add_argument("--record", type=Path, help="goes on from what this file has")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    with tempfile.TemporaryDirectory() as folder:
        write_csv(generate(Settings(events=options.events, users=options.events // 50)), Path(folder) / "events.csv")
        parts = split(read_interactions(Path(folder)), seed=1)
    record, key = Record(options.record), {"events": options.events, "epochs": options.epochs}
    settings = {contestant.name: searched(contestant, parts, record, key) for contestant in CONTESTANTS}
    runs: dict[str, list[dict[str, Any]]] = {contestant.name: [] for contestant in CONTESTANTS}
    for seed in range(1, options.seeds + 1):
        for contestant in CONTESTANTS:
            setting = settings[contestant.name]
            found = record.once(
                {**key, "run": contestant.name, "setting": setting, "seed": seed},
                partial(measured, contestant, parts, seed, options.epochs, setting),
            )
            print(f"seed {seed}: {contestant.name} {found}", flush=True)
            runs[contestant.name].append(found)
    print("\n".join(table(runs, len(parts.train))))
    print(f"test users: {len(parts.test.users)}; settings found: {settings}")


if __name__ == "__main__":
    main()
