"""What `cdk bootstrap` would leave in an account, made by API calls in a third of a second."""

from __future__ import annotations

import json
from typing import Any

from infra.local.clients import local_client
from infra.local.home import ACCOUNT
from infra.local.state import LocalState

QUALIFIER = "hnb659fds"
"""The CDK's default qualifier."""

VERSION = "32"
"""At least what the CDK CLI asks of a bootstrap stack for any asset and for rollbacks."""

ROLES = ("cfn-exec-role", "deploy-role", "file-publishing-role", "image-publishing-role", "lookup-role")


def seed(state: LocalState) -> None:
    """Make the asset bucket, the roles and the version parameter where they are missing."""
    names = f"cdk-{QUALIFIER}-{{}}-{ACCOUNT}-{state.region}"
    _seed_bucket(local_client(state, "s3"), names.format("assets"), state.region)
    _seed_roles(local_client(state, "iam"), [names.format(role) for role in ROLES])
    local_client(state, "ssm").put_parameter(
        Name=f"/cdk-bootstrap/{QUALIFIER}/version", Value=VERSION, Type="String", Overwrite=True
    )


def _seed_bucket(s3: Any, bucket: str, region: str) -> None:
    if bucket in {entry["Name"] for entry in s3.list_buckets()["Buckets"]}:
        return
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **where)


def _seed_roles(iam: Any, names: list[str]) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
        ],
    }
    for name in names:
        try:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        except iam.exceptions.EntityAlreadyExistsException:
            continue
