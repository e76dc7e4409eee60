"""A team's machine: an app's folder, the real CDK CLI and a local AWS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from infra.local.clients import local_client
from infra.local.home import Home
from infra.local.state import LocalState

ROOT = Path(__file__).parents[2]


class Team:
    """Deploys an app's stacks on a local AWS.

    Args:
        home: the local AWS's state folder.
        state: what of it runs.
        output: where the CDK writes.
        app: the app's file, from the repository's root.
    """

    def __init__(self, home: Home, state: LocalState, output: Path, app: str) -> None:
        self._home, self._output, self._app = home, output, app
        self.cloudformation = local_client(state, "cloudformation")
        self.s3 = local_client(state, "s3")

    def cdk(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the CDK CLI as `tuning local cdk` does."""
        command = [sys.executable, "-m", "infra.cli", "local", "cdk", "--", *arguments]
        app = ["--app", f"{sys.executable} {self._app}", "--output", str(self._output)]
        environment = {**os.environ, "TUNING_HOME": str(self._home.path), "PYTHONPATH": str(ROOT)}
        return subprocess.run([*command, *app], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    def deploy(self, stack: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Deploy one stack."""
        return self.cdk("deploy", stack, "--exclusively", "--require-approval", "never", *arguments)

    def stacks(self) -> set[str]:
        """The names of all stacks."""
        return {one["StackName"] for one in self.cloudformation.describe_stacks()["Stacks"]}

    def outputs(self, stack: str) -> dict[str, str]:
        """A stack's outputs."""
        (found,) = self.cloudformation.describe_stacks(StackName=stack)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}
