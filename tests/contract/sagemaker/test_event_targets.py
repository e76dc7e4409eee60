"""State changes of jobs reach rules' targets of each kind, in the emulator's own services."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

from .test_outlets import TWO_LINES, Client, client, received, told

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from .conftest import Api

__all__ = ["client", "told"]  # fixtures

ROLE = "arn:aws:iam::000000000000:role/targets"

KEEP_EVENT = """
import json, os, boto3

def handler(event, context):
    boto3.client("s3").put_object(
        Bucket=os.environ["BUCKET"], Key="told/" + event["job"] + "/" + event["status"], Body=json.dumps(event).encode()
    )
"""

TRANSFORMER = {
    "InputPathsMap": {"job": "$.detail.TrainingJobName", "status": "$.detail.SecondaryStatus", "all": "$.detail.Tags"},
    "InputTemplate": '{"job": <job>, "status": "<status>", "tags": <all>, "rule": <aws.events.rule-name>}',
}

STATUSES = ["Starting", "Downloading", "Training", "Uploading", "Completed"]


def rule_with(client: Client, arn: str, *, bus: str = "default", detail: Any = None, **target: Any) -> str:
    """A rule of a bus on the state changes of training jobs; its name."""
    name = f"rule-{uuid.uuid4().hex[:8]}"
    pattern: dict[str, Any] = {"source": ["aws.sagemaker"], "detail-type": ["SageMaker Training Job State Change"]}
    if detail is not None:
        pattern["detail"] = detail
    client("events").put_rule(Name=name, EventPattern=json.dumps(pattern), EventBusName=bus)
    targets: Any = [{"Id": "target", "Arn": arn, **target}]
    refused = client("events").put_targets(Rule=name, EventBusName=bus, Targets=targets)
    assert refused["FailedEntryCount"] == 0
    return name


def train(told: Api) -> str:
    """One training job; what it tells others has been told. Its name."""
    told.image(TWO_LINES)
    name = f"job-{uuid.uuid4().hex[:8]}"
    told.tune(name, ResourceLimits={"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1})
    (job,) = told.training_jobs(name)
    told.service.close()
    found: str = job["TrainingJobName"]
    return found


def test_a_function_gets_what_the_transformer_makes(told: Api, client: Client, s3: S3Client) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", KEEP_EVENT)
    variables = {
        "BUCKET": told.bucket,
        "AWS_ENDPOINT_URL": s3.meta.endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    function = client("lambda").create_function(
        FunctionName=f"keep-{uuid.uuid4().hex[:8]}",
        Runtime="python3.11",
        Handler="index.handler",
        Role=ROLE,
        Timeout=60,
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": variables},
    )
    rule = rule_with(client, function["FunctionArn"], InputTransformer=TRANSFORMER)
    job = train(told)
    prefix = f"told/{job}/"
    told.until(lambda: s3.list_objects_v2(Bucket=told.bucket, Prefix=prefix)["KeyCount"] == len(STATUSES))
    for status in STATUSES:
        kept = json.loads(s3.get_object(Bucket=told.bucket, Key=f"{prefix}{status}")["Body"].read())
        assert kept == {"job": job, "status": status, "tags": {}, "rule": rule}


def test_a_topic_hands_an_event_on(told: Api, client: Client) -> None:
    name = f"heard-{uuid.uuid4().hex[:8]}"
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    queue = f"arn:aws:sqs:us-east-1:000000000000:{name}"
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    rule_with(client, topic)
    job = train(told)
    events = [event for event in received(client, url) if event["detail"]["TrainingJobName"] == job]
    assert sorted(event["detail"]["SecondaryStatus"] for event in events) == sorted(STATUSES)


def test_a_state_machine_starts_with_the_path_of_an_event(told: Api, client: Client) -> None:
    definition = {"StartAt": "Take", "States": {"Take": {"Type": "Pass", "End": True}}}
    machine = client("stepfunctions").create_state_machine(
        name=f"take-{uuid.uuid4().hex[:8]}", definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    rule_with(client, machine, RoleArn=ROLE, InputPath="$.detail")
    job = train(told)
    executions = client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    inputs = [
        json.loads(client("stepfunctions").describe_execution(executionArn=one["executionArn"])["input"])
        for one in executions
    ]
    assert sorted(i["SecondaryStatus"] for i in inputs if i["TrainingJobName"] == job) == sorted(STATUSES)


def test_a_queue_in_order_gets_its_group(told: Api, client: Client) -> None:
    name = f"ordered-{uuid.uuid4().hex[:8]}.fifo"
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    rule_with(client, f"arn:aws:sqs:us-east-1:000000000000:{name}", SqsParameters={"MessageGroupId": "jobs"})
    job = train(told)
    events = [event["detail"] for event in received(client, url)]
    assert [event["SecondaryStatus"] for event in events if event["TrainingJobName"] == job] == STATUSES


def queue(client: Client) -> tuple[str, str]:
    """A queue of its own: its URL and ARN."""
    name = f"queue-{uuid.uuid4().hex[:8]}"
    return client("sqs").create_queue(QueueName=name)["QueueUrl"], f"arn:aws:sqs:us-east-1:000000000000:{name}"


def bus(client: Client) -> tuple[str, str]:
    """A custom event bus: its name and ARN."""
    name = f"bus-{uuid.uuid4().hex[:8]}"
    return name, client("events").create_event_bus(Name=name)["EventBusArn"]


def test_another_bus_gets_the_event_and_its_rules_fire(told: Api, client: Client) -> None:
    # GIVEN a rule of the default bus that hands all on to another bus, whose rule takes the end of a job alone
    name, arn = bus(client)
    url, target = queue(client)
    nothing, unreached = queue(client)
    rule_with(client, arn)
    rule_with(client, target, bus=name, detail={"TrainingJobStatus": ["Completed"]})
    # AND a rule of a bus that nothing is handed on to
    rule_with(client, unreached, bus=bus(client)[0])

    job = train(told)

    (event,) = [event for event in received(client, url) if event["detail"]["TrainingJobName"] == job]
    assert (event["source"], event["detail"]["SecondaryStatus"]) == ("aws.sagemaker", "Completed")
    assert received(client, nothing) == []


def test_an_event_goes_to_no_third_bus_and_in_no_circle(told: Api, client: Client) -> None:
    (second, second_arn), (third, third_arn) = bus(client), bus(client)
    (url, target), (nothing, unreached) = queue(client), queue(client)
    rule_with(client, second_arn)
    rule_with(client, third_arn, bus=second)
    rule_with(client, "arn:aws:events:us-east-1:000000000000:event-bus/default", bus=second)
    rule_with(client, target, bus=second)
    rule_with(client, unreached, bus=third)

    job = train(told)

    events = [event for event in received(client, url) if event["detail"]["TrainingJobName"] == job]
    assert sorted(event["detail"]["SecondaryStatus"] for event in events) == sorted(STATUSES)
    assert received(client, nothing) == []


def test_a_bus_that_is_gone_or_elsewhere_keeps_no_other_target_from_being_called(told: Api, client: Client) -> None:
    name, arn = bus(client)
    rule = rule_with(client, arn)
    client("events").delete_event_bus(Name=name)
    elsewhere = "arn:aws:events:eu-west-1:000000000000:event-bus/default"
    url, target = queue(client)
    targets: Any = [{"Id": "elsewhere", "Arn": elsewhere, "RoleArn": ROLE}, {"Id": "queue", "Arn": target}]
    assert client("events").put_targets(Rule=rule, Targets=targets)["FailedEntryCount"] == 0

    job = train(told)

    assert sum(event["detail"]["TrainingJobName"] == job for event in received(client, url)) == len(STATUSES)


def test_a_target_that_is_gone_keeps_no_other_from_being_called(told: Api, client: Client) -> None:
    name = f"after-{uuid.uuid4().hex[:8]}"
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    rule = rule_with(client, "arn:aws:sqs:us-east-1:000000000000:gone")
    queue = {"Id": "queue", "Arn": f"arn:aws:sqs:us-east-1:000000000000:{name}"}
    client("events").put_targets(Rule=rule, Targets=[queue])
    job = train(told)
    assert sum(event["detail"]["TrainingJobName"] == job for event in received(client, url)) == len(STATUSES)
