"""This repository's app through the real CDK CLI on the local AWS: what a team does with it, from deploy to destroy."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.cli.channels import channel_buckets, files_of_channels, upload
from infra.local.clients import local_client
from infra.local.home import Home
from infra.local.state import LocalState
from infra.local.up import down, up
from infra.seq2seq.prepare import Options, prepare
from tests.support.teams import ROOT, Team

TINY = {"prefix": "it", "corpus": "tiny", "max_num_batches": "2", "max_number_of_training_jobs": "2"}

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


class TuningTeam(Team):
    """Deploys this repository's own app."""

    def __init__(self, home: Home, state: LocalState, output: Path) -> None:
        super().__init__(home, state, output, "app.py")
        self.sagemaker = local_client(state, "sagemaker")

    def cdk(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        context = [word for key, value in {**TINY, **settings}.items() for word in ("-c", f"tuning:{key}={value}")]
        return super().cdk(*arguments, *context)

    def deploy(self, stack: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return self.cdk("deploy", stack, "--exclusively", "--require-approval", "never", *arguments, **settings)

    def fill_channels(self, folder: Path) -> None:
        upload(self.s3, files_of_channels(folder), channel_buckets(self.cloudformation, "it-data"), "tiny")

    def tuning_jobs(self) -> dict[str, str]:
        """Status of each tuning job by name."""
        summaries = self.sagemaker.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
        return {one["HyperParameterTuningJobName"]: one["HyperParameterTuningJobStatus"] for one in summaries}


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TuningTeam]:
    folder = tmp_path_factory.mktemp("team")
    home = Home(folder / "home")
    state, _ = up(home)
    yield TuningTeam(home, state, folder / "cdk.out")
    down(home)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few hundred of the real sentence pairs, prepared for the channels."""
    folder = tmp_path_factory.mktemp("corpus")
    texts = []
    for language in ("en", "de"):
        with (ROOT / "examples" / "translate-en-de" / f"corpus.{language}").open() as lines:
            texts.append(folder / f"text.{language}")
            texts[-1].write_text("".join(line for line, _ in zip(lines, range(300), strict=False)))
    prepare((texts[0], texts[1]), folder / "channels", options=Options(max_words=200))
    return folder / "channels"


def test_the_life_of_a_declaration(team: TuningTeam, corpus: Path) -> None:
    # The data stack comes first.
    assert team.deploy("it-data").returncode == 0

    # Channels that hold nothing yet: one message that names them and says what to do; nothing starts.
    early = team.deploy("it-tuning")
    assert early.returncode == 1
    message = early.stdout + early.stderr
    assert "the channel 'train' is empty: there is no object under s3://it-data-channelstrain" in message
    assert "upload its files, then deploy again" in message
    assert team.tuning_jobs() == {}

    # With data in them, a tuning job starts, trains and finds a best model.
    team.fill_channels(corpus)
    deployed = team.deploy("it-tuning")
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    (name,) = team.tuning_jobs()
    assert f"it-tuning.TuningJobName = {name}" in deployed.stdout + deployed.stderr
    wait_for_end(team, name)
    check_best_model(team, name)

    # The same declaration deployed again starts nothing.
    again = team.deploy("it-tuning")
    assert again.returncode == 0
    assert "no changes" in again.stdout + again.stderr
    assert team.tuning_jobs() == {name: "Completed"}

    # A change shows for review what changes, and that a new job starts.
    shown = team.cdk("diff", "it-tuning", max_number_of_training_jobs="3")
    diff = shown.stdout + shown.stderr
    assert "MaxNumberOfTrainingJobs" in diff
    assert name in diff

    # Deployed, it is a new job; the old one's results stay.
    changed = team.deploy("it-tuning", max_number_of_training_jobs="3")
    assert changed.returncode == 0, changed.stdout + changed.stderr
    (new,) = set(team.tuning_jobs()) - {name}
    assert new in diff
    assert team.tuning_jobs()[name] == "Completed"

    # Destroying ends what runs.
    assert team.cdk("destroy", "it-tuning", "--exclusively", "--force").returncode == 0
    assert team.tuning_jobs()[new] in ("Stopped", "Completed")
    assert team.cdk("destroy", "it-data", "--exclusively", "--force").returncode == 0
    assert not {"it-tuning", "it-data"} & team.stacks()


def wait_for_end(team: TuningTeam, name: str) -> None:
    deadline = time.monotonic() + 300
    while team.tuning_jobs()[name] == "InProgress":
        assert time.monotonic() < deadline, f"{name} has not ended"
        time.sleep(1)


def check_best_model(team: TuningTeam, name: str) -> None:
    description = team.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    assert description["HyperParameterTuningJobStatus"] == "Completed", description.get("FailureReason")
    assert description["TrainingJobStatusCounters"]["Completed"] == 2
    best = description["BestTrainingJob"]
    assert best["FinalHyperParameterTuningJobObjectiveMetric"]["MetricName"] == "validation:perplexity"
    training_job = team.sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])
    bucket, key = training_job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://").split("/", 1)
    assert team.s3.head_object(Bucket=bucket, Key=key)["ContentLength"] > 100_000
