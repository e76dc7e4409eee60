"""Requests that several tests of Personalize use."""

from __future__ import annotations

from typing import Any

GUIDE: dict[str, Any] = {
    "performAutoML": False,
    "recipeArn": "arn:aws:personalize:::recipe/aws-hrnn",
    "performHPO": True,
    "solutionConfig": {
        "algorithmHyperParameters": {"hidden_dimension": "55"},
        "hpoConfig": {
            "algorithmHyperParameterRanges": {
                "categoricalHyperParameterRanges": [{"name": "recency_mask", "values": ["true", "false"]}],
                "integerHyperParameterRanges": [{"name": "bptt", "minValue": 20, "maxValue": 40}],
            },
            "hpoResourceConfig": {"maxNumberOfTrainingJobs": "4", "maxParallelTrainingJobs": "2"},
        },
    },
}
"""The developer guide's example of hyperparameter optimization."""

INTERACTIONS: dict[str, Any] = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
    ],
    "version": "1.0",
}
"""An Avro schema of interactions."""
