from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from typer.testing import CliRunner, Result

from infra.cli import app
from infra.cli import plan as command
from tests.unit.review.assemblies import properties, write_assembly

CONFIG = "HyperParameterTuningJobConfig"
NEW_NAME = ("HyperParameterTuningJobName", "translation-0000000002")
QUOTA = {"QuotaName": "ml.g4dn.xlarge for training job usage", "Instances": 2}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["plan", *arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the assemblies `base` and `cdk.out`, which widens a range, adds a job and drops one."""
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    write_assembly(
        tmp_path / "base",
        {"Tuning/Job": properties(), "Tuning/Old": properties(("HyperParameterTuningJobName", "old-1"))},
    )
    wider = (f"{CONFIG}/ParameterRanges/ContinuousParameterRanges/learning_rate/MaxValue", "0.1")
    later = (f"{CONFIG}/ResourceLimits/MaxParallelTrainingJobs", {"Ref": "Parallel"})
    write_assembly(
        tmp_path / "cdk.out",
        {
            "Tuning/Job": properties(NEW_NAME, wider),
            "Tuning/New": properties(("HyperParameterTuningJobName", "new-1"), later),
        },
        quotas={"Tuning/Quota": QUOTA},
        warnings={"Tuning/Job": ["ranges: *wide* | <b> [ack: cdk-tuning:L2]"]},
    )
    (tmp_path / "prices.json").write_text('{"ml.g4dn.xlarge": {"on_demand": 0.7364}}')
    return tmp_path


PLAN_AS_TEXT = """\
3 tuning jobs: 1 new, 1 replaced, 1 stopped.

Tuning/Job  translation-0000000002  is replaced: a new job starts, the old one is stopped
  name            translation-0000000001 → translation-0000000002
  changes         ParameterRanges.learning_rate.MaxValue 0.01 → 0.1
  strategy        Bayesian
  objective       minimize validation:perplexity
  search space    2 hyperparameters
                    learning_rate   continuous 0.0001 to 0.1, logarithmic, 3 decades
                    optimizer_type  categorical adam, sgd
  each runs on    1 x ml.g4dn.xlarge, for at most 30m
  training jobs   at most 8, 2 at a time, early stopping auto
  instance-hours  at most 4
  cost            at most $2.95
  warning         ranges: *wide* | <b> [ack: cdk-tuning:L2]

Tuning/New  new-1  starts
  strategy        Bayesian
  objective       minimize validation:perplexity
  search space    2 hyperparameters
                    learning_rate   continuous 0.0001 to 0.01, logarithmic, 2 decades
                    optimizer_type  categorical adam, sgd
  each runs on    1 x ml.g4dn.xlarge, for at most 30m
  training jobs   at most 8, number at a time unknown: MaxParallelTrainingJobs is known at
                  deployment (Ref Parallel), early stopping auto
  instance-hours  at most 4
  cost            at most $2.95

Tuning/Old  old-1  stops

Quota                                   Needed   Declared
───────────────────────────────────────────────────────────────────
ml.g4dn.xlarge for training job usage       10          2   too low

This deployment: at most 16 training jobs, at most 8 instance-hours, at most $5.90.
"""


def test_text_reads_like_a_review(folder: Path) -> None:
    result = run("--against", "base", "--prices", "prices.json")
    assert result.exit_code == 0, result.output
    assert "\n".join(line.rstrip() for line in result.output.splitlines()) + "\n" == PLAN_AS_TEXT


def test_markdown_has_the_summary_first_and_gives_user_text_no_meaning(folder: Path) -> None:
    lines = run("--against", "base", "--prices", "prices.json", "--format", "markdown").output.splitlines()
    assert lines[:5] == [
        "<!-- tuning plan -->",
        "## Tuning plan",
        "",
        "3 tuning jobs: 1 new, 1 replaced, 1 stopped. This deployment: at most 16 training jobs, at most 8 "
        "instance-hours, at most $5.90.",
        "",
    ]
    assert (
        "| `Tuning/Job`<br>`translation-0000000002` | **replaced** | Bayesian, minimize validation:perplexity | ≤ 8 "
        "| ≤ 4 | ≤ $2.95 |" in lines
    )
    assert "| `ParameterRanges.learning_rate.MaxValue` | `0.01` | `0.1` |" in lines
    assert "- `Tuning/Job`: ranges: \\*wide\\* \\| &lt;b&gt; \\[ack: cdk-tuning:L2\\]" in lines
    assert "| ml.g4dn.xlarge for training job usage | 10 | 2 | too low | `aws://123456789012/eu-west-1` |" in lines


def test_json_has_amounts_as_numbers_and_reasons_where_there_are_none(folder: Path) -> None:
    plan = json.loads(run("--against", "base", "--format", "json").output)
    job = plan["jobs"]["Tuning/Job"]
    assert (job["action"], job["oldName"], job["name"]) == ("replaced", "translation-0000000001", NEW_NAME[1])
    assert job["changes"] == [{"name": "ParameterRanges.learning_rate.MaxValue", "old": "0.01", "new": "0.1"}]
    assert job["atMost"] == {
        "trainingJobs": 8,
        "instanceHours": 4,
        "cost": {"unknown": "no price for ml.g4dn.xlarge in eu-west-1"},
    }
    assert job["definitions"][0]["ranges"]["learning_rate"]["decades"] == pytest.approx(3)
    assert plan["jobs"]["Tuning/New"]["maxParallelTrainingJobs"] == {
        "unknown": "MaxParallelTrainingJobs is known at deployment (Ref Parallel)"
    }
    assert plan["gone"]["Tuning/Old"]["action"] == "stops"
    assert plan["quotas"][0]["covered"] is False


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--max-cost", "5.9"], 0, ""),
        (["--max-cost", "5"], 2, "cost: the ceiling is $5.00, and $5.90 can be reached\n"),
        (["--max-cost", "0"], 2, "cost: the ceiling is $0.00, and $5.90 can be reached\n"),
        (["--max-hours", "8"], 0, ""),
        (["--max-hours", "7.5"], 2, "instance-hours: the ceiling is 7.5, and 8 can be reached\n"),
        # Compared with a base, only what starts counts: here nothing but the replaced job.
        (["--against", "base", "--max-hours", "8"], 0, ""),
        (["--against", "cdk.out", "--max-hours", "0", "--max-cost", "0"], 0, ""),
    ],
)
def test_ceilings_decide_the_exit_code(folder: Path, arguments: list[str], code: int, message: str) -> None:
    result = run("--prices", "prices.json", *arguments)
    assert (result.exit_code, result.stderr) == (code, message)


def test_a_ceiling_that_cannot_be_checked_counts_as_exceeded(folder: Path) -> None:
    result = run("--max-cost", "1000000")
    assert result.exit_code == 2
    assert result.stderr == (
        "cost: the ceiling is $1,000,000.00, and what can be reached is unknown: "
        "no price for ml.g4dn.xlarge in eu-west-1\n"
    )


def test_a_region_can_be_given_to_stacks_that_leave_it_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_assembly(
        tmp_path / "cdk.out", {"Tuning/Job": properties()}, environment="aws://unknown-account/unknown-region"
    )
    key = "sagemaker-training-price:region=eu-west-1:instance-type=ml.g4dn.xlarge"
    (tmp_path / "cdk.context.json").write_text(json.dumps({key: {"on_demand": "0.5"}}))
    assert run("--max-cost", "2").stderr == (
        "cost: the ceiling is $2.00, and what can be reached is unknown: "
        "no price for ml.g4dn.xlarge: the stack's region is known at deployment only, give it with --region\n"
    )
    assert run("--max-cost", "2", "--region", "eu-west-1").exit_code == 0


@pytest.mark.parametrize("ceiling", ["-1", "nan", "much"])
def test_a_ceiling_must_be_an_amount(folder: Path, ceiling: str) -> None:
    assert run(f"--max-cost={ceiling}").exit_code == 2
    assert "must be" in run(f"--max-cost={ceiling}").stderr


def test_missing_prices_are_fetched_once_and_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a price list that answers once
    client = boto3.client("pricing", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    term: dict[str, Any] = {"priceDimensions": {"R": {"unit": "Hrs", "pricePerUnit": {"USD": "0.5"}}}}
    with Stubber(client) as stubber:
        stubber.add_response("get_products", {"PriceList": [json.dumps({"terms": {"OnDemand": {"T": term}}})]})
        monkeypatch.setattr(command, "price_list", lambda: client)
        # WHEN
        plans = [json.loads(run("--fetch-prices", "--format", "json").output) for _ in range(2)]
    # THEN
    assert [plan["total"]["cost"] for plan in plans] == [4, 4]


def test_an_assembly_without_jobs_is_no_error(tmp_path: Path) -> None:
    result = run(str(write_assembly(tmp_path / "empty", {})))
    assert (result.exit_code, result.output.strip()) == (0, "No tuning jobs are declared.")


def test_errors_end_in_one_line(tmp_path: Path) -> None:
    result = run(str(tmp_path / "nowhere"))
    assert result.exit_code == 1
    assert result.stderr == (
        f"no folder {tmp_path}/nowhere: run `cdk synth`, which writes cdk.out, or name another folder\n"
    )
    wrong = write_assembly(tmp_path / "wrong", {"Tuning/Job": properties(("Surprise", 1))})
    assert run(str(wrong)).stderr == "Tuning/Job: Surprise is not a member of the request\n"


def test_a_plan_needs_nothing_beside_the_library_itself(folder: Path) -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from infra.cli import app;"
        "ended = CliRunner().invoke(app, ['plan']); print(ended.output);"
        "sys.exit(ended.exit_code or bool({'boto3', 'botocore', 'altair', 'aws_cdk', 'torch'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
