"""The image that is built in the account, in a stack as somebody would write it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Match, Template
from cdk_nag import AwsSolutionsChecks
from cfnlint import ManualArgs, lint

from constructs_lib import (
    Seq2SeqImage,
    Seq2SeqImageBuild,
    Seq2SeqImageVariant,
    Seq2SeqRepository,
    seq2seq_image_build,
)
from tests.support.somebodys_app import declare_search

INFRA = Path(__file__).parents[3] / "infra"


class Deployment:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app = cdk.App(outdir=str(folder), analytics_reporting=False)
        self.stack = cdk.Stack(self.app, "Own")
        self.build = Seq2SeqImageBuild(self.stack, "Build", repository=Seq2SeqRepository(self.stack, "Repository"))
        declare_search(self.stack, self.build.image)
        self.app.synth()
        self.template = Template.from_stack(self.stack)

    def only(self, kind: str) -> tuple[str, dict[str, Any]]:
        ((logical_id, resource),) = self.template.find_resources(kind).items()
        return logical_id, dict(resource)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return Deployment(tmp_path_factory.mktemp("cdk.out"))


def test_the_build_is_a_resource_of_its_source(own: Deployment) -> None:
    logical_id, build = own.only("Custom::ImageBuild")
    tag = build["Properties"]["ImageTag"]
    assert tag.startswith("cu126-")
    assert logical_id.endswith(tag.removeprefix("cu126-"))
    project, properties = own.only("AWS::CodeBuild::Project")
    assert build["Properties"]["ProjectName"] == {"Ref": project}
    assert project in build["DependsOn"]
    assert any("ProjectRoleDefaultPolicy" in name for name in build["DependsOn"])
    variables = {
        each["Name"]: each["Value"] for each in properties["Properties"]["Environment"]["EnvironmentVariables"]
    }
    assert variables["IMAGE_TAG"] == tag
    assert variables["VARIANT"] == "cu126"


def test_the_tuning_job_trains_the_image_once_it_is_built(own: Deployment) -> None:
    logical_id, _ = own.only("Custom::ImageBuild")
    _, job = own.only("Custom::HyperParameterTuningJob")
    image = json.dumps(job["Properties"]["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"])
    assert json.dumps({"Fn::GetAtt": [logical_id, "ImageTag"]}) in image


def test_aws_own_image_takes_the_same_declaration() -> None:
    stack = cdk.Stack(None, "Theirs", env=cdk.Environment(region="eu-west-1"))
    declare_search(stack, Seq2SeqImage.built_in(stack))
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::CodeBuild::Project", 0)
    image = "685385470294.dkr.ecr.eu-west-1.amazonaws.com/seq2seq:1"
    template.has_resource_properties(
        "Custom::HyperParameterTuningJob",
        {
            "TrainingJobDefinition": {
                "AlgorithmSpecification": {"TrainingImage": Match.string_like_regexp(f"^{image}$")}
            }
        },
    )


def test_the_build_is_privileged_bounded_and_logged(own: Deployment) -> None:
    own.template.has_resource_properties(
        "AWS::CodeBuild::Project",
        {
            "Environment": {"PrivilegedMode": True},
            "Artifacts": {"Type": "NO_ARTIFACTS"},
            "TimeoutInMinutes": 40,
            "QueuedTimeoutInMinutes": 10,
            "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED"}},
        },
    )
    groups = own.template.find_resources("AWS::Logs::LogGroup", {"Properties": {"RetentionInDays": 90}})
    assert len(groups) == len(own.template.find_resources("AWS::Logs::LogGroup"))


def test_roles_may_do_what_building_needs_and_no_more(own: Deployment) -> None:
    builder = _statements(own, "BuildProjectRole")
    assert {action for each in builder for action in each["Action"]} == {
        "s3:GetObject*", "s3:GetBucket*", "s3:List*",
        "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents",
        "ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:UploadLayerPart", "ecr:InitiateLayerUpload",
        "ecr:PutImage",
    }  # fmt: skip
    assert [each["Action"] for each in builder if each["Resource"] == "*"] == [["ecr:GetAuthorizationToken"]]
    project, _ = own.only("AWS::CodeBuild::Project")
    (starting,) = [each for each in _statements(own, "ImageBuildProviderRole") if "codebuild" in each["Action"][0]]
    assert starting["Action"] == ["codebuild:StartBuild", "codebuild:BatchGetBuilds"]
    assert starting["Resource"] == {"Fn::GetAtt": [project, "Arn"]}


def _statements(own: Deployment, role: str) -> list[dict[str, Any]]:
    found = [
        statement
        for policy in own.template.find_resources("AWS::IAM::Policy").values()
        if any(attached["Ref"].startswith(role) for attached in policy["Properties"]["Roles"])
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    return [
        {**each, "Action": [each["Action"]] if isinstance(each["Action"], str) else each["Action"]} for each in found
    ]


def test_the_source_is_what_the_dockerfile_copies(own: Deployment) -> None:
    _, project = own.only("AWS::CodeBuild::Project")
    key = json.dumps(project["Properties"]["Source"]["Location"]).split("/")[-1].split(".zip")[0]
    asset = own.folder / f"asset.{key}"
    assert {path.name for path in asset.iterdir()} == {"__init__.py", "container", "seq2seq"}
    names = {str(path.relative_to(asset)) for path in asset.rglob("*") if path.is_file()}
    assert {"seq2seq/Dockerfile", "seq2seq/requirements.txt", "seq2seq/bin/serve", "seq2seq/record_pb2.py"} <= names
    assert not [name for name in names if "__pycache__" in name]


def test_another_source_is_another_image_another_build_and_another_tuning_job(
    own: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a source with one line more
    changed = tmp_path / "infra"
    for room in ("container", "seq2seq"):
        shutil.copytree(INFRA / room, changed / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(INFRA / "__init__.py", changed)
    with (changed / "seq2seq/trainer.py").open("a") as file:
        file.write("# changed\n")
    monkeypatch.setattr(seq2seq_image_build, "_INFRA", changed)
    # WHEN
    other = Deployment(tmp_path / "cdk.out")
    # THEN
    before, after = own.only("Custom::ImageBuild"), other.only("Custom::ImageBuild")
    assert before[0] != after[0]
    assert before[1]["Properties"]["ImageTag"] != after[1]["Properties"]["ImageTag"]
    names = [
        each.only("Custom::HyperParameterTuningJob")[1]["Properties"]["HyperParameterTuningJobName"]
        for each in (own, other)
    ]
    assert names[0] != names[1]


def test_a_small_image_for_machines_without_a_gpu() -> None:
    stack = cdk.Stack(None, "Stack")
    repository = Seq2SeqRepository(stack, "Repository")
    Seq2SeqImageBuild(stack, "Build", repository=repository, variant=Seq2SeqImageVariant.CPU)
    template = Template.from_stack(stack)
    template.has_resource_properties("Custom::ImageBuild", {"ImageTag": Match.string_like_regexp("^cpu-[0-9a-f]{16}$")})


def test_the_template_passes_cfn_lint_and_cdk_nag(own: Deployment) -> None:
    template = (own.folder / "Own.template.json").read_text()
    # W3005: CDK writes DependsOn beside references.
    matches = lint(template, config=ManualArgs(regions=["eu-west-1"], ignore_checks=["W3005"]))
    assert [str(match) for match in matches] == []
    report = AwsSolutionsChecks(own.app).validate_scope(own.app)
    assert [
        (each.rule_name, where.construct_path) for each in report.violations for where in each.violating_resources
    ] == []
