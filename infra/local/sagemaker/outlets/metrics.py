"""Algorithm metrics in CloudWatch: namespace /aws/sagemaker/TrainingJobs, dimension TrainingJobName."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from infra.local.engine import TuningEngine
from infra.local.engine.records import Publication, TrainingJob

NAMESPACE = "/aws/sagemaker/TrainingJobs"

BATCH = 500
"""Values in one request; the service takes 1000."""


def publish_metrics(
    engine: TuningEngine, job: TrainingJob, so_far: Publication, client: Callable[[], Any]
) -> Publication:
    """Publish a job's metric values beyond `so_far`; how far it is then."""
    found = engine.store.metric_values(job.name, after=so_far.metric_offset)
    values = [v for v in found if math.isfinite(v.value)]
    for start in range(0, len(values), BATCH):
        data = [
            {
                "MetricName": v.name,
                "Dimensions": [{"Name": "TrainingJobName", "Value": job.name}],
                "Timestamp": datetime.fromtimestamp(v.time, UTC),
                "Value": v.value,
            }
            for v in values[start : start + BATCH]
        ]
        client().put_metric_data(Namespace=NAMESPACE, MetricData=data)
    return replace(so_far, metric_offset=max(v.offset for v in found)) if found else so_far
