"""Targets of an EventBridge rule: what they are given, and how they are called."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"<([^<>]+)>")
_STRING_OR_PLACEHOLDER = re.compile(r'"(?:\\.|[^"\\])*"|<[^<>]+>')


def target_input(target: Mapping[str, Any], rule: Mapping[str, Any], event: dict[str, Any]) -> str:
    """What a target gets: the event, or what its Input, InputPath or InputTransformer makes of it."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(_at(event, target["InputPath"], missing=event))
    if "InputTransformer" in target:
        return _transformed(target["InputTransformer"], rule, event)
    return json.dumps(event)


def call_target(client: Callable[[str], Any], target: Mapping[str, Any], text: str) -> None:
    """Hand an input to a target: a Lambda function, an SQS queue, an SNS topic, or a state machine.

    Raises:
        ValueError: A target of another service.
        ClientError: The target's service refuses.
    """
    arn = str(target["Arn"])
    service, resource = arn.split(":")[2], arn.split(":", 5)[5]
    if service == "lambda":
        client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=text.encode())
    elif service == "sqs":
        url = client("sqs").get_queue_url(QueueName=resource)["QueueUrl"]
        group = target.get("SqsParameters", {}).get("MessageGroupId")
        client("sqs").send_message(
            QueueUrl=url, MessageBody=text, **({} if group is None else {"MessageGroupId": group})
        )
    elif service == "sns":
        client("sns").publish(TopicArn=arn, Message=text)
    elif service == "states":
        client("stepfunctions").start_execution(stateMachineArn=arn, input=text)
    else:
        raise ValueError(f"targets of {service} are not called for local SageMaker events")


def _at(event: dict[str, Any], path: str, *, missing: Any = "") -> Any:
    """The value at a path such as `$.detail.TrainingJobName`; `missing` where there is none."""
    value: Any = event
    for part in path.removeprefix("$").split("."):
        if part and (not isinstance(value, dict) or part not in value):
            return missing
        value = value[part] if part else value
    return value


def _transformed(transformer: Mapping[str, Any], rule: Mapping[str, Any], event: dict[str, Any]) -> str:
    """The template with its `<names>` filled in: as JSON, or as bare text inside of a JSON string and in plain text."""
    values = {name: _at(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    values |= {
        "aws.events.rule-arn": rule["Arn"],
        "aws.events.rule-name": rule["Name"],
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": event,
        "aws.events.event.ingestion-time": event["time"],
    }

    def bare(match: re.Match[str]) -> str:
        value = values.get(match[1], match[0])
        return value if isinstance(value, str) else json.dumps(value).replace('"', "")

    def within_json(match: re.Match[str]) -> str:
        if match[0].startswith('"'):
            return _PLACEHOLDER.sub(bare, match[0])
        name = match[0][1:-1]
        return json.dumps(values[name]) if name in values else match[0]

    template = str(transformer["InputTemplate"])
    if '"' not in template and not template.lstrip().startswith("{"):
        return json.dumps(_PLACEHOLDER.sub(bare, template))
    return _STRING_OR_PLACEHOLDER.sub(within_json, template)
