"""What can be set about an engine."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class EngineSettings:
    """Times in seconds, and limits. The defaults are SageMaker's where it has them."""

    stop_grace: float = 120.0
    """From SIGTERM to SIGKILL when a training job is stopped."""
    close_grace: float = 5.0
    """The same when the engine closes; such jobs are run again at the next start."""
    poll: float = 0.05
    """Between two looks at a running job's log."""
    cores: int = os.cpu_count() or 1
    """Processor cores shared out among parallel training jobs."""
    checkpoints: float = 2.0
    """Between two looks at a running job's checkpoints."""
    max_lost: int = 3
    """How often a training job may be lost (with the machine, say) before it counts as failed."""
