"""The image's program: ``python -m infra.xgboost train``.

Exit codes: 0, also when stopped by SIGTERM; 1 for a client's mistake; 2 for one of ours. The reason is in the failure
file and on standard error.
"""

from __future__ import annotations

import sys

from infra.container import log, run_program

from .container import TableContainer
from .hyperparameters import HyperParameters


def main(arguments: list[str]) -> int:
    """Runs the command and gives the exit code."""
    container = TableContainer.from_environment()

    def train() -> None:
        settings = HyperParameters.parse(container.hyperparameters())
        # Not before the hyperparameters are known to be right: this import takes a moment.
        from .training_job import run

        run(container, settings, log)

    return run_program("python -m infra.xgboost", arguments, container, train)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
