"""Two tuning jobs in a stack, and a job that cannot start as a trap at any step."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk

from constructs_lib import HyperParameterTuningJob
from tests.support.small_search import small_search

BUCKET = "fault-channels"
MOST = 20
"""So many training jobs that a search does not end by itself before it is stopped."""


def build(folder: str) -> None:
    """Assemblies ``<version>-<trap>`` for two versions, and for a trap before, between and after the jobs."""
    for version in (1, 2):
        for trap in (None, 0, 1, 2):
            app = cdk.App(outdir=str(Path(folder) / f"{version}-{trap}"), analytics_reporting=False)
            stack = cdk.Stack(app, "faults")
            before = None
            for step in range(3):
                names = ["Trap"] if step == trap else []
                names += [("First", "Second")[step]] if step < 2 else []
                for name in names:
                    prefix = "nothing-is-here" if name == "Trap" else "train"
                    job = HyperParameterTuningJob.from_request(
                        stack, name, small_search(BUCKET, jobs=MOST, seed=version, prefix=prefix)
                    )
                    if before is not None:
                        job.node.add_dependency(before)
                    before = job
            app.synth()
