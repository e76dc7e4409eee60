"""Environment variables that point programs at the local AWS, and that keep them off a real account."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from infra.local.home import VARIABLE, Home
from infra.local.state import HOST, LocalState

# Not only AWS_PROFILE and AWS_SESSION_TOKEN: endpoints of single services, role files, container credentials and
# AWS_IGNORE_CONFIGURED_ENDPOINT_URLS lead a program away from the local AWS too. So all of them go.
_FOREIGN_PREFIXES = ("AWS_", "CDK_DEFAULT_")
_ALWAYS_UNSET = ("AWS_CA_BUNDLE", "AWS_DEFAULT_PROFILE", "AWS_PROFILE", "AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN")
_NO_PROXY = f"{HOST},localhost"


def local_environment(state: LocalState) -> dict[str, str]:
    """What to set for SDKs, the AWS CLI and the CDK CLI. What else to unset is `foreign_variables`."""
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_DEFAULT_REGION": state.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": state.ministack_url,
        "AWS_ENDPOINT_URL_PERSONALIZE": state.endpoint_url,
        "AWS_ENDPOINT_URL_SAGEMAKER": state.endpoint_url,
        "AWS_ENDPOINT_URL_SERVICE_QUOTAS": state.endpoint_url,
        "AWS_REGION": state.region,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": _NO_PROXY,
        "no_proxy": _NO_PROXY,
    }


def foreign_variables(environ: Iterable[str]) -> list[str]:
    """Names to unset: everything that could lead to another account or endpoint, whether set now or not."""
    found = {name for name in environ if name.startswith(_FOREIGN_PREFIXES)}
    return sorted({*found, *_ALWAYS_UNSET})


def without_aws(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment in which no AWS account can be found."""
    foreign = set(foreign_variables(environ))
    return {name: value for name, value in environ.items() if name not in foreign}


def command_environment(home: Home, state: LocalState, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The whole environment for a command that works on the local AWS."""
    return {**without_aws(environ), **local_environment(state), VARIABLE: str(home.path)}
