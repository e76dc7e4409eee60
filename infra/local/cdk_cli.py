"""The pinned CDK CLI, run by our own Node against the local AWS."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local import ministack
from infra.local.environment import command_environment
from infra.local.errors import LocalError
from infra.local.home import Home
from infra.local.interrupts import handled_by
from infra.local.state import LocalState

_SCRIPT = Path("node_modules/aws-cdk/bin/cdk")


def find_cdk(folder: Path) -> list[str]:
    """The command line of the CDK CLI: the project's own, from `folder` upwards, else the one on PATH.

    Raises:
        LocalError: There is none.
    """
    for candidate in (parent / _SCRIPT for parent in (folder, *folder.parents)):
        if candidate.is_file():
            return [str(ministack.node_folder() / "node"), str(candidate)]
    on_path = shutil.which("cdk")
    if on_path is not None:
        return [on_path]
    raise LocalError(
        f"the CDK CLI is neither in node_modules of {folder} or a folder above nor on PATH: "
        "run `make setup`, or `npm install --save-dev aws-cdk@2`"
    )


def run_cdk(home: Home, state: LocalState, arguments: Sequence[str]) -> int:
    """Run the CDK CLI with this process's terminal; answers its exit code.

    Arguments are passed as they are: nothing is approved that the user did not approve. Without a terminal the CLI
    itself says that it needs `--require-approval never`.
    """
    command = [*find_cdk(Path.cwd()), *arguments]
    environment = command_environment(home, state)
    # The app's `python3` is the one that runs us, whether or not its virtual environment is activated.
    folders = [str(ministack.node_folder()), str(Path(sys.executable).parent), environment.get("PATH", os.defpath)]
    environment["PATH"] = os.pathsep.join(folders)
    environment["JSII_NODE"] = str(ministack.node_folder() / "node")
    environment["CDK_DISABLE_CLI_TELEMETRY"] = "true"
    process = subprocess.Popen(command, env=environment)
    # The terminal sends Ctrl-C to the CLI too, which then ends in its own time.
    with handled_by({signal.SIGINT: lambda *_: None, signal.SIGTERM: lambda *_: process.terminate()}):
        return process.wait()


def exit_code(returncode: int) -> int:
    """As a shell reports it: 128 and the signal's number where a signal ended the process."""
    return 128 - returncode if returncode < 0 else returncode
