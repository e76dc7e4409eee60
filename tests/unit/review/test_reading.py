from __future__ import annotations

import pytest

from infra.review.reading import ReadingError, read_request

SCRIPT = """
import boto3

job_name = "mine"
NUMBERS = {"MaxParallelTrainingJobs": 2, "MaxNumberOfTrainingJobs": 10}
config = {"Strategy": "Bayesian", "ResourceLimits": {**NUMBERS, "MaxRuntimeInSeconds": 3600}}
tags = [dict_ for dict_ in ()]

client = boto3.client("sagemaker")
client.create_hyper_parameter_tuning_job(
    HyperParameterTuningJobName=job_name, HyperParameterTuningJobConfig=config, **{"Tags": [{"Key": "a", "Value": "b"}]}
)
"""


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, 0.5, true, null, "b"]}',
        "{'a': [1, 0.5, True, None, 'b']}",
        "# a comment\n{'a': [1, 0.5, True, None, 'b'],}\n",
    ],
)
def test_json_and_python_dicts_are_read(text: str) -> None:
    assert read_request(text, "request.json") == {"a": [1, 0.5, True, None, "b"]}


def test_the_call_in_a_script_is_read_and_nothing_is_run() -> None:
    assert read_request(SCRIPT, "start.py") == {
        "HyperParameterTuningJobName": "mine",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "ResourceLimits": {
                "MaxParallelTrainingJobs": 2,
                "MaxNumberOfTrainingJobs": 10,
                "MaxRuntimeInSeconds": 3600,
            },
        },
        "Tags": [{"Key": "a", "Value": "b"}],
    }


CALL = "client.create_hyper_parameter_tuning_job"


@pytest.mark.parametrize(
    ("text", "file", "message"),
    [
        ("[]", "a.json", "a.json must hold an object, the request, got list"),
        (
            '{"a": }',
            "a.json",
            "a.json is neither JSON (Expecting value: line 1 column 7 (char 6)) nor a Python dict",
        ),
        ("x = (", "a.py", "a.py is no Python: line 1: '(' was never closed"),
        ("x = 1", "a.py", "a.py must have one call of create_hyper_parameter_tuning_job, got no call"),
        (
            f"{CALL}()\n{CALL}()",
            "a.py",
            "a.py must have one call of create_hyper_parameter_tuning_job, got 2 calls",
        ),
        (
            f"role = get_role()\n{CALL}(RoleArn=role)",
            "a.py",
            "a.py, line 1: get_role() is computed; put its value there, nothing is run",
        ),
        ("{'a': f'{x}'}", "a.json", "a.json, line 1: f'{x}' is computed; put its value there, nothing is run"),
        (f"a = b\nb = a\n{CALL}(Name=a)", "a.py", "a.py, line 2: a is computed; put its value there, nothing is run"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, file: str, message: str) -> None:
    with pytest.raises(ReadingError) as error:
        read_request(text, file)
    assert str(error.value) == message
