"""The cells of docs/life-cycle.md for Personalize's solutions, versions and imports, on the real handlers."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from infra.handlers import clients, clock, personalize
from infra.handlers.declaration import digest, run_names
from infra.handlers.life_cycle import Action, State
from infra.handlers.personalize_contract import DATASET_IMPORT_JOB, SOLUTION, SOLUTION_VERSION, Kind
from tests.support.fake_aws import Refusal, client
from tests.support.fake_personalize import STATUS, FakePersonalize
from tests.support.fault_cases import IMPORT_CASE, SOLUTION_CASE, VERSION_CASE, Case
from tests.support.tuning_resource import INVENTED, NAME, OTHER_STACK, STACK, owned
from tests.unit.handlers import test_life_cycle as tuning_job

ABSENT, FOREIGN = State.ABSENT.value, State.FOREIGN.value
# The rows and states that each kind of resource can meet: what has no API cannot happen.
KINDS: dict[str, tuple[Kind, Case, str, tuple[str, ...]]] = {
    "solution": (SOLUTION, SOLUTION_CASE, "Delete", ("InProgress", "Completed", "Failed", "Deleting")),
    "solution version": (
        SOLUTION_VERSION,
        VERSION_CASE,
        "Stop",
        ("InProgress", "Completed", "Failed", "Stopping", "Stopped"),
    ),
    "dataset import job": (DATASET_IMPORT_JOB, IMPORT_CASE, "Retain", ("InProgress", "Completed", "Failed")),
}
CELLS = [
    (noun, row, state)
    for noun, (_, _, deletion, states) in KINDS.items()
    for row in tuning_job.EVENTS
    for state in (ABSENT, *states, FOREIGN)
    if (not row.startswith("delete") or row.startswith(f"delete, {deletion}"))
    # A version has no tags of a declaration.
    and not (noun == "solution version" and row.startswith("update of tags"))
]


@pytest.fixture
def fake(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> FakePersonalize:
    made = FakePersonalize(getattr(request, "param", SOLUTION))
    monkeypatch.setattr(clients, "personalize", lambda: client("personalize", made.call))
    return made


def request_of(row: str, case: Case) -> tuple[dict[str, Any], str]:
    """The row's request about a resource of a case, and the name of its declaration."""
    declared, old, tagged = case.declared("Job-1", None), case.declared("Job-2", None), {"team": "mt"}
    name, old_name = case.name_of(declared), case.name_of(old)
    request = dict(tuning_job.EVENTS[row][0])
    of_tags = row.startswith("update of tags")
    request["ResourceType"] = case.resource_type
    request["ResourceProperties"] = case.declared("Job-1", tagged if of_tags and "rolled" not in row else None)
    if "OldResourceProperties" in request:
        before = case.declared("Job-1", tagged if "rolled" in row else None)
        request["OldResourceProperties"] = before if of_tags else old
    physical = {NAME: name, tuning_job.NEW: old_name, INVENTED: INVENTED}
    if "PhysicalResourceId" in request:
        request["PhysicalResourceId"] = physical[request["PhysicalResourceId"]]
    return request, name


def owner(declared: dict[str, Any], stack: str, request: str) -> dict[str, str]:
    return {**owned(stack, request=request), "tuning-as-code:declaration": digest(declared)}


@pytest.mark.parametrize(("noun", "row", "state"), CELLS, ids=[f"{noun}-{row}-{state}" for noun, row, state in CELLS])
def test_cell(monkeypatch: pytest.MonkeyPatch, noun: str, row: str, state: str) -> None:
    kind, case, _, _ = KINDS[noun]
    fake = FakePersonalize(kind)
    monkeypatch.setattr(clients, "personalize", lambda: client("personalize", fake.call))
    request, name = request_of(row, case)
    _, started_by, actions = tuning_job.EVENTS[row]
    tags = owner(request["ResourceProperties"], OTHER_STACK if state == FOREIGN else STACK, started_by)
    if state != ABSENT:
        fake.add(name, "InProgress" if state == FOREIGN else state, {**tags, "by-hand": "stays"})
    before = standing(fake)
    action = actions[State(state)]

    if action is Action.REFUSE:
        with pytest.raises(RuntimeError, match=f"there is a {noun} '{name}' already .*belongs to Job in stack Other"):
            personalize.on_event(request, None)
        assert standing(fake) == before
        return
    planned = {**request, **personalize.on_event(request, None)}
    # What was adopted may have failed before: then the request says so.
    with pytest.raises(RuntimeError) if action is Action.ADOPT and _failed(noun, state) else contextlib.nullcontext():
        personalize.is_complete(planned, None)
    again = list(run_names(name))[1]
    expected = again if action is Action.RUN_AGAIN else request.get("PhysicalResourceId", name)
    starts = request["RequestType"] != "Delete" and actions[State.ABSENT] is Action.CREATE
    assert planned["PhysicalResourceId"] == (expected if action is Action.RUN_AGAIN or not starts else name)
    assert standing(fake) == after(action, before, request, name, again)


def _failed(noun: str, state: str) -> bool:
    """Whether there will never be anything to use; a version that was stopped by somebody stays as it is."""
    return state not in ("InProgress", "Completed", *(["Stopped"] if noun == "solution version" else []))


def standing(fake: FakePersonalize) -> dict[str, tuple[str, dict[str, str]]]:
    return {thing.name: (thing.status, dict(thing.tags)) for thing in fake.things.values()}


def after(
    action: Action, before: dict[str, tuple[str, dict[str, str]]], request: dict[str, Any], name: str, again: str
) -> dict[str, tuple[str, dict[str, str]]]:
    """Those before with what the action does to them, and with nothing else."""
    mine = owner(request["ResourceProperties"], request["StackId"], request["RequestId"])
    status, tags = before.get(name, ("", {}))
    declared = {key: tag["tagValue"] for key, tag in request["ResourceProperties"].get("tags", {}).items()}
    new = (STATUS["InProgress"], mine)
    # A solution that is being created cannot be stopped, and comes to rest at once.
    stopping = status if name.startswith("Job") else STATUS["Stopping"]
    return {
        Action.CREATE: {name: new},
        Action.ADOPT: {name: (status, {**tags, **mine})},
        Action.RUN_AGAIN: {**before, again: new},
        Action.TAG: {name: (status, {**tags, **declared})},
        Action.STOP: {name: (stopping, tags)},
        Action.DELETE_ENTRY: {name: (STATUS["Deleting"], tags)},
    }.get(action, before)


def test_a_solution_with_a_campaign_is_not_deleted(fake: FakePersonalize) -> None:
    request, name = request_of("delete, Delete", SOLUTION_CASE)
    fake.add(name, "Completed", owner(request["ResourceProperties"], STACK, "request-0"))
    fake.campaigns.append("arn:aws:personalize:eu-west-1:111122223333:campaign/home")
    planned = {**request, **personalize.on_event(request, None)}
    with pytest.raises(RuntimeError, match=r"has the campaign arn:.*:campaign/home: delete it first"):
        personalize.is_complete(planned, None)
    assert standing(fake)[name][0] == "ACTIVE"


@pytest.mark.parametrize("fake", [SOLUTION_VERSION], indirect=True)
def test_a_version_that_trains_longer_than_a_deployment_goes_on(
    fake: FakePersonalize, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    request, name = request_of("create", VERSION_CASE)
    planned = {**request, **personalize.on_event(request, None)}
    assert personalize.is_complete(planned, None) == {"IsComplete": False}
    now[0] += 2400
    answer = personalize.is_complete(planned, None)
    assert (answer["IsComplete"], answer["Data"]["Status"]) == (True, "CREATE PENDING")
    assert (answer["Data"]["TunedHyperParameters"], answer["Data"]["Metrics"]) == ("{}", "{}")
    assert standing(fake)[name][0] == "CREATE PENDING"


@pytest.mark.parametrize("fake", [DATASET_IMPORT_JOB], indirect=True)
def test_an_import_whose_role_is_not_known_yet_is_tried_again(
    fake: FakePersonalize, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.failure = "Insufficient privileges for accessing data in S3."
    refused = [True]

    def call(operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        if operation == "CreateDatasetImportJob" and refused.pop() if refused else False:
            raise Refusal(
                "InvalidInputException", "Personalize is not allowed to assume role arn:aws:iam::1:role/Import"
            )
        return fake.call(operation, asked)

    monkeypatch.setattr(clients, "personalize", lambda: client("personalize", call))
    request, name = request_of("create", IMPORT_CASE)
    planned = {**request, **personalize.on_event(request, None)}
    assert personalize.is_complete(planned, None) == {"IsComplete": False}  # refused at once
    assert personalize.is_complete(planned, None) == {"IsComplete": False}  # it imports
    first, again = fake.arn(name), fake.arn(list(run_names(name))[1])
    fake.things[first].status = "CREATE FAILED"
    assert personalize.is_complete(planned, None) == {"IsComplete": False}  # it imports again
    fake.things[again].status = "ACTIVE"
    answer = personalize.is_complete(planned, None)
    assert answer == {"IsComplete": True, "Data": {"Arn": again, "Status": "ACTIVE"}}
    assert planned["PhysicalResourceId"] == name


@pytest.mark.parametrize("fake", [DATASET_IMPORT_JOB], indirect=True)
def test_an_import_that_never_gets_its_rights_fails(fake: FakePersonalize) -> None:
    fake.failure = "Insufficient privileges for accessing data in S3."
    request, name = request_of("create", IMPORT_CASE)
    planned = {**request, **personalize.on_event(request, None)}
    for tries in range(1, 6):
        assert personalize.is_complete(planned, None) == {"IsComplete": False}
        assert len(fake.things) == tries
        for thing in fake.things.values():
            thing.status = "CREATE FAILED"
    with pytest.raises(RuntimeError, match=f"'{name}' is in status CREATE FAILED: Insufficient privileges"):
        personalize.is_complete(planned, None)
    assert len(fake.things) == 5


def test_a_changed_group_under_the_same_name_is_refused(fake: FakePersonalize) -> None:
    request, name = request_of("update of tags", SOLUTION_CASE)
    old = {
        **SOLUTION_CASE.declared("Job-1", None),
        "datasetGroupArn": "arn:aws:personalize:eu-west-1:1:dataset-group/a",
    }
    fake.add(name, "Completed", owner(old, STACK, "request-0"))
    request = {**request, "OldResourceProperties": old}
    planned = {**request, **personalize.on_event(request, None)}
    with pytest.raises(RuntimeError, match="datasetGroupArn changed, but the solution's name did not"):
        personalize.is_complete(planned, None)
