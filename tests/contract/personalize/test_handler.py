"""The custom resources' handler against the local service: the life of a stack's resources, request by request."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from infra.handlers import clients, personalize
from tests.contract.personalize.conftest import ROLE, Api
from tests.support.personalize import INTERACTIONS

STACK = "arn:aws:cloudformation:us-east-1:000000000000:stack/Shop/11111111-aaaa-bbbb-cccc-000000000001"
CONTEXT = SimpleNamespace(log_group_name="/group", log_stream_name="stream")


class Stack:
    """Calls the handler as CloudFormation and the provider framework do."""

    def __init__(self) -> None:
        self._requests = 0
        self._made: dict[str, dict[str, Any]] = {}

    def request(self, kind: str, what: str, properties: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """One request, waited for; the answer with its attributes."""
        event = self.event(kind, what, properties, **more)
        answer = personalize.on_event(event, CONTEXT)
        event = {**event, **answer}
        while not (done := personalize.is_complete(event, CONTEXT))["IsComplete"]:
            time.sleep(0.1)
        return {**answer, **done}

    def event(self, kind: str, what: str, properties: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """The next request."""
        self._requests += 1
        return {
            "RequestType": what,
            "RequestId": f"request-{self._requests}",
            "StackId": STACK,
            "LogicalResourceId": kind,
            "ResourceType": f"Custom::Personalize{kind}",
            "ResourceProperties": {"ServiceToken": "arn:x", "ServiceTimeout": "3000", **properties},
            **more,
        }

    def create(self, kind: str, **properties: Any) -> dict[str, Any]:
        answer = self.request(kind, "Create", properties)
        self._made[answer["Data"]["Arn"]] = {"properties": properties, "id": answer["PhysicalResourceId"]}
        return answer

    def delete(self, kind: str, arn: str) -> None:
        made = self._made[arn]
        self.request(kind, "Delete", made["properties"], PhysicalResourceId=made["id"])


@pytest.fixture
def stack(api: Api, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setattr(clients, "personalize", lambda: api.personalize)
    return Stack()


def _group_with_data(stack: Stack, location: str) -> dict[str, str]:
    """ARNs of a group and what is in it, made by the handler."""
    group = stack.create("DatasetGroup", name="Shop-1")["Data"]["Arn"]
    schema = stack.create("Schema", name="Schema-1", schema=json.dumps(INTERACTIONS))["Data"]["Arn"]
    dataset = stack.create(
        "Dataset", name="Events-1", datasetGroupArn=group, schemaArn=schema, datasetType="INTERACTIONS"
    )["Data"]["Arn"]
    imported = stack.create(
        "DatasetImportJob",
        jobName="Import-1",
        datasetArn=dataset,
        dataSource={"dataLocation": location},
        roleArn=ROLE,
        importMode="FULL",
    )
    assert imported["Data"]["Status"] == "ACTIVE"
    return {"DatasetGroup": group, "Schema": schema, "Dataset": dataset, "DatasetImportJob": imported["Data"]["Arn"]}


def test_the_life_of_a_stack(stack: Stack, api: Api, events_csv: str) -> None:
    arns = _group_with_data(stack, api.put("events.csv", events_csv))
    # CloudFormation hands every scalar over as a string.
    solution = stack.create(
        "Solution",
        name="Sims-1",
        datasetGroupArn=arns["DatasetGroup"],
        recipeArn="arn:aws:personalize:::recipe/aws-sims",
        performHPO="true",
        performAutoTraining="false",
        solutionConfig={
            "hpoConfig": {
                "algorithmHyperParameterRanges": {
                    "integerHyperParameterRanges": {"min_cointeraction_count": {"minValue": "0", "maxValue": "5"}},
                    "continuousHyperParameterRanges": {
                        "popularity_discount_factor": {"minValue": "0.1", "maxValue": "0.9"}
                    },
                },
                "hpoResourceConfig": {"maxNumberOfTrainingJobs": "3", "maxParallelTrainingJobs": "1"},
            }
        },
        tags={"team": {"tagValue": "a"}},
    )["Data"]["Arn"]
    described = api.personalize.describe_solution(solutionArn=solution)["solution"]
    assert described["performAutoTraining"] is False
    assert described["solutionConfig"]["hpoConfig"]["algorithmHyperParameterRanges"] == {
        "integerHyperParameterRanges": [{"name": "min_cointeraction_count", "minValue": 0, "maxValue": 5}],
        "continuousHyperParameterRanges": [{"name": "popularity_discount_factor", "minValue": 0.1, "maxValue": 0.9}],
    }
    version = stack.create("SolutionVersion", solutionArn=solution, trainingMode="FULL", DatasetImports=["x"])
    assert version["Data"]["Status"] == "ACTIVE"
    tuned = json.loads(version["Data"]["TunedHyperParameters"])
    assert set(tuned) == {"min_cointeraction_count", "popularity_discount_factor"}
    assert json.loads(version["Data"]["Metrics"])["coverage"] > 0

    for kind, arn in (
        ("SolutionVersion", version["Data"]["Arn"]),
        ("Solution", solution),
        ("DatasetImportJob", arns["DatasetImportJob"]),
        ("Dataset", arns["Dataset"]),
        ("Schema", arns["Schema"]),
        ("DatasetGroup", arns["DatasetGroup"]),
    ):
        stack.delete(kind, arn)
        stack.delete(kind, arn)  # a retry of what was done
    assert api.personalize.list_solutions()["solutions"] == []
    assert api.personalize.list_dataset_groups()["datasetGroups"] == []
    assert api.personalize.list_schemas()["schemas"] == []


@pytest.mark.parametrize("first", ["SolutionVersion", "Solution"])
def test_deleting_stops_what_is_in_training(stack: Stack, api: Api, events_csv: str, first: str) -> None:
    arns = _group_with_data(stack, api.put("events.csv", events_csv))
    recipe = "arn:aws:personalize:::recipe/aws-hrnn"
    solution = stack.create("Solution", name="slow", datasetGroupArn=arns["DatasetGroup"], recipeArn=recipe)
    properties = {"solutionArn": solution["Data"]["Arn"], "trainingMode": "FULL"}
    event = stack.event("SolutionVersion", "Create", properties)
    event |= personalize.on_event(event, CONTEXT)
    assert not personalize.is_complete(event, CONTEXT)["IsComplete"]  # it trains
    (arn,) = [v["solutionVersionArn"] for v in api.personalize.list_solution_versions()["solutionVersions"]]
    if first == "SolutionVersion":
        stack.request("SolutionVersion", "Delete", properties, PhysicalResourceId=event["PhysicalResourceId"])
        assert api.version(arn)["status"] == "CREATE STOPPED"
    stack.delete("Solution", solution["Data"]["Arn"])
    assert api.personalize.list_solutions()["solutions"] == []


def test_a_create_that_is_tried_again_makes_no_second_version(stack: Stack, api: Api, events_csv: str) -> None:
    arns = _group_with_data(stack, api.put("events.csv", events_csv))
    recipe = "arn:aws:personalize:::recipe/aws-popularity-count"
    request = {"name": "once", "datasetGroupArn": arns["DatasetGroup"], "recipeArn": recipe}
    solution = stack.create("Solution", **request)["Data"]["Arn"]
    assert stack.create("Solution", **request)["Data"]["Arn"] == solution  # the same declaration is adopted
    event = stack.event("SolutionVersion", "Create", {"solutionArn": solution, "trainingMode": "FULL"})
    for _ in range(2):  # the function dies after it has created the version, and is called again
        planned = {**event, **personalize.on_event(event, CONTEXT)}
        personalize.is_complete(planned, CONTEXT)
    assert len(api.personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]) == 1


def test_a_failed_import_is_told_and_a_mended_file_is_imported(stack: Stack, api: Api, events_csv: str) -> None:
    group = stack.create("DatasetGroup", name="Shop-2")["Data"]["Arn"]
    schema = stack.create("Schema", name="Schema-2", schema=json.dumps(INTERACTIONS))["Data"]["Arn"]
    dataset = stack.create("Dataset", name="E", datasetGroupArn=group, schemaArn=schema, datasetType="INTERACTIONS")[
        "Data"
    ]["Arn"]
    location = api.put("events.csv", "USER_ID,ITEM_ID\na,b\n")
    properties = {"jobName": "Import-2", "datasetArn": dataset, "roleArn": ROLE}
    properties["dataSource"] = {"dataLocation": location}
    with pytest.raises(RuntimeError, match=r"CREATE FAILED: Input CSV is missing the following columns: .*log group"):
        stack.create("DatasetImportJob", **properties)
    api.put("events.csv", events_csv)
    assert stack.create("DatasetImportJob", **properties)["Data"]["Status"] == "ACTIVE"


def test_a_dataset_takes_over_another_schema(stack: Stack, api: Api) -> None:
    group = stack.create("DatasetGroup", name="Shop-3")["Data"]["Arn"]
    old = stack.create("Schema", name="Old", schema=json.dumps(INTERACTIONS))["Data"]["Arn"]
    new = stack.create("Schema", name="New", schema=json.dumps({**INTERACTIONS, "doc": "new"}))["Data"]["Arn"]
    properties = {"name": "E", "datasetGroupArn": group, "schemaArn": old, "datasetType": "INTERACTIONS"}
    dataset = stack.create("Dataset", **properties)["Data"]["Arn"]
    changed = {**properties, "name": "F", "schemaArn": new}
    more = {"PhysicalResourceId": dataset, "OldResourceProperties": {"ServiceToken": "arn:x", **properties}}
    assert stack.request("Dataset", "Update", changed, **more)["PhysicalResourceId"] == dataset
    assert api.personalize.describe_dataset(datasetArn=dataset)["dataset"]["schemaArn"] == new


def test_a_changed_tag_changes_tags_alone(stack: Stack, api: Api) -> None:
    first = {"name": "Shop-4", "tags": {"team": {"tagValue": "a"}, "old": {"tagValue": "x"}}}
    group = stack.create("DatasetGroup", **first)["Data"]["Arn"]
    second = {"name": "Shop-4", "tags": {"team": {"tagValue": "b"}}}
    more = {"PhysicalResourceId": "Shop-4", "OldResourceProperties": {"ServiceToken": "arn:x", **first}}
    assert stack.request("DatasetGroup", "Update", second, **more)["PhysicalResourceId"] == "Shop-4"
    tags = {t["tagKey"]: t["tagValue"] for t in api.personalize.list_tags_for_resource(resourceArn=group)["tags"]}
    assert tags["team"] == "b"
    assert "old" not in tags
    assert tags["tuning-as-code:stack-id"] == STACK


def test_a_declaration_that_fits_no_request_is_refused(stack: Stack) -> None:
    with pytest.raises(RuntimeError, match=r"performHPO must be true or false, got 'maybe'.*log group /group"):
        stack.create("Solution", name="S", datasetGroupArn="arn:x", performHPO="maybe")
    with pytest.raises(RuntimeError, match="the resource type must be one of"):
        stack.create("Campaign", name="C")
