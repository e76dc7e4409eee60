from __future__ import annotations

from typing import Any

import pytest

from infra.review.assembly import TemplateResource
from infra.review.changes import Action, change_of
from tests.unit.review.assemblies import properties

CONFIG = "HyperParameterTuningJobConfig"
RANGES = f"{CONFIG}/ParameterRanges"
NAME = ("HyperParameterTuningJobName", "translation-0000000002")


def resource(*changes: tuple[str, Any], retained: bool = False) -> TemplateResource:
    return TemplateResource(
        path="Tuning/Job",
        stack="Tuning",
        environment="",
        logical_id="Job",
        properties=properties(*changes),
        retained=retained,
    )


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (
            (f"{RANGES}/ContinuousParameterRanges/learning_rate/MaxValue", "0.1"),
            "ParameterRanges.learning_rate.MaxValue 0.01 → 0.1",
        ),
        (
            (f"{RANGES}/IntegerParameterRanges/layers", {"MinValue": "1", "MaxValue": "4", "ScalingType": "Linear"}),
            "ParameterRanges.layers added: 1 to 4, Linear",
        ),
        (
            (f"{RANGES}/CategoricalParameterRanges/optimizer_type", None),
            "ParameterRanges.optimizer_type removed: Values [adam, sgd]",
        ),
        (
            (f"{RANGES}/CategoricalParameterRanges/optimizer_type/Values", ["adam"]),
            "ParameterRanges.optimizer_type.Values [adam, sgd] → [adam]",
        ),
        (
            ("TrainingJobDefinition/StaticHyperParameters/max_num_epochs", "0"),
            "TrainingJobDefinition.StaticHyperParameters.max_num_epochs 10 → 0",
        ),
        (("TrainingJobDefinition/Environment", {"A.B": ""}), 'TrainingJobDefinition.Environment."A.B" added: ""'),
        (
            (f"{CONFIG}/ResourceLimits/MaxParallelTrainingJobs", {"Ref": "Parallel"}),
            "ResourceLimits.MaxParallelTrainingJobs 2 → (Ref Parallel)",
        ),
        (("TrainingJobDefinition/InputDataConfig/train/ContentType", "text/plain"),
            "TrainingJobDefinition.InputDataConfig.train.ContentType added: text/plain"),
        ((f"{CONFIG}/RandomSeed", 0), "RandomSeed added: 0"),
    ],
)  # fmt: skip
def test_a_changed_leaf_is_one_change_that_names_it(change: tuple[str, Any], shown: str) -> None:
    found = change_of(resource(change, NAME), resource())
    assert found.action is Action.REPLACED
    assert found.old_name == "translation-0000000001"
    assert [str(leaf) for leaf in found.leaves] == [shown]


def test_changes_come_in_the_order_of_their_names() -> None:
    seed = (f"{CONFIG}/RandomSeed", 1)
    found = change_of(resource((f"{RANGES}/IntegerParameterRanges/z", {}), seed, NAME), resource())
    assert [leaf.name for leaf in found.leaves] == ["ParameterRanges.z", "RandomSeed"]


def test_a_new_kind_of_range_removes_the_one_and_adds_the_other() -> None:
    other = (f"{RANGES}/IntegerParameterRanges/learning_rate", {"MinValue": "1", "MaxValue": "2"})
    gone = (f"{RANGES}/ContinuousParameterRanges/learning_rate", None)
    found = change_of(resource(other, gone, NAME), resource())
    assert sorted(str(leaf) for leaf in found.leaves) == [
        "ParameterRanges.learning_rate added: 1 to 2",
        "ParameterRanges.learning_rate removed: 0.0001 to 0.01, Logarithmic",
    ]


@pytest.mark.parametrize(
    ("new", "old", "action"),
    [
        (resource(), None, Action.STARTS),
        (resource(), resource(), Action.UNCHANGED),
        (resource(NAME), resource(), Action.REPLACED),
        (resource(("ServiceToken", "another function")), resource(), Action.UNCHANGED),
        (resource(("Tags", {"a": {"Value": "b"}})), resource(), Action.TAGGED),
        (resource(("WaitFor", "Completed"), ("DeletionBehavior", "Delete")), resource(), Action.TAGGED),
        (None, resource(("DeletionBehavior", "Retain")), Action.KEPT),
        (resource((f"{CONFIG}/RandomSeed", 1)), resource(), Action.REFUSED),
        (None, resource(), Action.STOPS),
        (None, resource(retained=True), Action.KEPT),
    ],
)
def test_what_a_deployment_does(new: TemplateResource | None, old: TemplateResource | None, action: Action) -> None:
    assert change_of(new, old).action is action
