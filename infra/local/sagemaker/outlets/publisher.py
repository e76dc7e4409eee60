"""The thread that publishes what the record says and has not been published yet."""

from __future__ import annotations

import logging
import threading
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.clients import Clients
from infra.local.engine import NoSuchJobError, TuningEngine
from infra.local.engine.errors import EngineError
from infra.local.record import RecordError

from .events import EventDelivery
from .logs import LogPublisher
from .metrics import publish_metrics

_logger = logging.getLogger(__name__)

INTERVAL = 0.5
"""Seconds between two looks at the record."""

PATIENCE = 5.0
"""Seconds until the next try where another service does not answer."""


class Publisher(threading.Thread):
    """Publishes logs, metrics and state changes, each at least once.

    How far it has come is in the record: what an engine that died had not published, the next one does. A service that
    does not answer delays what is published and nothing else.

    Args:
        engine: Whose record is published.
        clients: The other services.
    """

    def __init__(self, engine: TuningEngine, clients: Clients) -> None:
        super().__init__(name="publisher", daemon=True)
        self._engine = engine
        self._clients = clients
        self._made: dict[str, Any] = {}
        self._logs = LogPublisher(engine, lambda: self._client("logs"))
        self._events = EventDelivery(engine, self._client)
        self._closing = threading.Event()

    def run(self) -> None:
        """Publish until closed."""
        patience = INTERVAL
        while not self._closing.wait(patience):
            patience = INTERVAL if self._publish() else PATIENCE

    def close(self) -> None:
        """Publish what there is and end."""
        self._closing.set()
        self.join()
        self._publish()

    def _client(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = self._clients(service)
        return self._made[service]

    def _publish(self) -> bool:
        """One pass over the record; False where another service has refused or did not answer."""
        try:
            self._events.deliver()
            for name in self._engine.store.unpublished_training_jobs():
                self._publish_job(name)
        except (BotoCoreError, ClientError, OSError) as error:
            _logger.warning("logs, metrics or events wait: %s", error)
            return False
        except (EngineError, RecordError) as error:
            _logger.warning("nothing is published: %s", error)
            return False
        except Exception:
            _logger.exception("publishing failed")
            return False
        return True

    def _publish_job(self, name: str) -> None:
        store = self._engine.store
        try:
            job = store.training_job(name)
        except NoSuchJobError:
            return  # deleted this moment
        before = store.publication(name)
        after = publish_metrics(self._engine, job, self._logs.publish(job, before), lambda: self._client("cloudwatch"))
        if after != before:
            store.put_publication(after)
