"""The SageMaker Python SDK's tuner against the local AWS; runs where sagemaker 2 is installed."""

from __future__ import annotations

import json
import sys

import sagemaker
from sagemaker.estimator import Estimator
from sagemaker.parameter import CategoricalParameter, ContinuousParameter, IntegerParameter
from sagemaker.tuner import HyperparameterTuner

bucket = sys.argv[1]
session = sagemaker.Session(default_bucket=bucket)
estimator = Estimator(
    image_uri="000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:1",
    role="arn:aws:iam::000000000000:role/training",
    instance_count=1,
    instance_type="ml.m5.large",
    output_path=f"s3://{bucket}/output",
    hyperparameters={"layers": 2},
    sagemaker_session=session,
)
tuner = HyperparameterTuner(
    estimator,
    objective_metric_name="loss",
    objective_type="Minimize",
    metric_definitions=[{"Name": "loss", "Regex": "loss=([0-9.e-]+)"}],
    hyperparameter_ranges={
        "rate": ContinuousParameter(0.001, 1.0),
        "size": IntegerParameter(1, 64),
        "kind": CategoricalParameter(["adam", "sgd"]),
    },
    max_jobs=3,
    max_parallel_jobs=2,
    base_tuning_job_name="sdk",
)
tuner.fit({"train": f"s3://{bucket}/train"}, wait=True)
name = tuner.latest_tuning_job.name
frame = tuner.analytics().dataframe()
attached = HyperparameterTuner.attach(name, sagemaker_session=session)
child = attached.identical_dataset_and_algorithm_tuner()
child.max_jobs = 2
child.metric_definitions = attached.metric_definitions  # the SDK's helper leaves them behind
child.fit({"train": f"s3://{bucket}/train"}, wait=True)
print(
    json.dumps(
        {
            "status": tuner.describe()["HyperParameterTuningJobStatus"],
            "best": tuner.best_training_job(),
            "rows": frame[["TrainingJobStatus", "FinalObjectiveValue", "rate", "size", "kind"]].values.tolist(),
            "attached_best": attached.best_training_job(),
            "attached_ranges": sorted(attached.hyperparameter_ranges()),
            "hyperparameters": attached.best_estimator().hyperparameters(),
            "warm_start": child.describe()["WarmStartConfig"]["WarmStartType"],
            "child": child.describe()["HyperParameterTuningJobStatus"],
            "name": name,
            "parent": child.describe()["WarmStartConfig"]["ParentHyperParameterTuningJobs"][0][
                "HyperParameterTuningJobName"
            ],
        }
    )
)
