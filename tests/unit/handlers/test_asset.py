"""The handlers as Lambda has them: a folder called ``handlers``, the standard library and boto3."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from infra.handlers import contract, personalize_contract

# What the Lambda runtime brings: boto3 and what it needs.
RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")


def test_every_entry_point_imports_with_nothing_but_boto3(tmp_path: Path) -> None:
    packages, asset = tmp_path / "runtime", tmp_path / "asset"
    packages.mkdir()
    for name in RUNTIME_PACKAGES:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        source = Path(spec.origin)
        is_package = source.name == "__init__.py"
        (packages / (name if is_package else source.name)).symlink_to(source.parent if is_package else source)
    shutil.copytree(Path(contract.__file__).parent, asset / "handlers", ignore=shutil.ignore_patterns("__pycache__"))
    entry_points = [
        contract.TUNING_JOB_HANDLER,
        contract.TUNING_JOB_COMPLETION_HANDLER,
        contract.GPU_QUOTA_HANDLER,
        contract.GPU_QUOTA_COMPLETION_HANDLER,
        contract.RESULT_HANDLER,
        contract.BEST_TRAINING_JOB_HANDLER,
        personalize_contract.PERSONALIZE_HANDLER,
        personalize_contract.PERSONALIZE_COMPLETION_HANDLER,
    ]
    paths = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), str(packages), str(asset)]
    program = f"""
import sys
sys.path[:] = {paths!r} + [path for path in sys.path if path.endswith(("lib-dynload", ".zip"))]
import importlib
for entry_point in {entry_points!r}:
    module, function = entry_point.rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), function)), entry_point
outside = [name for name in ("aws_cdk", "infra", "typing_extensions") if name in sys.modules]
assert not outside, outside
"""

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert done.returncode == 0, done.stderr
