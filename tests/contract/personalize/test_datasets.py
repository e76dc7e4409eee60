"""Schemas, dataset groups, datasets and imports, as an API user sees them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.personalize.conftest import ROLE, Api
from tests.support.personalize import INTERACTIONS

USERS = {
    "type": "record",
    "name": "Users",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "AGE", "type": ["null", "int"]},
        {"name": "MEMBER", "type": "boolean"},
    ],
}


def _fields(*fields: dict[str, Any], name: str = "Interactions") -> str:
    return json.dumps({"type": "record", "name": name, "fields": list(fields)})


USER, ITEM = {"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"}
TIME = {"name": "TIMESTAMP", "type": "long"}

BAD_SCHEMAS = [
    ("no json", "The schema is not JSON: Expecting value: line 1 column 1 (char 0)."),
    ('"string"', "The schema must be an Avro record."),
    (_fields(USER, name="Actions"), "The name of the schema must be Interactions, Users or Items, got Actions."),
    (_fields(USER, ITEM), "The schema of dataset type INTERACTIONS lacks the required fields TIMESTAMP."),
    (
        _fields(USER, ITEM, {"name": "TIMESTAMP", "type": "string"}),
        "Field TIMESTAMP must be of type long, got string.",
    ),
    (
        _fields(USER, ITEM, {"name": "TIMESTAMP", "type": ["null", "long"]}),
        "Field TIMESTAMP must be of type long, got null or long.",
    ),
    (
        _fields(USER, ITEM, TIME, {"name": "EVENT_VALUE", "type": "int"}),
        "Field EVENT_VALUE must be of type float, got int.",
    ),
    (
        _fields(USER, ITEM, TIME, {"name": "TAGS", "type": "bytes"}),
        "The type of field TAGS must be one of null, string, int, long, float, double, boolean, got bytes.",
    ),
    (
        _fields(USER, ITEM, TIME, {"name": "A_B", "type": "int"}, {"name": "AB", "type": "int"}),
        "Field names must differ by letters and digits, got A_B and AB.",
    ),
    (_fields(USER, name="Users"), "A schema of dataset type USERS must have between 1 and 5 metadata fields, got 0."),
]


def test_bad_schemas_are_refused_with_what_is_wrong(api: Api) -> None:
    for schema, message in BAD_SCHEMAS:
        with pytest.raises(ClientError) as refused:
            api.personalize.create_schema(name="bad", schema=schema)
        assert refused.value.response["Error"] == {"Code": "InvalidInputException", "Message": message}
    with pytest.raises(ClientError, match=r"InvalidInputException.*The schema is not valid Avro: .*NO_TYPE|'type'"):
        api.personalize.create_schema(name="bad", schema=_fields(USER, ITEM, TIME, {"name": "NO_TYPE"}))
    assert api.personalize.list_schemas()["schemas"] == []


def test_resources_are_described_listed_tagged_and_deleted(api: Api) -> None:
    schema, group = api.schema(), api.group()
    dataset = api.dataset(group, schema)
    assert schema == "arn:aws:personalize:us-east-1:000000000000:schema/interactions"
    assert dataset == "arn:aws:personalize:us-east-1:000000000000:dataset/shop/INTERACTIONS"
    assert json.loads(api.personalize.describe_schema(schemaArn=schema)["schema"]["schema"]) == INTERACTIONS
    assert api.personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]["status"] == "ACTIVE"
    described = api.personalize.describe_dataset(datasetArn=dataset)["dataset"]
    assert (described["datasetType"], described["status"]) == ("INTERACTIONS", "ACTIVE")
    assert [s["schemaArn"] for s in api.personalize.list_schemas()["schemas"]] == [schema]
    assert [g["name"] for g in api.personalize.list_dataset_groups()["datasetGroups"]] == ["shop"]
    assert [d["datasetArn"] for d in api.personalize.list_datasets(datasetGroupArn=group)["datasets"]] == [dataset]

    api.personalize.tag_resource(resourceArn=group, tags=[{"tagKey": "team", "tagValue": "a"}])
    assert api.personalize.list_tags_for_resource(resourceArn=group)["tags"] == [{"tagKey": "team", "tagValue": "a"}]
    api.personalize.untag_resource(resourceArn=group, tagKeys=["team"])
    assert api.personalize.list_tags_for_resource(resourceArn=group)["tags"] == []

    with pytest.raises(ClientError, match=r"ResourceInUseException.*is used by the dataset"):
        api.personalize.delete_schema(schemaArn=schema)
    with pytest.raises(ClientError, match=r"ResourceInUseException.*has the dataset"):
        api.personalize.delete_dataset_group(datasetGroupArn=group)
    api.personalize.delete_dataset(datasetArn=dataset)
    api.personalize.delete_dataset_group(datasetGroupArn=group)
    api.personalize.delete_schema(schemaArn=schema)
    for describe, argument in (
        (api.personalize.describe_schema, {"schemaArn": schema}),
        (api.personalize.describe_dataset_group, {"datasetGroupArn": group}),
        (api.personalize.describe_dataset, {"datasetArn": dataset}),
    ):
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            describe(**argument)


def test_a_dataset_needs_the_schema_of_its_type(api: Api) -> None:
    users, group = api.schema("users", USERS), api.group()
    with pytest.raises(ClientError, match="is one of dataset type USERS, not INTERACTIONS"):
        api.dataset(group, users)
    dataset = api.dataset(group, users, "Users")
    with pytest.raises(ClientError, match=rf"Another resource with Arn {dataset} already exists"):
        api.dataset(group, users, "Users")


def test_an_import_fails_by_rows_that_do_not_conform_and_counts_them(api: Api) -> None:
    dataset = api.dataset(api.group(), api.schema("users", USERS), "USERS")
    rows = [
        "USER_ID,AGE,MEMBER",
        "ann,31,true",
        "bob,,false",
        "cid,old,true",
        ",5,true",
        "eve,7,True",
        "fay,7",
        "g,1,x",
    ]
    job = api.imported(dataset, api.put("users.csv", "\n".join(rows) + "\n"))
    assert job["status"] == "CREATE FAILED"
    assert job["failureReason"] == (
        "Input CSV has 5 of 7 rows that do not conform to the dataset schema. "
        "users.csv, line 4: AGE must be null or int, got 'old'; "
        "users.csv, line 5: USER_ID must be string, got ''; "
        "users.csv, line 6: MEMBER must be boolean, got 'True'."
    )


def test_imports_say_what_keeps_them_from_importing(api: Api) -> None:
    dataset = api.dataset(api.group(), api.schema())
    nowhere = api.imported(dataset, f"s3://{api.bucket}/nowhere/", "nowhere")
    assert nowhere["failureReason"] == f"Invalid Data location. No CSV file is at s3://{api.bucket}/nowhere/."
    no_bucket = api.imported(dataset, "s3://there-is-no-such-bucket/x.csv", "no-bucket")
    assert no_bucket["failureReason"].startswith("Invalid Data location. s3://there-is-no-such-bucket/x.csv cannot be")
    columns = api.imported(dataset, api.put("short.csv", "USER_ID,ITEM_ID\na,b\n"), "columns")
    assert columns["failureReason"] == "Input CSV is missing the following columns: [TIMESTAMP, EVENT_TYPE]."
    few = api.imported(dataset, api.put("few.csv", "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\na,b,1,view\n"), "few")
    assert few["failureReason"] == "Input CSV has 1 records, a dataset import job needs at least 1000."
    quotes = api.imported(
        dataset, api.put("quotes.csv", 'USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n"a"b,c,1,d\n'), "quotes"
    )
    assert quotes["failureReason"].startswith("Input CSV quotes.csv is not readable: ")
    jobs = api.personalize.list_dataset_import_jobs(datasetArn=dataset)["datasetImportJobs"]
    assert {job["status"] for job in jobs} == {"CREATE FAILED"}
    with pytest.raises(ClientError, match=r"Invalid Data location. It must start with s3://"):
        api.personalize.create_dataset_import_job(
            jobName="x", datasetArn=dataset, dataSource={"dataLocation": "https://a/b.csv"}, roleArn=ROLE
        )


def test_a_full_import_replaces_and_an_incremental_one_adds(api: Api, events_csv: str) -> None:
    """Seen by what a model then knows: coverage is by the items of all events."""
    group = api.group()
    dataset = api.dataset(group, api.schema())
    header, *lines = events_csv.splitlines()
    half = len(lines) // 2
    first = api.put("data/first.csv", "\n".join([header, *lines[:half]]))
    second = api.put("more/second.csv", "\n".join([header, *(line.replace("item-", "new-") for line in lines[half:])]))
    recipe = "arn:aws:personalize:::recipe/aws-popularity-count"
    solution = api.personalize.create_solution(name="s", datasetGroupArn=group, recipeArn=recipe)["solutionArn"]

    coverage = []
    for name, location, mode in (("a", first, "FULL"), ("b", second, "INCREMENTAL"), ("c", first, "FULL")):
        assert api.imported(dataset, location, name, importMode=mode)["status"] == "ACTIVE"
        version = api.trained(solution)["solutionVersionArn"]
        metrics = api.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
        coverage.append(metrics["coverage"])
    assert coverage[0] == coverage[2]
    assert coverage[1] < coverage[0]


def test_a_sixth_dataset_group_is_one_too_many(api: Api) -> None:
    for number in range(5):
        api.group(f"g{number}")
    with pytest.raises(ClientError, match=r"LimitExceededException.*More than 5 resources in ACTIVE state"):
        api.group("g5")
