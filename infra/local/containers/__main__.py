"""The program of a training job whose image is a container; started in the job's folder."""

from __future__ import annotations

import sys
from pathlib import Path

from infra.local.containers import REMOVE, RUN
from infra.local.containers.connection import ContainerEngineError
from infra.local.containers.program import remove_container, run_container


def main(arguments: list[str]) -> int:
    """`run` or `remove`; the exit code."""
    match arguments:
        case [command] if command == RUN:
            return run_container(Path.cwd())
        case [command] if command == REMOVE:
            try:
                remove_container(Path.cwd())
            except ContainerEngineError as error:
                sys.stderr.write(f"the container may still be there: {error}\n")
                return 1
            return 0
        case _:
            sys.stderr.write(f"usage: python -m infra.local.containers {RUN}|{REMOVE}\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
