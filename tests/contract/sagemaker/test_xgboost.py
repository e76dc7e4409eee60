"""The developer guide's example of a tuning job, field for field but for bucket, region of the image and role."""

from __future__ import annotations

import io
import math
import tarfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xgboost as xgb
from sklearn.datasets import load_breast_cancer

from tests.contract.sagemaker.conftest import Api

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONFIG: dict[str, Any] = {
    "ParameterRanges": {
        "CategoricalParameterRanges": [],
        "ContinuousParameterRanges": [
            {"MaxValue": "1", "MinValue": "0", "Name": "eta"},
            {"MaxValue": "2", "MinValue": "0", "Name": "alpha"},
            {"MaxValue": "10", "MinValue": "1", "Name": "min_child_weight"},
        ],
        "IntegerParameterRanges": [{"MaxValue": "10", "MinValue": "1", "Name": "max_depth"}],
    },
    "ResourceLimits": {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 3},
    "Strategy": "Bayesian",
    "HyperParameterTuningJobObjective": {"MetricName": "validation:auc", "Type": "Maximize"},
}


def channel(name: str, uri: str) -> dict[str, Any]:
    source = {"S3DataDistributionType": "FullyReplicated", "S3DataType": "S3Prefix", "S3Uri": uri}
    return {
        "ChannelName": name,
        "CompressionType": "None",
        "ContentType": "csv",
        "DataSource": {"S3DataSource": source},
    }


def definition(bucket: str) -> dict[str, Any]:
    return {
        "AlgorithmSpecification": {
            "TrainingImage": "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1",
            "TrainingInputMode": "File",
        },
        "InputDataConfig": [
            channel("train", f"s3://{bucket}/demo/train"),
            channel("validation", f"s3://{bucket}/demo/validation/"),
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/demo/output"},
        "ResourceConfig": {"InstanceCount": 2, "InstanceType": "ml.c4.2xlarge", "VolumeSizeInGB": 10},
        "RoleArn": "arn:aws:iam::000000000000:role/training",
        "StaticHyperParameters": {
            "eval_metric": "auc",
            "num_round": "100",
            "objective": "binary:logistic",
            "rate_drop": "0.3",
            "tweedie_variance_power": "1.4",
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 43200},
    }


def upload_examples(s3: S3Client, bucket: str) -> None:
    """scikit-learn's breast cancer data: one file under the prefix `train`, two in the folder `validation/`."""
    data = load_breast_cancer()
    rows = np.column_stack([data.target, data.data])
    for key, part in (("train", rows[:400]), ("validation/a.csv", rows[400:500]), ("validation/b.csv", rows[500:])):
        content = io.StringIO()
        np.savetxt(content, part, fmt="%g", delimiter=",")
        s3.put_object(Bucket=bucket, Key=f"demo/{key}", Body=content.getvalue().encode())


@pytest.mark.integration
def test_the_example_of_the_developer_guide(api: Api, s3: S3Client) -> None:
    upload_examples(s3, api.bucket)
    api(
        "CreateHyperParameterTuningJob",
        HyperParameterTuningJobName="MyTuningJob",
        HyperParameterTuningJobConfig=CONFIG,
        TrainingJobDefinition=definition(api.bucket),
    )
    described = api.wait("MyTuningJob")
    assert described["HyperParameterTuningJobStatus"] == "Completed", described.get("FailureReason")
    assert described["TrainingJobStatusCounters"]["Completed"] == 20
    assert described["ObjectiveStatusCounters"]["Succeeded"] == 20

    best = described["BestTrainingJob"]
    objective = best["FinalHyperParameterTuningJobObjectiveMetric"]
    assert objective["MetricName"] == "validation:auc"
    assert objective["Value"] > 0.99
    job = api("DescribeTrainingJob", TrainingJobName=best["TrainingJobName"])
    assert set(best["TunedHyperParameters"]) == {"eta", "alpha", "min_child_weight", "max_depth"}
    assert {metric["MetricName"] for metric in job["FinalMetricDataList"]} >= {"train:auc", "validation:auc"}
    shown = {one["Name"]: one["Regex"] for one in job["AlgorithmSpecification"]["MetricDefinitions"]}
    assert shown["validation:auc"] == (r".*\[[0-9]+\].*#011validation-auc:([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*")

    log = (api.home.training_jobs / best["TrainingJobName"] / "log").read_text()
    assert log.startswith("The request asks for 2 instances: this machine trains in one process\n")
    assert "Channel train: 400 examples with 30 features" in log
    assert "Channel validation: 169 examples with 30 features" in log

    # The model is where the job says, and is the one of the logged score.
    model = model_of(s3, job["ModelArtifacts"]["S3ModelArtifacts"])
    data = load_breast_cancer()
    validation = xgb.DMatrix(data.data[400:].astype(np.float32), data.target[400:])
    model.set_param({"eval_metric": "auc"})
    assert math.isclose(float(model.eval(validation).rpartition(":")[2]), objective["Value"], abs_tol=1e-5)


def model_of(s3: S3Client, uri: str) -> xgb.Booster:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    with tarfile.open(fileobj=io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read())) as archive:
        assert archive.getnames() == ["xgboost-model"]
        content = archive.extractfile("xgboost-model")
        assert content is not None
        return xgb.Booster(model_file=bytearray(content.read()))
