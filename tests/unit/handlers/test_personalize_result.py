"""The result of a solution version that trains on after its deployment, as its publisher writes it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from infra.handlers import clients, personalize_result
from infra.handlers.personalize_contract import SOLUTION_VERSION
from tests.support.fake_aws import FakeParameters, FakeTopics, client
from tests.support.fake_personalize import STATUS, FakePersonalize
from tests.support.fault_cases import PARENT

PARAMETER = "/tuning/Shop/Hrnn"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:results"
TUNED = {"algorithmHyperParameters": {"bptt": "28", "recency_mask": "false"}}


@dataclass
class World:
    personalize: FakePersonalize
    arn: str
    parameters: FakeParameters = field(default_factory=lambda: FakeParameters({PARAMETER: "{}"}))
    topics: FakeTopics = field(default_factory=FakeTopics)

    def become(self, state: str, **described: Any) -> None:
        thing = self.personalize.things[self.arn]
        thing.status = STATUS[state]
        thing.described = {"solutionArn": PARENT, "creationDateTime": 400, **described}

    def publish(self, **event: Any) -> dict[str, Any]:
        called_with = {"solutionVersionArn": self.arn, "ParameterName": PARAMETER, **event}
        return personalize_result.publish(called_with, None)

    @property
    def value(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.parameters.values[PARAMETER])
        return loaded


@pytest.fixture
def world(clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> World:
    fake = FakePersonalize(SOLUTION_VERSION)
    made = World(fake, fake.add("version-1", "InProgress", {}))
    for service, backend in (("personalize", fake), ("ssm", made.parameters), ("sns", made.topics)):
        answered = client(service, backend.call)
        monkeypatch.setattr(clients, service, lambda answered=answered: answered)
    return made


def test_a_trained_version_is_published_once_with_what_was_tuned_and_its_metrics(world: World) -> None:
    recipe = "arn:aws:personalize:::recipe/aws-hrnn"
    world.become("Completed", tunedHPOParams=TUNED, trainingHours=1.25, recipeArn=recipe)

    assert world.publish(TopicArn=TOPIC) == {"Published": True}
    assert world.publish(TopicArn=TOPIC) == {"Published": False}

    assert world.value == {
        "solutionVersionArn": world.arn,
        "solutionArn": PARENT,
        "status": "ACTIVE",
        "recipeArn": recipe,
        "trainingHours": 1.25,
        "tunedHPOParams": TUNED,
        "metrics": {"coverage": 0.5},
    }
    (message,) = world.topics.messages
    assert json.loads(message["Message"]) == world.value
    assert message["Subject"] == "Solution version solution/shop/00000000: ACTIVE"


def test_nothing_is_published_before_the_end(world: World) -> None:
    for state in ("InProgress", "Stopping"):
        world.become(state)
        assert world.publish() == {"Published": False}
    assert world.value == {}


@pytest.mark.parametrize("state", ["Failed", "Stopped"])
def test_an_end_without_a_model_is_published_as_such(world: World, state: str) -> None:
    world.become(state)
    assert world.publish() == {"Published": True}
    assert world.value["status"] == STATUS[state]
    assert (world.value["metrics"], world.value["tunedHPOParams"]) == ({}, {"algorithmHyperParameters": {}})
    assert world.value.get("failureReason") == ("it failed" if state == "Failed" else None)


def test_a_version_that_is_gone_leaves_what_is_published(world: World) -> None:
    world.personalize.things.clear()
    assert world.publish() == {"Published": False}
    assert world.value == {}


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"solutionVersionArn": ""}, "the event's solutionVersionArn must be a name, got ''"),
        ({"ParameterName": None}, "the event's ParameterName must be a name, got None"),
        ({"ParameterName": "/other"}, "there is no parameter '/other'; deploy the stack that declares it"),
    ],
)
def test_bad_input_is_named_with_the_log(world: World, event: dict[str, Any], message: str) -> None:
    world.become("Completed")
    with pytest.raises(RuntimeError) as refused:
        world.publish(**event)
    assert str(refused.value).startswith(f"{message} (log group ")
