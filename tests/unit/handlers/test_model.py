"""The shape of the request that is kept here is the service's."""

from __future__ import annotations

from infra.handlers.model import from_botocore, shapes


def test_the_kept_model_is_that_of_the_installed_botocore() -> None:
    # Fails when a newer botocore knows more: write the file anew, and give each new member a prop.
    assert shapes() == from_botocore()
