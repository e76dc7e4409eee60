"""A tuning job from its creation to its end, as an API user sees it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TRAIN = """
import json, os, pathlib
ml = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
hyperparameters = json.loads((ml / "input/config/hyperparameters.json").read_text())
print("loss=9")
print("loss=" + repr(abs(float(hyperparameters["rate"]) - 0.1)))
(ml / "model/weights").write_text("w")
"""


def test_tuning_job_completes_with_the_best_training_job(api: Any) -> None:
    api.image(TRAIN)
    done = api.tune()
    jobs = api.training_jobs()
    assert done["HyperParameterTuningJobStatus"] == "Completed", done
    assert [j["TrainingJobStatus"] for j in jobs] == ["Completed"] * 3
    for number, job in enumerate(jobs, start=1):
        assert re.fullmatch(rf"job-00{number}-[0-9a-f]{{8}}", job["TrainingJobName"])
        value = job["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        assert value == abs(float(job["TunedHyperParameters"]["rate"]) - 0.1)
    best = min(jobs, key=lambda j: j["FinalHyperParameterTuningJobObjectiveMetric"]["Value"])
    assert done["BestTrainingJob"] == best
    assert done["TrainingJobStatusCounters"] == {
        "Completed": 3,
        "InProgress": 0,
        "RetryableError": 0,
        "NonRetryableError": 0,
        "Stopped": 0,
    }
    assert done["ObjectiveStatusCounters"] == {"Succeeded": 3, "Pending": 0, "Failed": 0}
