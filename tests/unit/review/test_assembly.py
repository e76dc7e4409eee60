from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from constructs import Construct

from infra.handlers import contract
from infra.review import AssemblyError, read_assembly


class Job(Construct):
    def __init__(self, scope: Construct, id: str, *, warn: str | None = None) -> None:  # noqa: A002
        super().__init__(scope, id)
        cdk.CustomResource(
            self,
            "Resource",
            resource_type=contract.TUNING_JOB_RESOURCE_TYPE,
            service_token="arn:aws:lambda:eu-west-1:123456789012:function:f",
            properties={contract.TUNING_JOB_NAME: id.lower()},
            removal_policy=cdk.RemovalPolicy.RETAIN if id == "Kept" else None,
        )
        if warn is not None:
            cdk.Annotations.of(self).add_warning_v2("cdk-tuning:L2", warn)


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real assembly: two jobs in a stack, one in a nested stack, one in a stage."""
    folder = tmp_path_factory.mktemp("assembly") / "cdk.out"
    app = cdk.App(outdir=str(folder))
    here = cdk.Environment(account="123456789012", region="eu-west-1")
    stack = cdk.Stack(app, "Tuning", env=here, stack_name="team-tuning")
    Job(stack, "First", warn="too many")
    Job(cdk.NestedStack(stack, "Nested"), "Inner")
    Job(stack, "Kept")
    Job(stack, "Resource")
    Job(cdk.Stack(cdk.Stage(app, "Prod"), "Tuning"), "First")
    app.synth()
    return folder


def test_jobs_of_stacks_nested_stacks_and_stages_are_found_by_construct_path(synthesised: Path) -> None:
    jobs = {job.path: job for job in read_assembly(synthesised).jobs}
    assert list(jobs) == ["Prod/Tuning/First", "Tuning/First", "Tuning/Kept", "Tuning/Nested/Inner", "Tuning/Resource"]
    assert jobs["Tuning/First"].properties[contract.TUNING_JOB_NAME] == "first"
    assert jobs["Tuning/Nested/Inner"].properties[contract.TUNING_JOB_NAME] == "inner"
    assert jobs["Tuning/First"].stack == "team-tuning"
    assert jobs["Prod/Tuning/First"].stack == "Prod-Tuning"


def test_region_retention_and_warnings_come_with_a_job(synthesised: Path) -> None:
    jobs = {job.path: job for job in read_assembly(synthesised).jobs}
    assert (jobs["Tuning/First"].region, jobs["Prod/Tuning/First"].region) == ("eu-west-1", None)
    assert [path for path, job in jobs.items() if job.retained] == ["Tuning/Kept"]
    assert {path: job.warnings for path, job in jobs.items() if job.warnings} == {
        "Tuning/First": ("too many [ack: cdk-tuning:L2]",)
    }


def test_without_metadata_the_logical_id_stands_for_the_path(tmp_path: Path) -> None:
    template = {"Resources": {"Job1": {"Type": contract.TUNING_JOB_RESOURCE_TYPE, "Properties": {"a": 1}}}}
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "S.json"}}
    (tmp_path / "S.json").write_text(json.dumps(template))
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"S": stack}}))
    assert [job.path for job in read_assembly(tmp_path).jobs] == ["S/Job1"]


def test_what_is_no_assembly_is_refused_with_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError) as missing:
        read_assembly(tmp_path / "cdk.out")
    assert str(missing.value) == (
        f"no folder {tmp_path}/cdk.out: run `cdk synth`, which writes cdk.out, or name another folder"
    )
    with pytest.raises(AssemblyError) as other:
        read_assembly(tmp_path)
    assert str(other.value) == (
        f"{tmp_path} is no cloud assembly, it has no manifest.json: run `cdk synth`, or name the folder that it wrote"
    )
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(AssemblyError, match=rf"cannot read {tmp_path}/manifest.json: run `cdk synth` again \(.*\)"):
        read_assembly(tmp_path)
