"""The programs: `python -m infra.recommender train`, in a training container, and `… generate FILE`.

Exit codes of `train`: 0, also when stopped by SIGTERM; 1 for a mistake in data or hyperparameters; 2 for one of ours.
The reason is in the failure file and on standard error.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from infra.container import Container, exit_code_of, log

from .hyperparameters import Settings


def main(arguments: list[str]) -> int:
    """Run the command and give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.recommender", description="train or generate")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("train", help="train in the container that SAGEMAKER_BASE_DIR names")
    generating = commands.add_parser("generate", help="write a generated interactions file")
    generating.add_argument("file", type=Path)
    generating.add_argument("--events", type=int, default=100_000)
    generating.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    return train() if options.command == "train" else generate(options.file, options.events, options.seed)


def train() -> int:
    """The training program."""
    container = Container.from_environment()

    def steps() -> None:
        settings = Settings.parse(container.hyperparameters())
        from .training_job import run  # takes a second: not before the hyperparameters are known to be right

        run(container, settings, log)

    return exit_code_of(steps, container)


def generate(file: Path, events: int, seed: int) -> int:
    """Write generated interactions with at least so many events."""
    from .generator import Settings as Wanted
    from .generator import generate as generated
    from .generator import write_csv

    made = generated(Wanted(events=events, seed=seed))
    write_csv(made, file)
    log(f"{len(made)} events in {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
