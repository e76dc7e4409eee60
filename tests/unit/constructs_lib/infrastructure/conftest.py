from __future__ import annotations

import pytest

from tests.unit.constructs_lib.infrastructure.deployment import Deployment


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """One synthesis for all tests of this folder."""
    return Deployment(tmp_path_factory.mktemp("cdk.out"))
