from __future__ import annotations

from pathlib import Path

from infra.local import ministack
from infra.local.environment import command_environment, foreign_variables, local_environment, without_aws
from infra.local.home import Home
from infra.local.parts import endpoint_environment
from infra.local.state import LocalState

STATE = LocalState("eu-west-1", ministack_port=20001, endpoint_port=20002)
USERS = {
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_ENDPOINT_URL_S3": "https://s3.amazonaws.com",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_PROFILE": "production",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r",
    "AWS_SESSION_TOKEN": "token",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
    "CDK_DEFAULT_ACCOUNT": "123456789012",
    "EDITOR": "vi",
    "PATH": "/usr/bin",
    "PYTHONPATH": "/mine",
    "SERVICES": "sqs",
}


def test_the_environment_points_at_the_local_aws() -> None:
    assert local_environment(STATE) == {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:20001",
        "AWS_ENDPOINT_URL_PERSONALIZE": "http://127.0.0.1:20002",
        "AWS_ENDPOINT_URL_SAGEMAKER": "http://127.0.0.1:20002",
        "AWS_ENDPOINT_URL_SERVICE_QUOTAS": "http://127.0.0.1:20002",
        "AWS_REGION": "eu-west-1",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def test_nothing_of_the_users_account_is_left() -> None:
    assert without_aws(USERS) == {"EDITOR": "vi", "PATH": "/usr/bin", "PYTHONPATH": "/mine", "SERVICES": "sqs"}
    environment = command_environment(Home(Path("/h")), STATE, USERS)
    assert {name for name in environment if name.startswith(("AWS_", "CDK_"))} == {
        name for name in local_environment(STATE) if name.startswith("AWS_")
    }
    assert environment["TUNING_HOME"] == "/h"


def test_the_usual_ways_to_an_account_are_unset_even_where_they_are_not_set_now() -> None:
    assert foreign_variables([]) == [
        "AWS_CA_BUNDLE",
        "AWS_DEFAULT_PROFILE",
        "AWS_PROFILE",
        "AWS_SECURITY_TOKEN",
        "AWS_SESSION_TOKEN",
    ]


def test_the_emulator_gets_its_settings_and_nothing_else_of_the_user(tmp_path: Path) -> None:
    environment = ministack.environment(Home(tmp_path), STATE, USERS)
    assert environment["BIND_HOST"] == "127.0.0.1"
    assert environment["GATEWAY_PORT"] == "20001"
    assert environment["AWS_ENDPOINT_URL_SAGEMAKER"] == "http://127.0.0.1:20002"
    assert environment["STATE_DIR"] == str(tmp_path / "ministack" / "state")
    assert environment["PATH"].startswith(str(ministack.node_folder()))
    assert not {"EDITOR", "PYTHONPATH", "SERVICES", "AWS_PROFILE"} & environment.keys()


def test_the_endpoint_keeps_the_users_environment_and_can_import_this_package() -> None:
    environment = endpoint_environment(STATE, {**USERS, "OMP_NUM_THREADS": "2"})
    assert environment["EDITOR"] == "vi"
    assert environment["OMP_NUM_THREADS"] == "2"
    assert "AWS_PROFILE" not in environment
    package, own = environment["PYTHONPATH"].split(":")
    assert (Path(package) / "infra" / "local").is_dir()
    assert own == "/mine"
