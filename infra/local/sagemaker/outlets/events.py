"""State changes of jobs as EventBridge events."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from infra.local.engine import NoSuchJobError, TuningEngine
from infra.local.engine.records import StateChange
from infra.local.sagemaker import answers

from .routing import Router

SOURCE = "aws.sagemaker"
DETAIL_TYPES = {
    "tuning": "SageMaker HyperParameter Tuning Job State Change",
    "training": "SageMaker Training Job State Change",
}
_IDS = uuid.UUID("0d4f0a4e-7c0d-4f4f-9f5e-3f6b9a4f7f57")


class EventDelivery:
    """Offers state changes to the rules of the default bus.

    Args:
        engine: Whose state changes.
        client: Makes the client of a service.
    """

    def __init__(self, engine: TuningEngine, client: Callable[[str], Any]) -> None:
        self._engine = engine
        self._client = client

    def deliver(self) -> None:
        """Deliver what has not been delivered yet, in order."""
        changes = self._engine.store.state_changes()
        if not changes:
            return
        router = Router(self._client, region=self._engine.region, account=self._engine.account)
        for change in changes:
            if router.has_rules() and (event := self._event(change)) is not None:
                router.offer(event)
        self._engine.store.delete_state_changes(changes[-1].id)

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
