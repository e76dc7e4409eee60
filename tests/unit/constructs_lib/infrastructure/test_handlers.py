"""The functions behind the custom resources: what they may do, and what is in them."""

from __future__ import annotations

from aws_cdk.assertions import Match

from tests.unit.constructs_lib.infrastructure.deployment import Deployment
from tests.unit.constructs_lib.infrastructure.templates import actions, resources, statements


def test_the_handler_manages_tuning_jobs_and_passes_training_roles_and_nothing_else(deployment: Deployment) -> None:
    found = statements(deployment.tuning_template, "TuningJobProviderRole")
    passes = [each for each in found if each["Action"] == "iam:PassRole"]

    only_to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    assert [each["Condition"] for each in passes] == [only_to_sagemaker] * 2
    assert {next(iter(each["Resource"])) for each in passes} == {"Fn::ImportValue", "Fn::GetAtt"}
    assert actions(found) == [
        "iam:PassRole",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sagemaker:AddTags",
        "sagemaker:CreateHyperParameterTuningJob",
        "sagemaker:DeleteHyperParameterTuningJob",
        "sagemaker:DeleteTags",
        "sagemaker:DescribeHyperParameterTuningJob",
        "sagemaker:ListTags",
        "sagemaker:StopHyperParameterTuningJob",
    ]


def test_a_stack_has_its_provider_once_and_all_logs_end(deployment: Deployment) -> None:
    functions = resources(deployment.tuning_template, "AWS::Lambda::Function").values()

    assert sorted(each["Properties"]["Handler"] for each in functions) == [
        "framework.isComplete",
        "framework.onEvent",
        "framework.onTimeout",
        "handlers.tuning_job.is_complete",
        "handlers.tuning_job.on_event",
    ]
    assert all("LogGroup" in each["Properties"]["LoggingConfig"] for each in functions)
    for group in resources(deployment.tuning_template, "AWS::Logs::LogGroup").values():
        assert group["Properties"]["RetentionInDays"] == 90
    # No managed policy: each function writes to its own log group alone.
    deployment.tuning_template.all_resources_properties("AWS::IAM::Role", {"ManagedPolicyArns": Match.absent()})


def test_the_asset_has_the_handlers_alone(deployment: Deployment) -> None:
    functions = resources(deployment.tuning_template, "AWS::Lambda::Function").values()
    (key,) = {
        each["Properties"]["Code"]["S3Key"]
        for each in functions
        if each["Properties"]["Handler"].startswith("handlers.")
    }
    asset = deployment.folder / f"asset.{key.removesuffix('.zip')}"

    assert [path.name for path in asset.iterdir()] == ["handlers"]
    names = {path.name for path in (asset / "handlers").rglob("*")}
    assert {"tuning_job.py", "gpu_quota.py", "contract.py", "__init__.py", "request_model.json", "rules"} <= names
    assert not any(name == "__pycache__" or name.endswith(".pyc") for name in names)
