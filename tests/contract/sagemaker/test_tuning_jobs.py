"""A tuning job from its creation to its end, as an API user sees it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.endpoint.service import Service, ServiceError
from infra.local.engine.training import images
from infra.local.engine.training.images import LocalImage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from .conftest import Api

TRAIN = """
import json, os, pathlib
ml = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
hyperparameters = json.loads((ml / "input/config/hyperparameters.json").read_text())
print("loss=9")
print("loss=" + repr(abs(float(hyperparameters["rate"]) - 0.1)))
(ml / "model/weights").write_text("w")
"""

FAIL = "import sys; print('loss=1'); print('out of luck'); sys.exit(3)"

WAIT = "import time; print('loss=1'); time.sleep(60)"


def test_tuning_job_completes_with_the_best_training_job(api: Api) -> None:
    api.image(TRAIN)
    done = api.tune()
    jobs = api.training_jobs()
    assert done["HyperParameterTuningJobStatus"] == "Completed", done
    assert [j["TrainingJobStatus"] for j in jobs] == ["Completed"] * 3
    for number, job in enumerate(jobs, start=1):
        assert re.fullmatch(rf"job-00{number}-[0-9a-f]{{8}}", job["TrainingJobName"])
        value = job["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        assert value == abs(float(job["TunedHyperParameters"]["rate"]) - 0.1)  # the last line's, not the first's
    assert done["BestTrainingJob"] == min(jobs, key=lambda j: j["FinalHyperParameterTuningJobObjectiveMetric"]["Value"])
    assert done["TrainingJobStatusCounters"] == {
        "Completed": 3,
        "InProgress": 0,
        "RetryableError": 0,
        "NonRetryableError": 0,
        "Stopped": 0,
    }
    assert done["ObjectiveStatusCounters"] == {"Succeeded": 3, "Pending": 0, "Failed": 0}
    assert done["HyperParameterTuningEndTime"] >= done["CreationTime"]
    static = done["TrainingJobDefinition"]["StaticHyperParameters"]
    assert static == {"layers": "2", "_tuning_objective_metric": "loss"}


def test_a_built_in_image_brings_its_metrics(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "metrics_of_a_test.py").write_text("METRIC_DEFINITIONS = (('loss', r'loss=(.*)'),)")
    monkeypatch.syspath_prepend(str(tmp_path))
    program = LocalImage((sys.executable, "-c", "print('loss=4')"), metrics_module="metrics_of_a_test")
    monkeypatch.setitem(images.BUILT_IN, "program", program)
    request = api.tuning_request()
    del request["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
    api("CreateHyperParameterTuningJob", **request)
    done = api.wait()
    assert done["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == 4
    shown = done["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
    assert shown == [{"Name": "loss", "Regex": "loss=(.*)"}]


def test_same_seed_same_configurations(api: Api) -> None:
    api.image(TRAIN)
    limits = {"ResourceLimits": {"MaxNumberOfTrainingJobs": 5, "MaxParallelTrainingJobs": 1}}
    api.tune("one", **limits)
    api.tune("two", **limits)
    chosen = [[j["TunedHyperParameters"] for j in api.training_jobs(name)] for name in ("one", "two")]
    assert chosen[0] == chosen[1]
    assert len({json.dumps(c, sort_keys=True) for c in chosen[0]}) == 5


def test_random_runs_in_parallel(api: Api) -> None:
    api.image("import os, time; print('threads', os.environ['OMP_NUM_THREADS']); time.sleep(0.3); print('loss=1')")
    api(
        "CreateHyperParameterTuningJob",
        **api.tuning_request(
            Strategy="Random", ResourceLimits={"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2}
        ),
    )
    most = 0
    while (now := api.describe())["HyperParameterTuningJobStatus"] == "InProgress":
        most = max(most, now["TrainingJobStatusCounters"]["InProgress"])
    assert most == 2
    name = api.training_jobs()[0]["TrainingJobName"]
    assert "threads 1\n" in (api.home.training_jobs / name / "log").read_text()


def test_grid_tries_each_combination_once(api: Api) -> None:
    api.image(TRAIN)
    ranges = {
        "CategoricalParameterRanges": [
            {"Name": "rate", "Values": ["0.1", "0.2"]},
            {"Name": "kind", "Values": ["a", "b"]},
        ]
    }
    api.tune(Strategy="Grid", ParameterRanges=ranges, ResourceLimits={"MaxParallelTrainingJobs": 2})
    chosen = [tuple(sorted(j["TunedHyperParameters"].items())) for j in api.training_jobs()]
    assert sorted(chosen) == [(("kind", k), ("rate", r)) for k in "ab" for r in ("0.1", "0.2")]


def test_failed_training_jobs_count_and_the_rest_run(api: Api) -> None:
    program = TRAIN + "if hyperparameters['kind'] == 'sgd': raise SystemExit(4)\n"
    api.image(program)
    ranges = {
        "CategoricalParameterRanges": [
            {"Name": "rate", "Values": ["0.1", "0.2"]},
            {"Name": "kind", "Values": ["adam", "sgd"]},
        ]
    }
    done = api.tune(Strategy="Grid", ParameterRanges=ranges, ResourceLimits={"MaxParallelTrainingJobs": 1})
    assert done["HyperParameterTuningJobStatus"] == "Completed"
    assert done["TrainingJobStatusCounters"]["NonRetryableError"] == 2
    assert done["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 0, "Failed": 2}
    assert done["BestTrainingJob"]["TunedHyperParameters"] == {"rate": "0.1", "kind": "adam"}
    failed = api.training_jobs(StatusEquals="Failed")[0]
    assert failed["FailureReason"].endswith("exit code: 4")
    assert failed["ObjectiveStatus"] == "Failed"
    assert "FinalHyperParameterTuningJobObjectiveMetric" not in failed


@pytest.mark.parametrize(
    ("program", "jobs", "reason"),
    [
        (
            FAIL,
            9,
            "No training job succeeded after 5 attempts. "
            "Please take a look at the training job failures to get more details.",
        ),
        (
            FAIL,
            2,
            "No training job succeeded after 2 attempts. "
            "Please take a look at the training job failures to get more details.",
        ),
        (
            "print('no metric')",
            9,
            "No objective metrics found after running 5 training jobs. Please ensure that the custom algorithm is "
            "emitting the objective metric as defined by the regular expression provided.",
        ),
    ],
)
def test_tuning_job_fails_without_a_single_success(api: Api, program: str, jobs: int, reason: str) -> None:
    api.image(program)
    done = api.tune(ResourceLimits={"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 1})
    assert (done["HyperParameterTuningJobStatus"], done["FailureReason"]) == ("Failed", reason)
    assert len(api.training_jobs()) == min(jobs, 5)
    assert "BestTrainingJob" not in done


def test_target_value_ends_the_tuning_job(api: Api) -> None:
    api.image("print('loss=0.5')")
    done = api.tune(
        ResourceLimits={"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 1},
        TuningJobCompletionCriteria={"TargetObjectiveMetricValue": 0.5},
    )
    assert done["HyperParameterTuningJobStatus"] == "Completed"
    assert len(api.training_jobs()) == 1


def test_not_improving_ends_the_tuning_job(api: Api) -> None:
    api.image("print('loss=0.5')")
    done = api.tune(
        ResourceLimits={"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 1},
        TuningJobCompletionCriteria={"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}},
    )
    assert done["HyperParameterTuningJobStatus"] == "Completed"
    assert len(api.training_jobs()) == 4
    assert done["TuningJobCompletionDetails"]["NumberOfTrainingJobsObjectiveNotImproving"] == 3


def test_early_stopping_ends_a_job_that_is_worse_than_the_median(api: Api) -> None:
    api.image(
        "import json, os, time\n"
        "kind = json.load(open(os.environ['SM_INPUT_CONFIG_DIR'] + '/hyperparameters.json'))['kind']\n"
        "print('loss=' + kind)\n"
        "time.sleep(60 if kind == '9' else 0)\n"
    )
    done = api.tune(
        Strategy="Grid",
        TrainingJobEarlyStoppingType="Auto",
        ParameterRanges={"CategoricalParameterRanges": [{"Name": "kind", "Values": ["1", "2", "3", "9"]}]},
        ResourceLimits={"MaxParallelTrainingJobs": 1},
    )
    assert done["TrainingJobStatusCounters"]["Stopped"] == 1
    (stopped,) = api.training_jobs(StatusEquals="Stopped")
    assert stopped["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == 9
    assert done["ObjectiveStatusCounters"]["Succeeded"] == 4


def test_stop_keeps_artifacts_and_the_last_objective(api: Api, s3: S3Client) -> None:
    api.image(WAIT)
    api(
        "CreateHyperParameterTuningJob",
        **api.tuning_request(ResourceLimits={"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2}),
    )
    api.until(lambda: len(api.training_jobs()) == 2 and all(_has_loss(api, j) for j in api.training_jobs()))
    api("StopHyperParameterTuningJob", HyperParameterTuningJobName="job")
    assert api.describe()["HyperParameterTuningJobStatus"] in ("Stopping", "Stopped")
    done = api.wait()
    assert done["HyperParameterTuningJobStatus"] == "Stopped"
    assert done["TrainingJobStatusCounters"]["Stopped"] == 2
    for job in api.training_jobs():
        assert job["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == 1
        s3.head_object(Bucket=api.bucket, Key=f"output/{job['TrainingJobName']}/output/model.tar.gz")


def _has_loss(api: Api, job: dict[str, Any]) -> bool:
    log = api.home.training_jobs / job["TrainingJobName"] / "log"
    return log.exists() and "loss" in log.read_text()


def test_stop_and_delete_follow_the_status(api: Api) -> None:
    api.image(WAIT)
    api("CreateHyperParameterTuningJob", **api.tuning_request())
    name = {"HyperParameterTuningJobName": "job"}
    with pytest.raises(ServiceError, match="not in a terminal state: it is InProgress") as caught:
        api("DeleteHyperParameterTuningJob", **name)
    assert caught.value.code == "ValidationException"
    api("StopHyperParameterTuningJob", **name)
    api.wait()
    with pytest.raises(ServiceError, match="already in Stopped status") as caught:
        api("StopHyperParameterTuningJob", **name)
    assert caught.value.code == "ValidationException"
    training_jobs = api.training_jobs()
    api("DeleteHyperParameterTuningJob", **name)
    with pytest.raises(ServiceError, match="There is no hyperparameter tuning job 'job'") as caught:
        api("DescribeHyperParameterTuningJob", **name)
    assert caught.value.code == "ResourceNotFound"
    for job in training_jobs:
        api("DescribeTrainingJob", TrainingJobName=job["TrainingJobName"])


def test_names_are_unique_ignoring_case(api: Api) -> None:
    api.image(TRAIN)
    api.tune("Job")
    with pytest.raises(ServiceError) as caught:
        api("CreateHyperParameterTuningJob", **api.tuning_request("jOB"))
    assert caught.value.code == "ResourceInUse"
    assert "arn:aws:sagemaker:us-east-1:000000000000:hyper-parameter-tuning-job/job" in caught.value.message
    assert api.describe("JOB")["HyperParameterTuningJobName"] == "Job"


def test_runtime_limit_ends_the_tuning_job(api: Api) -> None:
    api.image(WAIT)
    request = api.tuning_request()
    request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxRuntimeInSeconds"] = 120
    api("CreateHyperParameterTuningJob", **request)
    api.until(lambda: len(api.training_jobs()) == 1)
    # Two minutes pass at once: the record says when the job began.
    engine = api.service._engine
    engine.store.decide_ending("job", created=engine.store.tuning_job("job").created - 120)
    engine._tuners["job"].wake()
    done = api.wait()
    assert done["HyperParameterTuningJobStatus"] == "Completed"
    assert done["TrainingJobStatusCounters"]["Stopped"] == 1


def test_tags_reach_the_training_jobs(api: Api) -> None:
    api.image(TRAIN)
    request = api.tuning_request()
    arn = api("CreateHyperParameterTuningJob", **request, Tags=[{"Key": "team", "Value": "nlp"}])[
        "HyperParameterTuningJobArn"
    ]
    api.wait()
    assert "Tags" not in api.describe()
    for resource in (arn, api.training_jobs()[0]["TrainingJobArn"]):
        assert api("ListTags", ResourceArn=resource) == {"Tags": [{"Key": "team", "Value": "nlp"}]}
    tags = [{"Key": "team", "Value": ""}, {"Key": "a", "Value": "b"}]
    assert api("AddTags", ResourceArn=arn, Tags=tags)["Tags"] == sorted(tags, key=lambda t: t["Key"])
    api("DeleteTags", ResourceArn=arn, TagKeys=["team"])
    assert api("ListTags", ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    with pytest.raises(ServiceError) as caught:
        api("ListTags", ResourceArn=arn + "x")
    assert caught.value.code == "ResourceNotFound"


def test_lists_have_pages_filters_and_an_order(api: Api) -> None:
    api.image(TRAIN)
    one = {"ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1}}
    api.tune("b", **one)
    api.tune("a")
    api.tune("C", **one)

    def names(**query: Any) -> list[str]:
        found: list[str] = []
        while True:
            answer = api("ListHyperParameterTuningJobs", **query)
            found += [s["HyperParameterTuningJobName"] for s in answer["HyperParameterTuningJobSummaries"]]
            if "NextToken" not in answer:
                return found
            query["NextToken"] = answer["NextToken"]

    assert names(MaxResults=1) == ["C", "a", "b"]
    assert names(MaxResults=2, SortBy="CreationTime", SortOrder="Descending") == ["C", "a", "b"]
    assert names(NameContains="c", StatusEquals="Completed") == ["C"]
    assert names(StatusEquals="Failed") == []
    assert names(CreationTimeAfter=api.describe("a")["CreationTime"]) == ["C"]
    assert names(CreationTimeBefore=api.describe("a")["CreationTime"]) == ["b"]
    jobs = api.training_jobs("a", SortBy="FinalObjectiveMetricValue", SortOrder="Descending")
    values = [j["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for j in jobs]
    assert values == sorted(values, reverse=True)
    assert len(api("ListTrainingJobs")["TrainingJobSummaries"]) == 5
    with pytest.raises(ServiceError, match="NextToken 'x' is not valid"):
        api("ListHyperParameterTuningJobs", NextToken="x")


def test_service_protocol(api: Api) -> None:
    assert isinstance(api.service, Service)
    assert api.service.name == "sagemaker"
    with pytest.raises(NotImplementedError):
        api.service.call("CreateModel", {})
    for operation in api.service.operations:
        assert operation in api.model.operation_names
