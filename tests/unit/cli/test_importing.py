"""`tuning import` and `tuning request` are inverse, through real files and a real synthesis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from typer.testing import CliRunner, Result

from infra.cli import app
from infra.handlers.keyed import keyed
from tests.unit.handlers.requests import definition, request

NAME = "HyperParameterTuningJobName"
METRICS = [{"Name": "loss", "Regex": 'loss="([0-9\\.]+)"'}]
CATEGORICAL = {"CategoricalParameterRanges": [{"Name": "b", "Values": ["x", "1"]}, {"Name": "a", "Values": ["", "y"]}]}
OWN_ALGORITHM = {"TrainingImage": "repository/mine:1", "TrainingInputMode": "FastFile", "MetricDefinitions": METRICS}


def several() -> dict[str, Any]:
    """Two definitions, of which one searches at random, with values that are easily lost."""
    objective = {"MetricName": "loss", "Type": "Minimize"}
    ranges = {"ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0.00005", "MaxValue": "0.30000000000000004"}]}
    small = definition(
        DefinitionName="small",
        TuningObjective=objective,
        HyperParameterRanges=ranges,
        AlgorithmSpecification=OWN_ALGORITHM,
        EnableNetworkIsolation=False,
        StaticHyperParameters={"zero": "0", "empty": "", "off": "false", "long": "9007199254740993"},
        Environment={"A": "1"},
    )
    large = {**small, "DefinitionName": "large", "HyperParameterRanges": CATEGORICAL, "EnableNetworkIsolation": True}
    limits = {"MaxParallelTrainingJobs": 1, "MaxNumberOfTrainingJobs": 3}
    config = {"Strategy": "Random", "RandomSeed": 0, "ResourceLimits": limits}
    return {NAME: "several", "HyperParameterTuningJobConfig": config, "TrainingJobDefinitions": [small, large]}


REQUESTS = {
    "Single": {**request(), "Tags": [{"Key": "team", "Value": ""}]},
    "Several": several(),
    "Child": {
        **request(),
        "WarmStartConfig": {
            "WarmStartType": "TransferLearning",
            "ParentHyperParameterTuningJobs": [{NAME: "parent-2"}, {NAME: "parent-1"}],
        },
    },
}


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


def test_what_is_imported_sends_the_same_request(tmp_path: Path) -> None:
    # GIVEN declarations that were printed from requests
    synthesised = cdk.App(outdir=str(tmp_path / "cdk.out"))
    for name, one in REQUESTS.items():
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(one))
        result = run("import", str(file))
        assert result.exit_code == 0, result.output
        names: dict[str, Any] = {"__name__": name}
        exec(compile(result.output, f"{name}.py", "exec"), names)
        (stack,) = (value for key, value in names.items() if key.endswith("Stack") and key != "Stack")
        stack(synthesised, name)
    # WHEN
    synthesised.synth()
    sent = json.loads(run("request", str(tmp_path / "cdk.out"), "--json").output)
    # THEN lists by name come in the order of the names
    assert list(sent) == ["Child/TuningJob", "Several/TuningJob", "Single/TuningJob"]
    for name, one in REQUESTS.items():
        without_name = {member: value for member, value in keyed(sent[f"{name}/TuningJob"]).items() if member != NAME}
        assert without_name == {member: value for member, value in keyed(one).items() if member != NAME}


def test_a_request_may_come_from_a_pipe() -> None:
    assert run("import", "-", stdin=json.dumps(request())).output.startswith('"""The tuning job job-0123456789')


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"Surprise": 1}', "Surprise is not a member of the request\n"),
        (b"[]", "{file} must hold an object, the request, got list\n"),
        (b"\xff", "{file} is no text: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte\n"),
    ],
)
def test_errors_are_one_message(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "request.json"
    file.write_bytes(content)
    result = run("import", str(file))
    assert (result.exit_code, result.stderr) == (1, message.replace("{file}", str(file)))
