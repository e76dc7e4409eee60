"""The image's program: ``python -m infra.seq2seq train``, or ``serve``.

Exit codes: 0, also when stopped by SIGTERM; 1 for a client's mistake; 2 for one of ours. The reason is on standard
error, and for training in the failure file.
"""

from __future__ import annotations

import sys
import traceback

from .container import Container
from .errors import ClientError
from .hyperparameters import HyperParameters

_USAGE = "usage: python -m infra.seq2seq train | serve"


def main(arguments: list[str]) -> int:
    """Runs the command and gives the exit code."""
    if arguments == ["serve"]:
        return _serve(Container.from_environment())
    if arguments != ["train"]:
        print(_USAGE, file=sys.stderr)  # noqa: T201
        return 2
    container = Container.from_environment()
    try:
        settings = HyperParameters.parse(container.hyperparameters())
        # Not before the hyperparameters are known to be right: this import takes seconds.
        from .training_job import run

        run(container, settings, _log)
    except ClientError as error:
        return _fail(container, f"ClientError: {error}", 1)
    except Exception as error:  # whatever it is, the service shows the reason rather than a bare exit code
        traceback.print_exc()
        return _fail(container, f"AlgorithmError: {type(error).__name__}: {error}", 2)
    return 0


def _serve(container: Container) -> int:
    from .serving.server import DEFAULT_PORT, PORT_VARIABLE, environment_number, serve

    try:
        port = environment_number(PORT_VARIABLE, DEFAULT_PORT, 0, 65535)
        serve(container.model, host="0.0.0.0", port=port, log=_log)  # noqa: S104  a container's only way in
    except ClientError as error:
        print(f"ClientError: {error}", file=sys.stderr, flush=True)  # noqa: T201
        return 1
    return 0


def _log(line: str) -> None:
    print(line, flush=True)  # noqa: T201  standard output is the job's log


def _fail(container: Container, reason: str, code: int) -> int:
    container.write_failure(reason)
    print(reason, file=sys.stderr, flush=True)  # noqa: T201
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
