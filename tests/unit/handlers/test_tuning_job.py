from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from infra.handlers import tuning_job
from infra.handlers.declaration import is_job_name, run_names
from tests.support.fake_aws import ARN, FakeSageMaker, Refusal
from tests.support.tuning_resource import (
    INVENTED,
    NAME,
    NEXT_STACK,
    OTHER_STACK,
    declaration,
    deploy,
    event,
    owned,
)


def test_create_starts_the_declared_job_with_its_types_and_the_owners_tags(sagemaker: FakeSageMaker) -> None:
    done = deploy(event("Create", declaration(tags={"team": "mt"})))

    assert done["PhysicalResourceId"] == NAME
    assert done["IsComplete"] is True
    assert done["Data"] == {
        "HyperParameterTuningJobName": NAME,
        "HyperParameterTuningJobArn": ARN + NAME,
        "DeploymentWarnings": "none",
    }
    sent = sagemaker.jobs[NAME]["request"]
    assert sent["HyperParameterTuningJobConfig"]["RandomSeed"] == 0
    assert sent["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 4
    assert [channel["ChannelName"] for channel in sent["TrainingJobDefinition"]["InputDataConfig"]] == [
        "train",
        "validation",
        "vocab",
    ]
    assert sagemaker.jobs[NAME]["tags"] == {"team": "mt", **owned(request="request-1")}
    assert "ServiceToken" not in sent


def test_nothing_is_started_before_cloudformation_knows_the_name(sagemaker: FakeSageMaker) -> None:
    answer = tuning_job.on_event(event("Create"), None)

    assert answer["PhysicalResourceId"] == NAME
    assert sagemaker.jobs == {}


@pytest.mark.parametrize("status", ["InProgress", "Completed", "Failed", "Stopped"])
def test_a_retried_create_adopts_the_job_that_it_started(sagemaker: FakeSageMaker, status: str) -> None:
    deploy(event("Create"))
    sagemaker.jobs[NAME]["status"] = status

    done = deploy(event("Create"))

    assert done["PhysicalResourceId"] == NAME
    assert list(sagemaker.jobs) == [NAME]
    assert sagemaker.calls.count("CreateHyperParameterTuningJob") == 1


@pytest.mark.parametrize("status", ["InProgress", "Completed"])
def test_a_stack_that_is_deployed_anew_adopts_what_its_predecessor_left(sagemaker: FakeSageMaker, status: str) -> None:
    sagemaker.add(NAME, status, owned())

    done = deploy(event("Create", StackId=NEXT_STACK))

    assert done["PhysicalResourceId"] == NAME
    assert list(sagemaker.jobs) == [NAME]
    assert sagemaker.jobs[NAME]["tags"] == owned(NEXT_STACK, request="request-1")


@pytest.mark.parametrize("status", ["Stopped", "Stopping", "Failed"])
def test_a_declaration_whose_job_ended_without_result_runs_again_once(sagemaker: FakeSageMaker, status: str) -> None:
    sagemaker.add(NAME, status, owned())

    first = deploy(event("Create"))
    retried = deploy(event("Create"))

    again = first["PhysicalResourceId"]
    assert again == retried["PhysicalResourceId"] != NAME
    assert set(sagemaker.jobs) == {NAME, again}


@pytest.mark.parametrize(
    ("tags", "whose"),
    [
        ({}, "not started by a stack of this library"),
        (owned(OTHER_STACK), "belongs to Job in stack Other"),
        (owned(logical_id="SecondJob"), "belongs to SecondJob in stack Tuning"),
    ],
)
def test_somebody_elses_job_is_named_and_not_touched(
    sagemaker: FakeSageMaker, tags: dict[str, str], whose: str
) -> None:
    sagemaker.add(NAME, "InProgress", tags)

    with pytest.raises(RuntimeError) as raised:
        tuning_job.on_event(event("Create"), None)

    assert str(raised.value) == (
        f"there is a tuning job '{NAME}' already (InProgress, {whose}), and names cannot be used twice; it was not "
        "touched: choose another name prefix (log group /group, stream stream-1)"
    )
    assert sagemaker.jobs[NAME] == {"status": "InProgress", "tags": tags, "request": {}}


def test_a_job_that_takes_the_name_in_between_is_not_touched_and_not_stopped_by_the_roll_back(
    sagemaker: FakeSageMaker,
) -> None:
    planned = event("Create", **tuning_job.on_event(event("Create"), None))
    sagemaker.add(NAME, "InProgress", owned(OTHER_STACK))

    with pytest.raises(RuntimeError, match="belongs to Job in stack Other"):
        tuning_job.is_complete(planned, None)
    deploy(event("Delete", PhysicalResourceId=NAME))

    assert sagemaker.jobs[NAME]["status"] == "InProgress"


PASSING = [
    Refusal("ValidationException", "Could not assume role arn:aws:iam::111122223333:role/Training"),
    Refusal("ValidationException", "no identity-based policy allows the s3:ListBucket action"),
    Refusal("ValidationException", "Access denied when describing algorithm"),
    Refusal("ThrottlingException", "Rate exceeded"),
    Refusal("InternalFailure", "try again", 500),
]


@pytest.mark.parametrize("refusal", PASSING, ids=lambda refusal: refusal.message)
def test_what_passes_by_waiting_is_asked_again_until_the_deadline(
    sagemaker: FakeSageMaker, clock: SimpleNamespace, refusal: Refusal
) -> None:
    sagemaker.refusals = [refusal] * 3
    planned = event("Create", **tuning_job.on_event(event("Create"), None))

    assert tuning_job.is_complete(planned, None) == {"IsComplete": False}
    clock.seconds += 299
    assert tuning_job.is_complete(planned, None) == {"IsComplete": False}
    clock.seconds += 1
    with pytest.raises(RuntimeError) as raised:
        tuning_job.is_complete(planned, None)
    assert str(raised.value) == (
        f"SageMaker refused the tuning job with {refusal.code}: {refusal.message} (tried for 300 s) "
        "(log group /group, stream stream-1)"
    )
    assert sagemaker.jobs == {}


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        (
            Refusal(
                "ValidationException", 'No S3 objects found under S3 URL "s3://bucket-vocab/" given in input data.'
            ),
            "the channel 'vocab' is empty: there is no object under s3://bucket-vocab/; upload its files, then deploy "
            "again",
        ),
        (
            Refusal("ValidationException", "No S3 objects found under S3 URL s3://elsewhere/x."),
            "a channel is empty: there is no object under s3://elsewhere/x; upload its files, then deploy again",
        ),
        (
            Refusal("ResourceLimitExceeded", "The limit is 0 instances."),
            "a quota of the account is too low: The limit is 0 instances. (request an increase, then deploy again)",
        ),
        (
            Refusal("ValidationException", "The strategy is wrong."),
            "SageMaker refused the tuning job with ValidationException: The strategy is wrong.",
        ),
        (
            Refusal("ValidationException", "é" * 5000),
            "SageMaker refused the tuning job with ValidationException: " + "é" * 720 + " [...]",
        ),
    ],
)
def test_what_somebody_has_to_mend_fails_at_once(sagemaker: FakeSageMaker, refusal: Refusal, message: str) -> None:
    sagemaker.refusals = [refusal]

    with pytest.raises(RuntimeError) as raised:
        deploy(event("Create"))

    assert str(raised.value) == f"{message} (log group /group, stream stream-1)"
    assert len(str(raised.value).encode()) < 2000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"HyperParameterTuningJobName": "-x"}, "1 to 32 letters, digits and inner hyphens, got '-x'"),
        ({"Colour": "red"}, "Colour is not a member of the request"),
        ({"HyperParameterTuningJobConfig": {"RandomSeed": "many"}}, "RandomSeed must be a whole number, got 'many'"),
        ({"HyperParameterTuningJobConfig": "Bayesian"}, "HyperParameterTuningJobConfig must be a structure"),
        ({"Tags": {"aws:mine": {"Value": "x"}}}, "the declaration breaks rules: "),
    ],
)
def test_a_bad_declaration_is_refused_before_anything_is_started(
    sagemaker: FakeSageMaker, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(RuntimeError, match=message):
        tuning_job.on_event(event("Create", {**declaration(), **change}), None)

    assert "CreateHyperParameterTuningJob" not in sagemaker.calls


def test_a_changed_declaration_starts_a_new_job_and_the_old_one_goes_on_until_the_clean_up(
    sagemaker: FakeSageMaker,
) -> None:
    deploy(event("Create"))
    changed = declaration("translate-ffffffff", max_jobs="8")

    done = deploy(event("Update", changed, OldResourceProperties=declaration(), PhysicalResourceId=NAME))

    assert done["PhysicalResourceId"] == "translate-ffffffff"
    assert {name: job["status"] for name, job in sagemaker.jobs.items()} == {
        NAME: "InProgress",
        "translate-ffffffff": "InProgress",
    }


def test_a_roll_back_of_an_update_finds_the_old_job_running(sagemaker: FakeSageMaker) -> None:
    deploy(event("Create"))
    changed = declaration("translate-ffffffff")

    done = deploy(event("Update", OldResourceProperties=changed, PhysicalResourceId=NAME, RequestId="request-2"))

    assert done["PhysicalResourceId"] == NAME
    assert list(sagemaker.jobs) == [NAME]


def test_an_update_of_tags_changes_tags_alone(sagemaker: FakeSageMaker) -> None:
    old = declaration(tags={"team": "mt", "stage": "test"})
    deploy(event("Create", old))
    sagemaker.jobs[NAME]["tags"]["added-by-hand"] = "kept"

    new = declaration(tags={"team": "nlp", "cost": "1"})
    done = deploy(event("Update", new, OldResourceProperties=old, PhysicalResourceId=NAME, RequestId="request-2"))

    assert done["PhysicalResourceId"] == NAME
    assert done["Data"]["HyperParameterTuningJobArn"] == ARN + NAME
    assert sagemaker.jobs[NAME]["tags"] == {
        "team": "nlp",
        "cost": "1",
        "added-by-hand": "kept",
        **owned(request="request-1"),
    }
    assert sagemaker.calls.count("CreateHyperParameterTuningJob") == 1


def test_another_service_token_starts_nothing_even_when_the_job_is_gone(sagemaker: FakeSageMaker) -> None:
    moved = {**declaration(), "ServiceToken": "arn:aws:lambda:eu-west-1:111122223333:function:newer"}

    done = deploy(event("Update", moved, OldResourceProperties=declaration(), PhysicalResourceId=NAME))

    assert done["PhysicalResourceId"] == NAME
    assert done["Data"]["HyperParameterTuningJobArn"] == ARN + NAME
    assert sagemaker.jobs == {}


def test_a_change_under_the_same_name_is_refused(sagemaker: FakeSageMaker) -> None:
    deploy(event("Create"))

    with pytest.raises(RuntimeError) as raised:
        deploy(event("Update", declaration(max_jobs="9"), OldResourceProperties=declaration(), PhysicalResourceId=NAME))

    assert str(raised.value) == (
        "HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs changed, but the tuning job's name did "
        "not, and a job cannot be changed: something that the declaration refers to is another one now; give it "
        "another name prefix or revision for a new job "
        "(log group /group, stream stream-1)"
    )


def test_delete_stops_the_job_and_waits_until_it_has_stopped(sagemaker: FakeSageMaker) -> None:
    deploy(event("Create"))
    request = event("Delete", PhysicalResourceId=NAME, RequestId="request-2")
    planned = {**request, **tuning_job.on_event(request, None)}

    assert planned["PhysicalResourceId"] == NAME
    assert tuning_job.is_complete(planned, None) == {"IsComplete": False}
    assert sagemaker.jobs[NAME]["status"] == "Stopping"
    assert tuning_job.is_complete(planned, None) == {"IsComplete": False}
    sagemaker.jobs[NAME]["status"] = "Stopped"
    assert tuning_job.is_complete(planned, None) == {"IsComplete": True}
    assert sagemaker.calls.count("StopHyperParameterTuningJob") == 1


def test_a_job_that_does_not_stop_fails_the_delete_with_the_bound(
    sagemaker: FakeSageMaker, clock: SimpleNamespace
) -> None:
    sagemaker.add(NAME, "Stopping", owned())
    request = event("Delete", PhysicalResourceId=NAME)
    planned = {**request, **tuning_job.on_event(request, None)}
    clock.seconds += 2400

    with pytest.raises(RuntimeError) as raised:
        tuning_job.is_complete(planned, None)

    assert str(raised.value) == (
        f"the tuning job '{NAME}' did not stop within 2400 s: it is Stopping (log group /group, stream stream-1)"
    )


@pytest.mark.parametrize("status", [None, "Completed", "Failed", "Stopped"])
def test_delete_of_a_job_that_is_gone_or_finished_succeeds(sagemaker: FakeSageMaker, status: str | None) -> None:
    if status is not None:
        sagemaker.add(NAME, status, owned())

    assert deploy(event("Delete", PhysicalResourceId=NAME))["IsComplete"] is True
    assert "StopHyperParameterTuningJob" not in sagemaker.calls


@pytest.mark.parametrize("physical_id", [INVENTED, f"{INVENTED}-{'x' * 60}"])
def test_delete_with_an_invented_physical_id_stops_our_job(sagemaker: FakeSageMaker, physical_id: str) -> None:
    sagemaker.add(NAME, "InProgress", owned())
    request = event("Delete", PhysicalResourceId=physical_id)

    planned = {**request, **tuning_job.on_event(request, None)}
    tuning_job.is_complete(planned, None)

    assert planned["PhysicalResourceId"] == physical_id
    assert sagemaker.jobs[NAME]["status"] == "Stopping"


def test_delete_with_an_invented_physical_id_finds_a_later_run(sagemaker: FakeSageMaker) -> None:
    sagemaker.add(NAME, "Stopped", owned())
    again = deploy(event("Create"))["PhysicalResourceId"]
    request = event("Delete", PhysicalResourceId=INVENTED)

    tuning_job.is_complete({**request, **tuning_job.on_event(request, None)}, None)

    assert sagemaker.jobs[again]["status"] == "Stopping"


@pytest.mark.parametrize("physical_id", [NAME, INVENTED])
def test_delete_leaves_somebody_elses_job_alone(sagemaker: FakeSageMaker, physical_id: str) -> None:
    sagemaker.add(NAME, "InProgress", owned(OTHER_STACK))

    assert deploy(event("Delete", PhysicalResourceId=physical_id))["IsComplete"] is True
    assert sagemaker.jobs[NAME]["status"] == "InProgress"


def test_logs_are_one_json_object_a_line_with_the_request_and_without_its_url(
    sagemaker: FakeSageMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    sagemaker.refusals = [Refusal("ThrottlingException", "Rate exceeded"), Refusal("ValidationException", "wrong")]
    planned = event("Create", **tuning_job.on_event(event("Create"), None))
    tuning_job.is_complete(planned, None)
    with pytest.raises(RuntimeError):
        tuning_job.is_complete(planned, None)

    written = capsys.readouterr().err
    lines = [json.loads(line) for line in written.splitlines()]
    assert {line["request_id"] for line in lines} == {"request-1"}
    assert {(line["stack"], line["logical_id"]) for line in lines} == {("Tuning", "Job")}
    assert {line["job"] for line in lines} == {NAME}
    assert "HandlerError" in lines[-1]["trace"]
    assert "Signature" not in written


def test_run_names_are_distinct_names_that_a_job_can_have() -> None:
    names = list(run_names("a" * 23 + "-" * 3 + "b" * 6))

    assert names[0] == "a" * 23 + "-" * 3 + "b" * 6
    assert len(set(names)) == len(names) == 100
    assert all(is_job_name(name) for name in names)
