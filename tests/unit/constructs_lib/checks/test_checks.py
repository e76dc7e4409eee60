"""Each check on declarations that keep it and that break it, through cdk-nag itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from constructs_lib.checks import RULES, TuningChecks
from infra.handlers import contract
from stacks import DataStack, Settings, TuningStack
from tests.unit.review.assemblies import with_changes

DEFINITION = "TrainingJobDefinition"
LIMITS = "HyperParameterTuningJobConfig/ResourceLimits"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
DIGEST = f"sha256:{'a' * 64}"

COMPLIANT: dict[str, Any] = {
    "HyperParameterTuningJobName": "translation-1",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 8, "MaxParallelTrainingJobs": 2},
    },
    "TrainingJobDefinition": {
        "AlgorithmSpecification": {"TrainingImage": f"repository/image@{DIGEST}", "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": "s3://bucket", "KmsKeyId": KEY},
        "ResourceConfig": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": 1,
            "VolumeSizeInGB": 10,
            "VolumeKmsKeyId": KEY,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "EnableNetworkIsolation": True,
        "StaticHyperParameters": {"max_token": "100"},
    },
}

Changes = list[tuple[str, Any]]


def changed(changes: Changes) -> dict[str, Any]:
    """`COMPLIANT` with values put at, or (with None) taken from, paths with slashes."""
    return with_changes(COMPLIANT, *changes)


@pytest.fixture(scope="module")
def app() -> cdk.App:
    return cdk.App()


def findings(app: cdk.App, properties: dict[str, Any], *acknowledged: str) -> dict[str, str]:
    """The findings, by rule, with their severity."""
    stack = cdk.Stack(app, f"Stack{len(app.node.children)}")
    job = cdk.CustomResource(
        stack,
        "Job",
        resource_type=contract.TUNING_JOB_RESOURCE_TYPE,
        service_token="arn:aws:lambda:eu-west-1:123456789012:function:f",
        properties=properties,
    )
    for rule_id in acknowledged:
        cdk.Validations.of(job).acknowledge(cdk.Acknowledgment(id=rule_id, reason="because"))
    report = TuningChecks(app).validate_scope(stack)
    return {violation.rule_name: violation.severity or "" for violation in report.violations}


REF = {"Ref": "AWS::StackName"}
TWO = (f"{DEFINITION}/ResourceConfig/InstanceCount", 2)
FLEXIBLE = {"InstanceConfigs": [{"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1}]}
GROUPS = {
    "a": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    "b": {"InstanceType": "ml.c5.large", "InstanceCount": 1},
}
IMAGE = f"{DEFINITION}/AlgorithmSpecification/TrainingImage"
SPOT = (f"{DEFINITION}/EnableManagedSpotTraining", True)


def without_key(instance_type: str) -> Changes:
    return [
        (f"{DEFINITION}/ResourceConfig/VolumeKmsKeyId", None),
        (f"{DEFINITION}/ResourceConfig/InstanceType", instance_type),
    ]


@pytest.mark.parametrize(
    ("rule_id", "changes"),
    [
        ("CostCeiling", [(f"{LIMITS}/MaxNumberOfTrainingJobs", None)]),
        ("CostCeiling", [(f"{DEFINITION}/StoppingCondition", {})]),
        ("ImmutableImage", [(IMAGE, "repository/image")]),
        ("ImmutableImage", [(IMAGE, "registry:5000/image")]),
        ("ImmutableImage", [(IMAGE, "repository/image:latest")]),
        ("ImmutableImage", [(IMAGE, {"Fn::Join": ["", ["1.dkr.ecr.", REF, "/image:latest"]]})]),
        ("ImmutableImage", [(IMAGE, {"Fn::Sub": "1.dkr.ecr.${AWS::Region}.amazonaws.com/image:latest"})]),
        ("NetworkIsolation", [(f"{DEFINITION}/EnableNetworkIsolation", None)]),
        ("NetworkIsolation", [(f"{DEFINITION}/EnableNetworkIsolation", False)]),
        ("Secrets[training_job_definition.environment[\"API_TOKEN\"]]",
            [(f"{DEFINITION}/Environment", {"API_TOKEN": "0a1b2c3d4e5f"})]),
        ("Secrets[Environment.DB]", [(f"{DEFINITION}/Environment", {"DB": "{{resolve:secretsmanager:db}}"})]),
        ("OutputEncryption", [(f"{DEFINITION}/OutputDataConfig/KmsKeyId", None)]),
        ("SpotCheckpoints", [SPOT]),
        ("TrafficEncryption", [TWO]),
        ("TrafficEncryption", [(f"{DEFINITION}/ResourceConfig/InstanceGroups", GROUPS)]),
        ("TrafficEncryption", [(f"{DEFINITION}/HyperParameterTuningResourceConfig", FLEXIBLE)]),
        ("VolumeEncryption", without_key("ml.m5.large")),
        ("VolumeEncryption", without_key("ml.p3.2xlarge")),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_found(app: cdk.App, rule_id: str, changes: Changes) -> None:
    severity = "warning" if rule_id == "SpotCheckpoints" else "error"
    assert findings(app, changed(changes)) == {f"Tuning-{rule_id}": severity}


@pytest.mark.parametrize(
    "changes",
    [
        [],
        # CostCeiling
        [(f"{LIMITS}/MaxNumberOfTrainingJobs", None), (f"{LIMITS}/MaxRuntimeInSeconds", 3600)],
        [(f"{LIMITS}/MaxNumberOfTrainingJobs", None), ("HyperParameterTuningJobConfig/Strategy", "Grid")],
        [(f"{LIMITS}/MaxNumberOfTrainingJobs", REF)],
        # ImmutableImage
        [(IMAGE, "1.dkr.ecr.eu-west-1.amazonaws.com/seq2seq:1")],
        [(IMAGE, {"Fn::Join": ["", ["1.dkr.ecr.", REF, "/image:", REF]]})],
        [(IMAGE, {"Fn::Sub": "1.dkr.ecr.${AWS::Region}.amazonaws.com/image:${AWS::StackName}"})],
        [(IMAGE, REF)],
        # NetworkIsolation
        [(f"{DEFINITION}/EnableNetworkIsolation", False), (f"{DEFINITION}/VpcConfig", {"Subnets": ["a"]})],
        [(f"{DEFINITION}/EnableNetworkIsolation", REF)],
        # Secrets
        [(f"{DEFINITION}/Environment", {"TOKEN_SECRET": REF})],
        # OutputEncryption
        [(f"{DEFINITION}/OutputDataConfig/KmsKeyId", REF)],
        # SpotCheckpoints
        [SPOT, (f"{DEFINITION}/CheckpointConfig", {"S3Uri": "s3://b"})],
        # TrafficEncryption
        [TWO, (f"{DEFINITION}/EnableInterContainerTrafficEncryption", True)],
        # VolumeEncryption: these store on disks of their own and take no key
        without_key("ml.g4dn.xlarge"),
        without_key("ml.g5.12xlarge"),
        without_key("ml.p4d.24xlarge"),
        without_key("ml.p5.48xlarge"),
        without_key("ml.trn1.2xlarge"),
        without_key("ml.m5d.large"),
    ],
)
def test_what_keeps_the_rules_is_not_found(app: cdk.App, changes: Changes) -> None:
    assert findings(app, changed(changes)) == {}


def test_a_finding_in_one_of_several_definitions_names_it(app: cdk.App) -> None:
    single = COMPLIANT[DEFINITION]
    open_ = {**single, "EnableNetworkIsolation": False}
    several = [(DEFINITION, None), ("TrainingJobDefinitions", {"small": single, "large": open_})]
    assert findings(app, changed(several)) == {"Tuning-NetworkIsolation[large]": "error"}


def test_a_finding_can_be_acknowledged(app: cdk.App) -> None:
    assert findings(app, changed([SPOT]), "Tuning-SpotCheckpoints") == {}


def test_other_resources_are_not_looked_at(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Others")
    cdk.CfnResource(stack, "Topic", type="AWS::SNS::Topic")
    assert TuningChecks().validate_scope(stack).success


def test_each_rule_is_a_file_and_says_what_to_do() -> None:
    folder = Path(__file__).parents[4] / "constructs_lib" / "checks"
    files = [path for path in folder.glob("*.py") if not path.name.startswith("_")]
    assert len(files) == len(RULES)
    assert [rule.id for rule in RULES] == sorted({rule.id for rule in RULES})
    assert all(": " in rule.info and rule.info.endswith(".") for rule in RULES)


def test_the_constructs_do_not_need_cdk_nag() -> None:
    import subprocess
    import sys

    code = "import sys, constructs_lib; sys.exit('cdk_nag' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_app_keeps_the_rules() -> None:
    app = cdk.App()
    data = DataStack(app, "Data", settings=Settings())
    TuningStack(app, "Tuning", settings=Settings(), data=data)
    assert [violation.rule_name for violation in TuningChecks(app).validate_scope(app).violations] == []
