"""Every cell of the table in docs/life-cycle.md, on the real handlers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.handlers import life_cycle, tuning_job
from infra.handlers.declaration import run_names
from infra.handlers.life_cycle import Action, State
from tests.support.fake_aws import FakeSageMaker
from tests.support.tuning_resource import (
    INVENTED,
    NAME,
    NEXT_STACK,
    OTHER_STACK,
    STACK,
    declaration,
    event,
    owned,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "life-cycle.md"
NEW = "translate-ffffffff"
NEXT = list(run_names(NAME))[1]


def table() -> dict[str, dict[str, str]]:
    """The document's table: event, state, cell."""
    lines = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    start = next(number for number, line in enumerate(lines) if line.startswith("| event |"))
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:]]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows if len(row) == len(head)}


def deletion(behavior: str) -> dict[str, Any]:
    return {**declaration(), "DeletionBehavior": behavior}


OLD = declaration(NEW)
TAGGED = declaration(tags={"team": "mt"})

# For each row: the request, the request id in the tags of the job that is there, and its row in the code.
EVENTS: Mapping[str, tuple[dict[str, Any], str, Mapping[State, Action]]] = {
    "create": (event("Create"), "request-0", life_cycle.START),
    "create, retried": (event("Create"), "request-1", life_cycle.START_RETRIED),
    "create, after a roll-back": (event("Create", StackId=NEXT_STACK), "request-0", life_cycle.START),
    "update": (event("Update", OldResourceProperties=OLD, PhysicalResourceId=NEW), "request-0", life_cycle.START),
    "update, retried": (
        event("Update", OldResourceProperties=OLD, PhysicalResourceId=NEW),
        "request-1",
        life_cycle.START_RETRIED,
    ),
    "update, rolled back after it took effect": (
        event("Update", OldResourceProperties=OLD, PhysicalResourceId=NEW, RequestId="request-2"),
        "request-0",
        life_cycle.START,
    ),
    "update, rolled back before it took effect": (
        event("Update", OldResourceProperties=OLD, PhysicalResourceId=NAME, RequestId="request-2"),
        "request-0",
        life_cycle.KEEP,
    ),
    "update of tags": (
        event("Update", TAGGED, OldResourceProperties=declaration(), PhysicalResourceId=NAME),
        "request-0",
        life_cycle.KEEP,
    ),
    "update of tags, retried": (
        event("Update", TAGGED, OldResourceProperties=declaration(), PhysicalResourceId=NAME),
        "request-1",
        life_cycle.KEEP,
    ),
    "update of tags, rolled back": (
        event("Update", OldResourceProperties=TAGGED, PhysicalResourceId=NAME, RequestId="request-2"),
        "request-0",
        life_cycle.KEEP,
    ),
    **{
        f"delete, {behavior}{how}": (
            event("Delete", deletion(behavior), PhysicalResourceId=physical_id, RequestId=request),
            "request-2" if how == ", retried" else "request-0",
            life_cycle.delete_row({"DeletionBehavior": behavior}),
        )
        for behavior in ("Stop", "Retain", "Delete")
        for how, physical_id, request in (
            ("", NAME, "request-2"),
            (", retried", NAME, "request-2"),
            (", of an invented id", INVENTED, "request-2"),
        )
        if (behavior, how) != ("Retain", ", retried")
    },
}


def test_the_document_and_the_code_have_the_same_table() -> None:
    documented = table()

    assert documented.keys() == EVENTS.keys()
    for row, (_, _, code) in EVENTS.items():
        assert {state: cell.split(" → ")[0] for state, cell in documented[row].items()} == {
            state.value: action.value for state, action in code.items()
        }, row


CELLS = [(row, state, cell) for row, cells in table().items() for state, cell in cells.items()]


@pytest.mark.parametrize(("row", "state", "cell"), CELLS, ids=[f"{row}-{state}" for row, state, _ in CELLS])
def test_cell(sagemaker: FakeSageMaker, row: str, state: str, cell: str) -> None:
    request, started_by, _ = EVENTS[row]
    tags = owned(OTHER_STACK if state == State.FOREIGN.value else STACK, request=started_by)
    if state != State.ABSENT.value:
        sagemaker.add(NAME, "InProgress" if state == State.FOREIGN.value else state, {**tags, "by-hand": "stays"})
    before = {name: {**job, "tags": dict(job["tags"])} for name, job in sagemaker.jobs.items()}
    action, _, physical_id = cell.partition(" → ")

    if action == "refuse":
        with pytest.raises(
            RuntimeError, match=f"there is a tuning job '{NAME}' already .*belongs to Job in stack Other"
        ):
            tuning_job.on_event(request, None)
        assert sagemaker.jobs == before
        return
    planned = {**request, **tuning_job.on_event(request, None)}
    answer = tuning_job.is_complete(planned, None)

    expected = {"own": NAME, "next": NEXT, "same": request.get("PhysicalResourceId")}
    assert planned["PhysicalResourceId"] == expected[physical_id]
    check(Action(action), sagemaker, before, request, answer)


def check(
    action: Action,
    sagemaker: FakeSageMaker,
    before: dict[str, Any],
    request: dict[str, Any],
    answer: dict[str, Any],
) -> None:
    """The jobs afterwards are those before with what the action does to them, and with nothing else."""
    after = {name: {"status": job["status"], "tags": job["tags"]} for name, job in sagemaker.jobs.items()}
    old = {name: {"status": job["status"], "tags": job["tags"]} for name, job in before.items()}
    owner = owned(request["StackId"], request=request["RequestId"])
    kept = old.get(NAME, {"status": "", "tags": {}})
    declared = {key: tag["Value"] for key, tag in request["ResourceProperties"].get("Tags", {}).items()}
    expected = {
        Action.CREATE: {NAME: {"status": "InProgress", "tags": owner}},
        Action.ADOPT: {NAME: {**kept, "tags": {**kept["tags"], **owner}}},
        Action.RUN_AGAIN: {**old, NEXT: {"status": "InProgress", "tags": owner}},
        Action.TAG: {NAME: {**kept, "tags": {**kept["tags"], **declared}}},
        Action.STOP: {NAME: {**kept, "status": "Stopping"}},
        Action.WAIT: old,
        Action.DELETE_ENTRY: {NAME: {**kept, "status": "Deleting"}},
        Action.LEAVE: old,
    }[action]
    assert after == expected
    assert answer["IsComplete"] is (action not in (Action.STOP, Action.WAIT, Action.DELETE_ENTRY))
