"""State changes of jobs as EventBridge events.

PutEvents refuses events with a source of AWS's own, locally as in an account, so the matching rules' targets are called
from here: rules and targets are read from the emulator's EventBridge, which also says whether a pattern matches.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.engine import NoSuchJobError, TuningEngine
from infra.local.engine.records import StateChange
from infra.local.sagemaker import answers

from .targets import call_target, target_input

_logger = logging.getLogger(__name__)

SOURCE = "aws.sagemaker"
DETAIL_TYPES = {
    "tuning": "SageMaker HyperParameter Tuning Job State Change",
    "training": "SageMaker Training Job State Change",
}
_IDS = uuid.UUID("0d4f0a4e-7c0d-4f4f-9f5e-3f6b9a4f7f57")


class EventDelivery:
    """Calls the targets of the default bus's rules that match a state change.

    Args:
        engine: Whose state changes.
        client: Makes the client of a service.
    """

    def __init__(self, engine: TuningEngine, client: Callable[[str], Any]) -> None:
        self._engine = engine
        self._client = client

    def deliver(self) -> None:
        """Deliver what has not been delivered yet, in order.

        A target that refuses is logged and passed over, as events are lost where a target cannot take them.
        """
        changes = self._engine.store.state_changes()
        if not changes:
            return
        rules = list(self._rules())
        for change in changes:
            if rules and (event := self._event(change)) is not None:
                for rule in rules:
                    self._offer(rule, event)
        self._engine.store.delete_state_changes(changes[-1].id)

    def _rules(self) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {}
        while True:
            answer = self._client("events").list_rules(**query)
            yield from (r for r in answer["Rules"] if r.get("State") != "DISABLED" and r.get("EventPattern"))
            if "NextToken" not in answer:
                return
            query["NextToken"] = answer["NextToken"]

    def _offer(self, rule: dict[str, Any], event: dict[str, Any]) -> None:
        events = self._client("events")
        if not events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(event))["Result"]:
            return
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            try:
                call_target(self._client, target, target_input(target, rule, event))
            except (BotoCoreError, ClientError, ValueError) as error:
                _logger.warning("rule %s: target %s was not reached: %s", rule["Name"], target["Arn"], error)

    def _event(self, change: StateChange) -> dict[str, Any] | None:
        """The event as EventBridge hands it on; None if the job is deleted."""
        try:
            arn, detail = self._detail(change)
        except NoSuchJobError:
            return None
        return {
            "version": "0",
            "id": str(uuid.uuid5(_IDS, f"{arn}/{change.id}")),
            "detail-type": DETAIL_TYPES[change.kind],
            "source": SOURCE,
            "account": self._engine.account,
            "time": datetime.fromtimestamp(change.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._engine.region,
            "resources": [arn],
            "detail": json.loads(json.dumps(detail, default=_milliseconds)),
        }

    def _detail(self, change: StateChange) -> tuple[str, dict[str, Any]]:
        """The job's description with the status that it had then."""
        engine = self._engine
        if change.kind == "tuning":
            tuning = engine.store.tuning_job(change.name)
            described = answers.tuning_job(engine, tuning)
            return tuning.arn, {
                **described,
                "HyperParameterTuningJobStatus": change.status,
                "Tags": engine.store.tags(tuning.arn),
            }
        training = engine.store.training_job(change.name)
        described = answers.training_job(engine, training)
        return training.arn, {
            **described,
            "TrainingJobStatus": change.status,
            "SecondaryStatus": change.secondary_status,
            "Tags": engine.store.tags(training.arn),
        }


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
