"""The README's promises that a test can keep."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_example_runs_and_has_at_most_25_lines_of_code(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 25
    environment = {"PATH": str(Path(sys.executable).parent), "PYTHONPATH": str(ROOT), "CDK_OUTDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment)
    template = json.loads((tmp_path / "Translation.template.json").read_text())
    assert "Custom::HyperParameterTuningJob" in {each["Type"] for each in template["Resources"].values()}


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)\)", README))
def test_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


@pytest.mark.parametrize("target", re.findall(r"^make ([a-z-]+)", README, re.MULTILINE))
def test_make_targets_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^tuning ((?:[a-z0-9]+ ?)+)", README, re.MULTILINE))))
def test_commands_exist(command: str) -> None:
    words = [word for word in command.split() if word not in ("corpus", "data")]
    ran = subprocess.run(
        [sys.executable, "-m", "infra.cli", *words, "--help"], capture_output=True, check=False, cwd=ROOT
    )
    assert ran.returncode == 0, ran.stderr
