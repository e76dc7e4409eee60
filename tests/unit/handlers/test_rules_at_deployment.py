"""What synthesis could not check is checked before anything starts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.handlers import tuning_job
from infra.handlers.declaration import digest, request_of
from tests.support.fake_aws import FakeSageMaker
from tests.support.tuning_resource import NAME, declaration, deploy, event, owned


def with_algorithm(name: Any, **resources: str) -> dict[str, Any]:
    """A declaration of which something was known at deployment only."""
    declared = declaration()
    declared["TrainingJobDefinition"]["ResourceConfig"].update(resources)
    return {**declared, "KnownAlgorithm": name}


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        (
            with_algorithm("Seq2Seq", InstanceType="ml.m5.large", InstanceCount="2"),
            "A6 training_job_definition.instance_type: Seq2Seq trains on GPU instances only (g and p families), got "
            "ml.m5.large; A6 training_job_definition.instance_count: Seq2Seq trains on a single instance, which may "
            "have several GPUs: give 1, got 2",
        ),
        (
            with_algorithm("XGBoost"),
            "O1 objective: must be a metric that the algorithm emits; it emits validation:accuracy, validation:auc, "
            "validation:error, validation:f1, validation:logloss, validation:mae, validation:map, validation:merror, "
            'validation:mlogloss, validation:mse, validation:ndcg, validation:rmse; got "validation:bleu"; '
            'A1 ranges["learning_rate"]: XGBoost documents no hyperparameter of this name, XGBoost.hyper_parameters() '
            'lists all; A8 training_job_definition.static_hyper_parameters["num_round"]: XGBoost needs it, static or '
            "tuned, got none",
        ),
    ],
)
def test_what_synthesis_could_not_check_of_an_algorithm_is_checked_before_anything_starts(
    sagemaker: FakeSageMaker, properties: dict[str, Any], text: str
) -> None:
    with pytest.raises(RuntimeError) as caught:
        tuning_job.on_event(event("Create", properties), None)

    assert str(caught.value).startswith(f"the declaration breaks rules: {text} (log group")
    assert sagemaker.calls == []


@pytest.mark.parametrize("name", [None, "", "SomebodysOwn", {"a": "Seq2Seq"}])
def test_an_image_called_seq2seq_proves_no_algorithm(sagemaker: FakeSageMaker, name: Any) -> None:
    properties = with_algorithm(name, InstanceType="ml.m5.large", InstanceCount="2")
    if name is None:
        del properties["KnownAlgorithm"]

    assert deploy(event("Create", properties))["IsComplete"] is True


def test_the_known_algorithm_is_no_part_of_the_request(sagemaker: FakeSageMaker) -> None:
    deploy(event("Create", {**declaration(), "KnownAlgorithm": "Seq2Seq"}))

    assert "KnownAlgorithm" not in sagemaker.jobs[NAME]["request"]
    assert digest({**declaration(), "KnownAlgorithm": "Seq2Seq"}) == digest(declaration())


def with_parent() -> dict[str, Any]:
    start = {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "parent"}]}
    return {**declaration(), "WarmStartConfig": {**start, "WarmStartType": "TransferLearning"}}


def parent(**static: str) -> dict[str, Any]:
    """What Describe says of a parent: its request, and what the service adds to it."""
    described = request_of({**declaration(), "HyperParameterTuningJobName": "parent"})
    given = described["TrainingJobDefinition"]["StaticHyperParameters"]
    given.update({"_tuning_objective_metric": "validation:bleu", **static})
    return described


def test_a_parent_that_fits_is_started_from(sagemaker: FakeSageMaker) -> None:
    sagemaker.add("parent", "Completed", {})
    sagemaker.jobs["parent"]["described"] = parent()

    assert deploy(event("Create", with_parent()))["PhysicalResourceId"] == NAME


def test_a_parent_that_does_not_fit_is_refused_before_anything_starts(sagemaker: FakeSageMaker) -> None:
    sagemaker.add("parent", "Completed", {})
    sagemaker.jobs["parent"]["described"] = parent(beam_size="3")

    with pytest.raises(RuntimeError) as caught:
        tuning_job.on_event(event("Create", with_parent()), None)

    assert str(caught.value).startswith(
        "the declaration breaks rules: W1 warm_start_config.parents: the hyperparameters, static or tuned, must be "
        "those of the tuning job 'parent': add \"beam_size\" (log group"
    )
    assert list(sagemaker.jobs) == ["parent"]


def test_that_a_parent_is_missing_is_said_by_the_service(sagemaker: FakeSageMaker) -> None:
    assert deploy(event("Create", with_parent()))["PhysicalResourceId"] == NAME


def with_many_at_once(at_once: str) -> dict[str, Any]:
    declared = declaration(max_jobs="200")
    declared["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"] = at_once
    return declared


def test_a_warning_is_an_attribute_and_a_line_of_the_log(
    sagemaker: FakeSageMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    done = deploy(event("Create", with_many_at_once("20")))

    text = "more than 10 is above a default quota of the service; ask for more if yours is not higher, got 20"
    assert done["Data"]["DeploymentWarnings"] == f"L2 resource_limits.max_parallel_training_jobs: {text}"
    (line,) = [line for line in map(json.loads, capsys.readouterr().err.splitlines()) if line["level"] == "WARNING"]
    assert (line["rule"], line["prop"], line["text"]) == ("L2", "resource_limits.max_parallel_training_jobs", text)
    assert (line["logical_id"], line["job"]) == ("Job", NAME)


def test_the_attribute_says_none_where_there_is_nothing_to_warn_of(sagemaker: FakeSageMaker) -> None:
    assert deploy(event("Create", with_many_at_once("10")))["Data"]["DeploymentWarnings"] == "none"


def test_an_update_of_tags_answers_the_same_attribute(sagemaker: FakeSageMaker) -> None:
    first = deploy(event("Create", with_many_at_once("20")))
    tagged = {**with_many_at_once("20"), "Tags": {"team": {"Value": "mt"}}}
    update = event("Update", tagged, PhysicalResourceId=NAME, OldResourceProperties=with_many_at_once("20"))

    assert deploy(update)["Data"] == first["Data"]


def test_a_kept_job_may_have_a_declaration_that_fits_no_more(sagemaker: FakeSageMaker) -> None:
    old = {**declaration(), "Surprise": "1"}
    sagemaker.add(NAME, "Completed", owned(declared=old))
    update = event("Update", {**old, "Tags": {}}, PhysicalResourceId=NAME, OldResourceProperties=old)

    assert deploy(update)["Data"]["DeploymentWarnings"] == "none"


def test_many_warnings_are_cut_so_that_the_answer_fits(sagemaker: FakeSageMaker) -> None:
    declared = with_algorithm("Seq2Seq")
    declared["TrainingJobDefinition"]["StaticHyperParameters"] = {f"unknown_{n:03}": "é" for n in range(60)}
    data = deploy(event("Create", declared))["Data"]

    assert data["DeploymentWarnings"].startswith("A1 ")
    assert data["DeploymentWarnings"].endswith(" [...]")
    assert len(json.dumps(data).encode()) < 2000
