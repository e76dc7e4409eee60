"""Hyperband, several definitions, warm start, Autotune, convergence, retries, spot: what a request can ask for."""

from __future__ import annotations

import json
import os
import signal
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.endpoint.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Api

# Emits three epochs at once, or as many as the test says; the objective follows from the hyperparameters.
EPOCHS = """
import json, os, time
h = json.load(open(os.environ["SM_INPUT_CONFIG_DIR"] + "/hyperparameters.json"))
for epoch in range(int(h.get("epochs", 3))):
    print("loss=" + h["level"], flush=True)
    time.sleep(0.05)
"""


def levels(*values: str) -> dict[str, Any]:
    return {"CategoricalParameterRanges": [{"Name": "level", "Values": list(values)}]}


def limits(jobs: int, parallel: int = 1) -> dict[str, int]:
    return {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": parallel}


def test_hyperband_stops_what_promises_little_and_all_at_max_resource(api: Api) -> None:
    api.image(EPOCHS.replace('h.get("epochs", 3)', "200"))
    done = api.tune(
        Strategy="Hyperband",
        StrategyConfig={"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 3}},
        ParameterRanges=levels("1", "2", "3", "4"),
        ResourceLimits=limits(4),
    )
    jobs = api.training_jobs()
    assert done["HyperParameterTuningJobStatus"] == "Completed"
    assert [j["TrainingJobStatus"] for j in jobs] == ["Stopped"] * 4  # none runs its 200 epochs
    assert done["ObjectiveStatusCounters"]["Succeeded"] == 4
    assert done["BestTrainingJob"]["TunedHyperParameters"] == {"level": "1"}


def test_hyperband_takes_max_resource_from_the_epochs_and_lets_the_last_one_end(api: Api) -> None:
    api.image(EPOCHS)
    request = api.tuning_request(Strategy="Hyperband", ParameterRanges=levels("1"), ResourceLimits=limits(1))
    request["TrainingJobDefinition"]["StaticHyperParameters"]["epochs"] = "2"
    api("CreateHyperParameterTuningJob", **request)
    assert api.wait()["TrainingJobStatusCounters"]["Completed"] == 1


# Prints one epoch; the best configuration hangs then, until its program has been lost twice.
LOST_TWICE = """
import json, os, pathlib, time
level = json.load(open(os.environ["SM_INPUT_CONFIG_DIR"] + "/hyperparameters.json"))["level"]
starts = pathlib.Path({folder!r}) / level
with starts.open("a") as file:
    file.write("x")
print("loss=" + level, flush=True)
if level == "1" and starts.stat().st_size <= 2:
    time.sleep(60)
for _ in range(200):
    time.sleep(0.05)
    print("loss=" + level, flush=True)
"""


def test_hyperband_runs_lost_programs_again_and_counts_each_job_once(api: Api, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    starts.mkdir()
    api.image(LOST_TWICE.format(folder=str(starts)))
    request = api.tuning_request(
        Strategy="Hyperband",
        StrategyConfig={"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 3}},
        ParameterRanges=levels("1", "2", "3", "4", "5"),
        ResourceLimits=limits(5, 2),
    )
    api("CreateHyperParameterTuningJob", **request)
    for attempt in (1, 2):
        api.until(partial(_processes_of_level_1, api, attempt))
        processes = _processes_of_level_1(api, attempt)
        for role in ("pid", "program"):
            os.kill(processes[role], signal.SIGKILL)
    done = api.wait()
    jobs = api.training_jobs()
    assert done["HyperParameterTuningJobStatus"] == "Completed"
    assert [job["TrainingJobName"][:7] for job in jobs] == [f"job-00{number}" for number in range(1, 6)]
    assert sorted(job["TunedHyperParameters"]["level"] for job in jobs) == ["1", "2", "3", "4", "5"]
    assert done["TrainingJobStatusCounters"] == {
        "Completed": 0,
        "InProgress": 0,
        "RetryableError": 0,
        "NonRetryableError": 0,
        "Stopped": 5,  # at MaxResource at the latest
    }
    assert done["ObjectiveStatusCounters"] == {"Succeeded": 5, "Pending": 0, "Failed": 0}
    (best,) = [job for job in jobs if job["TunedHyperParameters"] == {"level": "1"}]
    assert done["BestTrainingJob"]["TrainingJobName"] == best["TrainingJobName"]
    described = api("DescribeTrainingJob", TrainingJobName=best["TrainingJobName"])
    assert [t["Status"] for t in described["SecondaryStatusTransitions"]].count("Restarting") == 2
    assert {file.name: file.stat().st_size for file in starts.iterdir()} == {"1": 3, "2": 1, "3": 1, "4": 1, "5": 1}


def _processes_of_level_1(api: Api, attempt: int) -> dict[str, int]:
    for folder in api.home.training_jobs.iterdir():
        try:
            level = json.loads((folder / "spec.json").read_text())["environment"]["SM_HP_LEVEL"]
            processes: dict[str, int] = json.loads((folder / "supervisor.json").read_text())
        except FileNotFoundError:
            continue
        if level == "1" and processes["attempt"] == attempt and "loss" in (folder / "log").read_text():
            return processes
    return {}


def several(api: Api, **config: Any) -> dict[str, Any]:
    request = api.tuning_request(**config)
    for member in ("HyperParameterTuningJobObjective", "ParameterRanges"):
        request["HyperParameterTuningJobConfig"].pop(member)
    definition = request.pop("TrainingJobDefinition")
    request["TrainingJobDefinitions"] = [
        {
            **definition,
            "DefinitionName": name,
            "TuningObjective": {"Type": "Minimize", "MetricName": "loss"},
            "HyperParameterRanges": levels(*values),
        }
        for name, values in (("small", ("5",)), ("large", ("1", "2", "3")))
    ]
    return request


def test_several_definitions_take_turns_until_each_is_used_up(api: Api) -> None:
    api.image(EPOCHS)
    api("CreateHyperParameterTuningJob", **several(api, Strategy="Random", ResourceLimits=limits(4)))
    done = api.wait()
    jobs = api.training_jobs()
    assert [j["TrainingJobDefinitionName"] for j in jobs] == ["small", "large", "large", "large"]
    assert done["BestTrainingJob"]["TrainingJobDefinitionName"] == "large"
    assert done["BestTrainingJob"]["TunedHyperParameters"] == {"level": "1"}
    shown = done["TrainingJobDefinitions"]
    assert [d["DefinitionName"] for d in shown] == ["small", "large"]
    assert shown[0]["StaticHyperParameters"]["_tuning_objective_metric"] == "loss"
    assert "TrainingJobDefinition" not in done


def warm(api: Api, kind: str = "IdenticalDataAndAlgorithm", **config: Any) -> dict[str, Any]:
    return {
        **api.tuning_request("child", **config),
        "WarmStartConfig": {
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "job"}],
            "WarmStartType": kind,
        },
    }


def test_warm_start_never_repeats_a_parent_and_knows_the_overall_best(api: Api) -> None:
    api.image(EPOCHS)
    api.tune(ParameterRanges=levels("1", "2"), ResourceLimits=limits(2))
    request = warm(api, ParameterRanges=levels("1", "2", "3"), ResourceLimits=limits(3))
    api("CreateHyperParameterTuningJob", **request)
    api("DeleteHyperParameterTuningJob", HyperParameterTuningJobName="job")  # the child keeps what it needs
    done = api.wait("child")
    assert [j["TunedHyperParameters"] for j in api.training_jobs("child")] == [{"level": "3"}]
    assert done["BestTrainingJob"]["TunedHyperParameters"] == {"level": "3"}
    assert done["OverallBestTrainingJob"]["TuningJobName"] == "job"
    assert done["OverallBestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == 1


def test_the_overall_best_may_be_one_of_its_own(api: Api) -> None:
    api.image(EPOCHS)
    api.tune(ParameterRanges=levels("2", "3"), ResourceLimits=limits(2))
    request = warm(api, ParameterRanges=levels("1", "2", "3"), ResourceLimits=limits(3))
    api("CreateHyperParameterTuningJob", **request)
    done = api.wait("child")
    assert done["OverallBestTrainingJob"] == {**done["BestTrainingJob"], "TuningJobName": "child"}


def test_transfer_learning_may_try_a_configuration_again(api: Api) -> None:
    api.image(EPOCHS)
    api.tune(ParameterRanges=levels("1"), ResourceLimits=limits(1))
    request = warm(api, "TransferLearning", ParameterRanges=levels("1"), ResourceLimits=limits(1))
    api("CreateHyperParameterTuningJob", **request)
    done = api.wait("child")
    assert len(api.training_jobs("child")) == 1
    assert "OverallBestTrainingJob" not in done


def _definition(request: dict[str, Any]) -> dict[str, Any]:
    definition: dict[str, Any] = request["TrainingJobDefinition"]
    return definition


COMMON = (
    "outputDataConfig, staticHyperParameters, roleArn, resourceConfig, stoppingCondition, vpcConfig, "
    "enableManagedSpotTraining, checkpointConfig"
)
NAMES = (
    "The set of tunable plus static HyperParameter names is not the same across current and parent tuning jobs. "
    "Please ensure this set is constant when warm starting. Note that previously static HyperParameters can be tuned "
    "in warm start jobs and vice versa."
)
WARM_BAD: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    (
        "IdenticalDataAndAlgorithm",
        lambda r: _definition(r)["AlgorithmSpecification"].update(TrainingImage="other"),
        f"Only the following fields in TrainingJobDefinition are allowed to change: [{COMMON}].",
    ),
    (
        "TransferLearning",
        lambda r: _definition(r).update(Environment={"A": "b"}),
        "Only the following fields in TrainingJobDefinition are allowed to change: "
        f"[algorithmSpecification, inputDataConfig, {COMMON}].",
    ),
    ("TransferLearning", lambda r: _definition(r)["StaticHyperParameters"].update(more="1"), NAMES),
    (
        "TransferLearning",
        lambda r: r["HyperParameterTuningJobConfig"].update(
            ParameterRanges={"IntegerParameterRanges": [{"Name": "level", "MinValue": "1", "MaxValue": "5"}]}
        ),
        "The type of a hyperparameter must not change in a warm start: 'level' was Categorical, got Integer.",
    ),
    (
        "TransferLearning",
        lambda r: r["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"].update(Type="Maximize"),
        "The objective must be that of the parent tuning job 'job': Minimize 'loss', got Maximize 'loss'.",
    ),
    (
        "TransferLearning",
        lambda r: r["WarmStartConfig"]["ParentHyperParameterTuningJobs"].append({"HyperParameterTuningJobName": "JOB"}),
        "The parents of a warm start must be distinct, got job, JOB.",
    ),
]


def test_warm_starts_that_are_refused(api: Api) -> None:
    api.image(EPOCHS)
    api.tune(ParameterRanges=levels("1", "2"), ResourceLimits=limits(1))
    for kind, change, message in WARM_BAD:
        request = warm(api, kind, ParameterRanges=levels("1", "2"), ResourceLimits=limits(1))
        change(request)
        with pytest.raises(ServiceError) as caught:
            api.service.call("CreateHyperParameterTuningJob", request)
        assert caught.value.message == message


def test_auto_parameters_and_autotune(api: Api) -> None:
    api.image("import os; print('loss=' + os.environ['SM_HP_SIZE'])")
    request = api.tuning_request(
        ParameterRanges={"AutoParameters": [{"Name": "size", "ValueHint": "8"}]}, ResourceLimits=limits(3)
    )
    api("CreateHyperParameterTuningJob", **request, Autotune={"Mode": "Enabled"})
    done = api.wait()
    sizes = [int(j["TunedHyperParameters"]["size"]) for j in api.training_jobs()]
    assert all(2 <= size <= 32 for size in sizes)
    assert done["Autotune"] == {"Mode": "Enabled"}
    assert done["HyperParameterTuningJobConfig"]["ParameterRanges"] == {
        "AutoParameters": [{"Name": "size", "ValueHint": "8"}]
    }


def test_convergence_ends_the_tuning_job(api: Api) -> None:
    api.image("print('loss=1')")
    done = api.tune(
        Strategy="Random",
        ResourceLimits=limits(30, 4),
        TuningJobCompletionCriteria={"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}},
    )
    assert done["HyperParameterTuningJobStatus"] == "Completed"
    assert 20 <= len(api.training_jobs()) < 30
    assert done["TuningJobCompletionDetails"]["ConvergenceDetectedTime"] == done["HyperParameterTuningEndTime"]


def test_retry_strategy_says_how_often_a_lost_program_is_run_again(api: Api) -> None:
    api.image("import time; print('loss=1', flush=True); time.sleep(60)")
    definition = api.definition(RetryStrategy={"MaximumRetryAttempts": 1})
    definition.pop("StaticHyperParameters")
    api("CreateTrainingJob", TrainingJobName="train-1", **definition)
    folder = api.home.training_jobs / "train-1"

    def started(attempt: int) -> int:
        try:
            processes: dict[str, int] = json.loads((folder / "supervisor.json").read_text())
        except FileNotFoundError:
            return 0
        return processes["pid"] if processes["attempt"] == attempt else 0

    for attempt in (1, 2):
        api.until(partial(started, attempt))
        os.kill(started(attempt), signal.SIGKILL)
    api.until(lambda: api("DescribeTrainingJob", TrainingJobName="train-1")["TrainingJobStatus"] == "Failed")
    reason = api("DescribeTrainingJob", TrainingJobName="train-1")["FailureReason"]
    assert reason.startswith("InternalServerError: the training program was lost 2 times; see ")


def test_waiting_time_of_spot_training_counts_from_the_creation(api: Api) -> None:
    api.image("import time; time.sleep(60)")
    definition = api.definition(
        EnableManagedSpotTraining=True, StoppingCondition={"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1}
    )
    definition.pop("StaticHyperParameters")
    started = time.monotonic()
    api("CreateTrainingJob", TrainingJobName="train-1", **definition)
    api.until(lambda: api("DescribeTrainingJob", TrainingJobName="train-1")["TrainingJobStatus"] == "Stopped")
    assert time.monotonic() - started >= 0.9
    assert api("DescribeTrainingJob", TrainingJobName="train-1")["SecondaryStatus"] == "MaxWaitTimeExceeded"
