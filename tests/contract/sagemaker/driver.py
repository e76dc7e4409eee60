"""An engine in a process of its own, for tests that kill it: serves until its input ends, then closes."""

from __future__ import annotations

import sys
from pathlib import Path

from infra.local.engine import EngineSettings
from infra.local.home import Home
from infra.local.sagemaker import SageMakerService

if __name__ == "__main__":
    settings = EngineSettings(stop_grace=0.5, close_grace=0.5, poll=0.02, cores=2)
    service = SageMakerService(Home(Path(sys.argv[1])), settings=settings)
    print("ready", flush=True)
    sys.stdin.read()
    service.close()
