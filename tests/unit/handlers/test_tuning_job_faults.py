"""What the table of the life cycle does not show: bounds, retries, waiting, and what a failed update leaves."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from infra.handlers import tuning_job
from infra.handlers.declaration import run_names
from tests.support.fake_aws import ARN, FakeSageMaker, Refusal
from tests.support.tuning_resource import INVENTED, NAME, NEXT_STACK, declaration, deploy, event, owned

NEW = "translate-ffffffff"
RUNS = list(run_names(NAME))
THROTTLED = Refusal("ThrottlingException", "Rate exceeded")
LOGS = "(log group /group, stream stream-1)"


class Storm:
    """The first calls of an operation fail."""

    def __init__(self, fake: FakeSageMaker, operation: str, times: int, error: Exception = THROTTLED) -> None:
        self._operation, self._error = f"_{operation}", error
        self.left = times
        self._real = getattr(fake, self._operation)
        setattr(fake, self._operation, self)

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.left > 0:
            self.left -= 1
            raise self._error
        answer: dict[str, Any] = self._real(request)
        return answer


def planned(request: dict[str, Any]) -> dict[str, Any]:
    return {**request, **tuning_job.on_event(request, None)}


def failure(request: dict[str, Any]) -> str:
    with pytest.raises(RuntimeError) as raised:
        tuning_job.is_complete(request, None)
    return str(raised.value)


def test_finding_the_name_outlasts_a_throttling_storm_and_logs_each_attempt_once(
    sagemaker: FakeSageMaker, clock: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    Storm(sagemaker, "DescribeHyperParameterTuningJob", 3)

    assert tuning_job.on_event(event("Create"), None)["PhysicalResourceId"] == NAME

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["pause"] for line in lines if line["level"] == "WARNING"] == [1, 2, 4]
    assert clock.seconds == 1007


def test_a_storm_that_does_not_pass_ends_with_the_bound_and_nothing_started(
    sagemaker: FakeSageMaker, clock: SimpleNamespace
) -> None:
    Storm(sagemaker, "DescribeHyperParameterTuningJob", 1000)

    with pytest.raises(RuntimeError) as raised:
        tuning_job.on_event(event("Create"), None)

    assert str(raised.value) == (
        f"DescribeHyperParameterTuningJob failed with ThrottlingException: Rate exceeded (tried for 60 s) {LOGS}"
    )
    assert clock.seconds <= 1060


@pytest.mark.parametrize("operation", ["DescribeHyperParameterTuningJob", "ListTags", "StopHyperParameterTuningJob"])
@pytest.mark.parametrize(
    "error", [THROTTLED, EndpointConnectionError(endpoint_url="https://x")], ids=["throttling", "connection"]
)
def test_a_delete_looks_again_after_errors_that_pass(
    sagemaker: FakeSageMaker, operation: str, error: Exception
) -> None:
    sagemaker.add(NAME, "InProgress", owned())
    request = planned(event("Delete", PhysicalResourceId=NAME))
    Storm(sagemaker, operation, 1, error)

    assert tuning_job.is_complete(request, None) == {"IsComplete": False}
    assert tuning_job.is_complete(request, None) == {"IsComplete": False}
    assert sagemaker.jobs[NAME]["status"] == "Stopping"


def test_a_delete_that_is_throttled_for_too_long_says_for_how_long(
    sagemaker: FakeSageMaker, clock: SimpleNamespace
) -> None:
    request = planned(event("Delete", PhysicalResourceId=NAME))
    Storm(sagemaker, "DescribeHyperParameterTuningJob", 2)
    assert tuning_job.is_complete(request, None) == {"IsComplete": False}
    clock.seconds += 2400

    assert failure(request) == (
        f"DescribeHyperParameterTuningJob failed with ThrottlingException: Rate exceeded (tried for 2400 s) {LOGS}"
    )


def test_what_does_not_pass_fails_at_once(sagemaker: FakeSageMaker) -> None:
    sagemaker.add(NAME, "InProgress", owned())
    request = planned(event("Delete", PhysicalResourceId=NAME))
    Storm(sagemaker, "ListTags", 1, Refusal("AccessDeniedException", "not authorized to perform: sagemaker:ListTags"))

    assert failure(request) == (
        f"ListTags failed with AccessDeniedException: not authorized to perform: sagemaker:ListTags {LOGS}"
    )


def test_the_job_that_a_failed_update_started_is_stopped_by_the_roll_back(sagemaker: FakeSageMaker) -> None:
    deploy(event("Create"))
    update = event("Update", declaration(NEW), OldResourceProperties=declaration(), PhysicalResourceId=NAME)
    tuning_job.is_complete(planned({**update, "RequestId": "request-2"}), None)
    roll_back = event("Update", OldResourceProperties=declaration(NEW), PhysicalResourceId=NAME, RequestId="request-3")
    request = planned(roll_back)

    assert request["PhysicalResourceId"] == NAME
    assert tuning_job.is_complete(request, None) == {"IsComplete": False}
    assert {name: job["status"] for name, job in sagemaker.jobs.items()} == {NAME: "InProgress", NEW: "Stopping"}
    sagemaker.jobs[NEW]["status"] = "Stopped"
    assert tuning_job.is_complete(request, None)["Data"]["HyperParameterTuningJobArn"] == ARN + NAME


def test_an_update_in_place_that_is_refused_can_be_rolled_back(sagemaker: FakeSageMaker) -> None:
    deploy(event("Create"))
    changed = declaration(max_jobs="9")
    refused = event("Update", changed, OldResourceProperties=declaration(), PhysicalResourceId=NAME)
    assert "changed, but the tuning job's name did not" in failure(planned(refused))

    done = deploy(event("Update", OldResourceProperties=changed, PhysicalResourceId=NAME, RequestId="request-3"))

    assert done["IsComplete"] is True


def test_a_run_is_found_behind_an_entry_that_was_deleted(sagemaker: FakeSageMaker) -> None:
    sagemaker.add(RUNS[1], "InProgress", owned())

    assert deploy(event("Create"))["PhysicalResourceId"] == RUNS[1]
    assert list(sagemaker.jobs) == [RUNS[1]]
    tuning_job.is_complete(planned(event("Delete", PhysicalResourceId=INVENTED)), None)
    assert sagemaker.jobs[RUNS[1]]["status"] == "Stopping"


def test_a_late_delete_does_not_reach_the_declarations_present_run(sagemaker: FakeSageMaker) -> None:
    sagemaker.add(RUNS[1], "InProgress", owned())

    assert deploy(event("Delete", PhysicalResourceId=NAME))["IsComplete"] is True
    assert sagemaker.jobs[RUNS[1]]["status"] == "InProgress"


def test_a_retained_job_of_a_former_stack_is_not_stopped_by_a_create_that_was_rolled_back(
    sagemaker: FakeSageMaker,
) -> None:
    sagemaker.add(NAME, "InProgress", owned())

    assert deploy(event("Delete", PhysicalResourceId=INVENTED, StackId=NEXT_STACK))["IsComplete"] is True
    assert sagemaker.jobs[NAME]["status"] == "InProgress"


def test_delete_means_stop_then_delete_the_entry_if_declared_so(sagemaker: FakeSageMaker) -> None:
    properties = {**declaration(), "DeletionBehavior": "Delete"}
    deploy(event("Create", properties))
    request = planned(event("Delete", properties, PhysicalResourceId=NAME, RequestId="request-2"))

    seen = []
    for become in ("Stopped", None, None):
        assert tuning_job.is_complete(request, None) == {"IsComplete": False}
        seen.append(sagemaker.jobs[NAME]["status"])
        if become is not None:
            sagemaker.jobs[NAME]["status"] = become
    del sagemaker.jobs[NAME]

    assert seen == ["Stopping", "Deleting", "Deleting"]
    assert tuning_job.is_complete(request, None) == {"IsComplete": True}


def test_an_entry_that_leaves_the_terminal_state_in_between_is_looked_at_again(sagemaker: FakeSageMaker) -> None:
    sagemaker.add(NAME, "Completed", owned())
    request = planned(event("Delete", {**declaration(), "DeletionBehavior": "Delete"}, PhysicalResourceId=NAME))
    Storm(sagemaker, "DeleteHyperParameterTuningJob", 1, Refusal("ValidationException", "not in a terminal state"))

    assert tuning_job.is_complete(request, None) == {"IsComplete": False}
    assert tuning_job.is_complete(request, None) == {"IsComplete": False}
    assert sagemaker.jobs[NAME]["status"] == "Deleting"


WAITING = {**declaration(), "WaitFor": "Completed"}


def test_waiting_ends_with_the_job(sagemaker: FakeSageMaker) -> None:
    request = planned(event("Create", WAITING))

    assert tuning_job.is_complete(request, None) == {"IsComplete": False}
    sagemaker.jobs[NAME]["status"] = "Completed"
    assert tuning_job.is_complete(request, None)["IsComplete"] is True
    assert sagemaker.calls.count("CreateHyperParameterTuningJob") == 1


@pytest.mark.parametrize(
    ("described", "message"),
    [
        (
            {"HyperParameterTuningJobStatus": "Failed", "FailureReason": "All training jobs failed"},
            f"the tuning job '{NAME}' did not complete, it is Failed: All training jobs failed {LOGS}",
        ),
        (
            {"HyperParameterTuningJobStatus": "Stopped"},
            f"the tuning job '{NAME}' did not complete, it is Stopped {LOGS}",
        ),
    ],
)
def test_waiting_for_a_job_that_does_not_complete_fails_with_its_reason(
    sagemaker: FakeSageMaker, described: dict[str, str], message: str
) -> None:
    request = planned(event("Create", WAITING))
    tuning_job.is_complete(request, None)
    sagemaker.jobs[NAME]["described"] = described

    assert failure(request) == message


@pytest.mark.parametrize(("behavior", "status"), [("Stop", "Stopping"), ("Retain", "InProgress")])
def test_waiting_too_long_stops_the_job_unless_it_is_retained(
    sagemaker: FakeSageMaker, clock: SimpleNamespace, behavior: str, status: str
) -> None:
    request = planned(event("Create", {**WAITING, "DeletionBehavior": behavior}))
    tuning_job.is_complete(request, None)
    clock.seconds += 3300

    assert failure(request) == (
        f"the tuning job '{NAME}' did not complete within 3300 s, the most that a deployment can wait: publish its "
        f"result instead, or lower its limits {LOGS}"
    )
    assert sagemaker.jobs[NAME]["status"] == status


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"DeletionBehavior": "Shred"}, "DeletionBehavior must be one of Delete, Retain, Stop, got 'Shred'"),
        ({"WaitFor": "Christmas"}, "WaitFor must be 'Completed' or absent, got 'Christmas'"),
    ],
)
def test_choices_that_are_none_are_refused(sagemaker: FakeSageMaker, properties: dict[str, str], message: str) -> None:
    with pytest.raises(RuntimeError) as raised:
        tuning_job.on_event(event("Create", {**declaration(), **properties}), None)

    assert str(raised.value) == f"{message} {LOGS}"


@pytest.mark.parametrize("text", ["x" * 10_000, "\N{PILE OF POO}" * 5_000, "\x00\x1b" * 5_000, "\udcff" * 9_000])
def test_an_answer_fits_whatever_the_failure_says(
    sagemaker: FakeSageMaker, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    # What is no character cannot be sent between the processes of a parallel test run, captured logs included.
    caplog.set_level(logging.CRITICAL, logger="cdk_tuning.handlers")
    request = planned(event("Create", WAITING))
    tuning_job.is_complete(request, None)
    sagemaker.jobs[NAME]["described"] = {"HyperParameterTuningJobStatus": "Failed", "FailureReason": text}

    said = failure(request)

    assert len(json.dumps(said, ensure_ascii=False).encode()) < 1700
    assert said.endswith(f" [...] {LOGS}")


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_what_runs_again_has_the_same_name_on_each_retry(sagemaker: FakeSageMaker, status: str) -> None:
    sagemaker.add(NAME, status, owned())
    request = event("Create", RequestId="request-7", StackId=NEXT_STACK)

    # Delivered again before the job was started, after it was, and after it has ended.
    names = [planned(request)["PhysicalResourceId"], planned(request)["PhysicalResourceId"]]
    tuning_job.is_complete(planned(request), None)
    names.append(planned(request)["PhysicalResourceId"])
    sagemaker.jobs[RUNS[1]]["status"] = status
    names.append(planned(request)["PhysicalResourceId"])
    later = planned({**request, "RequestId": "request-8"})["PhysicalResourceId"]

    assert names == [RUNS[1]] * 4
    assert later == RUNS[2]
    assert sagemaker.calls.count("CreateHyperParameterTuningJob") == 1
