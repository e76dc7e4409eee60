"""The shapes of requests that are kept here are the services'."""

from __future__ import annotations

import pytest

from infra.handlers.model import from_botocore, shapes


@pytest.mark.parametrize("service", ["sagemaker", "personalize"])
def test_the_kept_model_is_that_of_the_installed_botocore(service: str) -> None:
    # Fails when a newer botocore knows more: write the files anew, and give each new member a prop.
    assert shapes(service) == from_botocore(service)
