"""From an event to the targets of the rules that match it, on the default bus and from there on others.

PutEvents refuses events with a source of AWS's own, locally as in an account, so the matching rules' targets are called
from here: rules and targets are read from the emulator's EventBridge, which also says whether a pattern matches.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from .targets import call_target, target_input

_logger = logging.getLogger(__name__)

DEFAULT_BUS: Final = "default"
"""Where the services' own events arrive."""


class Router:
    """Offers events to rules, each of which is read once.

    Args:
        client: Makes the client of a service.
        region: Where the buses are that can be reached.
        account: Whose they are.
    """

    def __init__(self, client: Callable[[str], Any], *, region: str, account: str) -> None:
        self._client = client
        self._buses = f"arn:aws:events:{region}:{account}:event-bus/"
        self._rules: dict[str, list[dict[str, Any]]] = {}

    def offer(self, event: dict[str, Any], *, bus: str = DEFAULT_BUS, came_from: str | None = None) -> None:
        """Call the targets of a bus's rules that match an event.

        A target that refuses is logged and passed over, as events are lost where a target cannot take them.

        Args:
            event: As EventBridge hands it on.
            bus: The name of the bus.
            came_from: The bus that handed the event on. Default: None, the event's source.
        """
        events = self._client("events")
        for rule in self._rules_of(bus):
            if not events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(event))["Result"]:
                continue
            for target in events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]:
                try:
                    self._call(target, rule, event, bus, came_from)
                except (BotoCoreError, ClientError, ValueError) as error:
                    _logger.warning("rule %s: target %s was not reached: %s", rule["Name"], target["Arn"], error)

    def has_rules(self) -> bool:
        """Whether any rule might match an event of a service."""
        return bool(self._rules_of(DEFAULT_BUS))

    def _call(
        self, target: dict[str, Any], rule: dict[str, Any], event: dict[str, Any], bus: str, came_from: str | None
    ) -> None:
        arn = target["Arn"]
        if not arn.startswith("arn:aws:events:") or ":event-bus/" not in arn:
            call_target(self._client, target, target_input(target, rule, event))
            return
        if came_from is not None:  # documented, and no circle can be closed
            raise ValueError(f"an event that came from the bus {came_from} goes to no third bus")
        if not arn.startswith(self._buses):
            raise ValueError("only buses of this account and region are reached")
        other = arn.removeprefix(self._buses)
        self._client("events").describe_event_bus(Name=other)  # an error if there is none
        self.offer(event, bus=other, came_from=bus)

    def _rules_of(self, bus: str) -> list[dict[str, Any]]:
        if bus not in self._rules:
            self._rules[bus] = list(self._read_rules(bus))
        return self._rules[bus]

    def _read_rules(self, bus: str) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {"EventBusName": bus}
        while True:
            answer = self._client("events").list_rules(**query)
            yield from (r for r in answer["Rules"] if r.get("State") != "DISABLED" and r.get("EventPattern"))
            if "NextToken" not in answer:
                return
            query["NextToken"] = answer["NextToken"]
