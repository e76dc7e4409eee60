"""What `cdk diff` shows of two versions of a stack, by the real CDK CLI and without an account."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from infra.local.cdk_cli import find_cdk

ROOT = Path(__file__).parents[2]


def diff(before: Path, after: Path, stack: str, home: Path) -> list[str]:
    """The lines of `cdk diff` about resources; it has no credentials and no configuration to find any."""
    options = ["--app", str(after), "--template", str(before / f"{stack}.template.json"), "--no-notices"]
    result = subprocess.run(
        [*find_cdk(ROOT), "diff", stack, *options],
        capture_output=True,
        text=True,
        check=True,
        cwd=home,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "NO_COLOR": "1", "CDK_DISABLE_CLI_TELEMETRY": "true"},
    )
    lines = result.stdout.splitlines() + result.stderr.splitlines()
    return [line for line in lines if line.lstrip().startswith(("[", "├", "└", "│"))]


def before_and_after(
    folder: Path, declare: Callable[..., None], before: Mapping[str, Any], cases: Mapping[str, Mapping[str, Any]]
) -> tuple[Path, Path]:
    """Assemblies with a stack for each case, as ``declare`` fills it: all as before, and each as its case has it."""
    return (
        _synthesise(folder / "before", declare, dict.fromkeys(cases, before)),
        _synthesise(folder / "after", declare, cases),
    )


def _synthesise(folder: Path, declare: Callable[..., None], versions: Mapping[str, Mapping[str, Any]]) -> Path:
    app = cdk.App(outdir=str(folder))
    for name, version in versions.items():
        declare(cdk.Stack(app, name), **version)
    app.synth()
    return folder


def without_names(lines: list[str], construct_id: str) -> list[str]:
    """The lines with a word for each name made from an id, whose hash says nothing to a reader."""
    mark = f"{construct_id}-"
    return [" ".join("<name>" if word.startswith(mark) else word for word in line.split()) for line in lines]
