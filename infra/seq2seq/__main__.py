"""The image's program: ``python -m infra.seq2seq train``, or ``serve``.

Exit codes: 0, also when stopped by SIGTERM; 1 for a client's mistake; 2 for one of ours. The reason is on standard
error, and for training in the failure file.
"""

from __future__ import annotations

import os
import signal
import sys

from infra.container import Container, exit_code_of, log, run_program

from .hyperparameters import HyperParameters


def main(arguments: list[str]) -> int:
    """Runs the command and gives the exit code."""
    container = Container.from_environment()
    return run_program(
        "python -m infra.seq2seq",
        arguments,
        container,
        train=lambda: _train(container),
        others={"serve": lambda: exit_code_of(lambda: _serve(container), None)},
    )


def _train(container: Container) -> None:
    if "RANK" not in os.environ:  # one of several processes must not remove what another has just left
        container.forget_failure()
    settings = HyperParameters.parse(container.hyperparameters())
    # Not before the hyperparameters are known to be right: this import takes seconds.
    from .memory import go_first
    from .processes import take_all_gpus
    from .training_job import run

    go_first()
    take_all_gpus()
    run(container, settings, log)


def _serve(container: Container) -> None:
    from .serving.server import DEFAULT_PORT, PORT_VARIABLE, environment_number, serve

    port = environment_number(PORT_VARIABLE, DEFAULT_PORT, 0, 65535)
    serve(container.model, host="0.0.0.0", port=port, log=log)  # noqa: S104  a container's only way in


if __name__ == "__main__":
    # Training and serving listen for it themselves, as soon as there is something to put away.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    sys.exit(main(sys.argv[1:]))
