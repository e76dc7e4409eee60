"""Time of a synthesis with our construct against hand-written custom resources with the same properties.

    python tests/benchmarks/synth/synth.py --jobs 1 75 150 300 --repetitions 5
    python tests/benchmarks/synth/synth.py --references --jobs 1 75 150 --repetitions 5
    python tests/benchmarks/synth/synth.py --distinct --jobs 1 75 150 300 --repetitions 5

Both declare the same sequence-to-sequence tuning jobs with all recommended ranges, up to 100 in a stack, and share the
provider, so that nothing differs but who makes the properties. With ``--references`` role, buckets and the number of
training jobs are other resources and a parameter of the stack. With ``--distinct`` each job has channels and a bound of
its own, so that no job has the ranges or the definition of another. Both run in one process, in turns, after a warm-up.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import psutil
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from constructs_lib import (
    Channel,
    HyperParameterTuningJob,
    InstanceType,
    Objective,
    OutputDataConfig,
    ParameterRange,
    ResourceLimits,
    S3DataSource,
    Scaling,
    Seq2Seq,
    TrainingJobDefinition,
)
from constructs_lib._provider import TuningJobProvider
from infra.handlers import contract
from infra.handlers.numbers import exact

JOBS_IN_A_STACK = 100
ROLE = "arn:aws:iam::123456789012:role/training"
IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/seq2seq:1"

NAMES = Seq2Seq.required_channels

Declare = Callable[[cdk.Stack, int], None]


@dataclass(frozen=True)
class Kind:
    """What the jobs are like.

    Attributes:
        references: whether they refer to other resources of their stack.
        distinct: whether each has channels and a bound of its own.
    """

    references: bool = False
    distinct: bool = False

    def folder(self, number: int) -> str:
        """Where a job's channels are in their buckets."""
        return f"/{number}" if self.distinct else ""

    def highest(self, number: int) -> float:
        """The highest learning rate that a job tries."""
        return 0.2 - number / 10_000 if self.distinct else 0.2


@dataclass(frozen=True)
class Surroundings:
    """What the jobs of a stack refer to: names, or other resources."""

    role: iam.IRole | str
    locations: Mapping[str, str]
    buckets: Mapping[str, s3.IBucket]
    jobs: float


@cache
def surroundings(stack: cdk.Stack, references: bool) -> Surroundings:
    """Made for the first job of a stack."""
    if not references:
        return Surroundings(ROLE, {name: f"s3://{name}" for name in (*NAMES, "output")}, {}, 8)
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    buckets: dict[str, s3.IBucket] = {name: s3.Bucket(stack, f"{name}-data") for name in (*NAMES, "output")}
    jobs = cdk.CfnParameter(stack, "Jobs", type="Number", default=8).value_as_number
    locations = {name: f"s3://{bucket.bucket_name}/en-de" for name, bucket in buckets.items()}
    return Surroundings(role, locations, buckets, jobs)


def ranges(kind: Kind, number: int) -> list[ParameterRange]:
    """Where a job searches."""
    learning_rate = Seq2Seq.learning_rate.between(5e-05, kind.highest(number), scaling=Scaling.LOGARITHMIC)
    every = Seq2Seq.recommended_ranges()
    return [learning_rate if each.name == learning_rate.name else each for each in every] if kind.distinct else every


def ours(kind: Kind) -> Declare:
    """A tuning job with our construct."""

    def declare(stack: cdk.Stack, number: int) -> None:
        around, folder = surroundings(stack, kind.references), kind.folder(number)
        sources = {name: S3DataSource(s3_uri=f"{around.locations[name]}{folder}") for name in NAMES}
        HyperParameterTuningJob(
            stack,
            f"Job{number}",
            objective=Objective.minimize("validation:perplexity"),
            ranges=ranges(kind, number),
            resource_limits=ResourceLimits(max_parallel_training_jobs=2, max_number_of_training_jobs=around.jobs),
            random_seed=number,
            training_job_definition=TrainingJobDefinition(
                # As the construct advises for an image that is not AWS's own; without them each job has a warning.
                algorithm=Seq2Seq(IMAGE, metric_definitions=Seq2Seq.own_metric_definitions),
                role=around.role,
                channels={name: Channel(s3_data_source=source) for name, source in sources.items()},
                output_data_config=OutputDataConfig(s3_output_path=around.locations["output"]),
                instance_type=InstanceType.ML_G4DN_XLARGE,
                instance_count=1,
                volume_size=cdk.Size.gibibytes(50),
                max_runtime=cdk.Duration.hours(1),
            ),
        )

    return declare


def by_hand(properties: dict[str, Any], kind: Kind) -> Declare:
    """A tuning job as a custom resource with given properties; the stack's provider is looked up once."""

    @cache
    def service_token(stack: cdk.Stack) -> str:
        return TuningJobProvider.get_or_create(stack).service_token

    @cache
    def referring(stack: cdk.Stack) -> dict[str, Any]:
        around = surroundings(stack, kind.references)
        if isinstance(around.role, str):
            return properties
        definition, config = properties["TrainingJobDefinition"], properties["HyperParameterTuningJobConfig"]
        output = {"S3OutputPath": around.locations["output"]}
        limits = {**config["ResourceLimits"], "MaxNumberOfTrainingJobs": around.jobs}
        channels = channels_of(around, "")
        computed = {"RoleArn": around.role.role_arn, "InputDataConfig": channels, "OutputDataConfig": output}
        return {
            **properties,
            "TrainingJobDefinition": {**definition, **computed},
            "HyperParameterTuningJobConfig": {**config, "ResourceLimits": limits},
        }

    def declare(stack: cdk.Stack, number: int) -> None:
        given, around = referring(stack), surroundings(stack, kind.references)
        definition = given["TrainingJobDefinition"]
        config = {**given["HyperParameterTuningJobConfig"], "RandomSeed": number}
        if kind.distinct:
            config["ParameterRanges"] = with_highest(config["ParameterRanges"], kind.highest(number))
            definition = {**definition, "InputDataConfig": channels_of(around, kind.folder(number))}
        made = cdk.CustomResource(
            stack,
            f"Job{number}",
            resource_type=contract.TUNING_JOB_RESOURCE_TYPE,
            service_token=service_token(stack),
            properties={
                **given,
                contract.TUNING_JOB_NAME: f"job-{number}",
                "HyperParameterTuningJobConfig": config,
                "TrainingJobDefinition": definition,
            },
        )
        if not isinstance(around.role, str):
            made.node.add_dependency(around.role)  # its policy too must be there before the job

    return declare


def channels_of(around: Surroundings, folder: str) -> dict[str, Any]:
    """All channels as the template has them."""
    locations = {name: f"{around.locations[name]}{folder}" for name in NAMES}
    return {
        name: {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": location}}}
        for name, location in locations.items()
    }


def with_highest(ranges: dict[str, Any], highest: float) -> dict[str, Any]:
    """The same ranges with another highest learning rate."""
    continuous = ranges["ContinuousParameterRanges"]
    learning_rate = {**continuous["learning_rate"], "MaxValue": exact(highest), "ScalingType": "Logarithmic"}
    return {**ranges, "ContinuousParameterRanges": {**continuous, "learning_rate": learning_rate}}


def processor_seconds() -> float:
    """What this process and the jsii kernel below it have computed for so far: other load does not count."""
    here = psutil.Process()
    spent = [each.cpu_times() for each in [here, *here.children(recursive=True)]]
    return sum(each.user + each.system for each in spent)


def synthesise(declare: Declare, jobs: int, folder: str) -> float:
    """Processor seconds that declaring and synthesising takes."""
    gc.collect()
    began = processor_seconds()
    app = cdk.App(outdir=folder)
    stack = None
    for number in range(jobs):
        if stack is None or number % JOBS_IN_A_STACK == 0:
            stack = cdk.Stack(app, f"Stack{number // JOBS_IN_A_STACK}")
        declare(stack, number)
    app.synth()
    return processor_seconds() - began


def properties_of_one() -> dict[str, Any]:
    """The properties that our construct writes, also the warm-up."""
    with tempfile.TemporaryDirectory() as folder:
        synthesise(ours(Kind()), 1, folder)
        template = json.loads((Path(folder) / "Stack0.template.json").read_text())
    (found,) = (
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == contract.TUNING_JOB_RESOURCE_TYPE
    )
    return {name: value for name, value in found.items() if name not in contract.ENVELOPE}


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 75, 150, 300])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--references", action="store_true", help="jobs that refer to other resources")
    parser.add_argument("--distinct", action="store_true", help="jobs that have neither ranges nor channels in common")
    arguments = parser.parse_args()
    kind = Kind(references=arguments.references, distinct=arguments.distinct)
    variants: dict[str, Declare] = {
        "ours": ours(kind),
        "by hand": by_hand(properties_of_one(), kind),
    }
    print(
        f"Python {platform.python_version()}, aws-cdk-lib {version('aws-cdk-lib')}, jsii {version('jsii')}, "
        f"{platform.machine()}, least of {arguments.repetitions} in processor seconds; "
        f"load {psutil.getloadavg()[0]:.0f} on {psutil.cpu_count()} processors"
    )
    print(f"{'jobs':>5} {'ours':>8} {'by hand':>8} {'ratio':>6} {'ours, ms a job':>15}")
    for jobs in arguments.jobs:
        seconds: dict[str, list[float]] = {name: [] for name in variants}
        for repetition in range(arguments.repetitions):
            # In turns, each first as often as the other: a busy machine hits both.
            for name in sorted(variants, reverse=bool(repetition % 2)):
                with tempfile.TemporaryDirectory() as folder:
                    seconds[name].append(synthesise(variants[name], jobs, folder))
        mine, theirs = (min(seconds[name]) for name in ("ours", "by hand"))
        print(f"{jobs:>5} {mine:>8.2f} {theirs:>8.2f} {mine / theirs:>6.2f} {1000 * mine / jobs:>15.1f}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
