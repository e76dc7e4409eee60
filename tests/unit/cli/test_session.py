from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, NoRegionError

from infra.cli.errors import UserError
from infra.cli.session import aws_errors, client


def test_local_without_a_running_local_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNING_HOME", str(tmp_path))
    with pytest.raises(UserError) as caught:
        client("sagemaker", local=True)
    assert str(caught.value) == f"no local AWS is running in {tmp_path}: start it with `tuning local up`"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            NoCredentialsError(),
            "no AWS credentials: sign in, or add --local for the local AWS (Unable to locate credentials)",
        ),
        (
            NoRegionError(),
            "no AWS region: set AWS_REGION, or add --local for the local AWS (You must specify a region.)",
        ),
        (
            EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
            "no answer: check the network, or `tuning local status` for the local AWS "
            '(Could not connect to the endpoint URL: "http://127.0.0.1:1")',
        ),
    ],
)
def test_errors_on_the_way_to_aws_say_what_to_do(error: Exception, message: str) -> None:
    with pytest.raises(UserError) as caught, aws_errors():
        raise error
    assert str(caught.value) == message


def test_the_region_is_that_of_the_other_aws_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert client("sagemaker").meta.region_name == "eu-central-1"
    monkeypatch.delenv("AWS_REGION")
    assert client("logs").meta.region_name == "us-west-2"
