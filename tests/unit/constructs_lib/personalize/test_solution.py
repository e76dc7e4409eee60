"""Solutions as declared: what stands in the template, and what is refused or warned of."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Annotations, Match, Template

import constructs_lib
from constructs_lib import CategoricalRange, ContinuousRange, IntegerRange, ResourceLimits, Scaling, ValidationError
from constructs_lib.personalize import (
    AutoMLConfig,
    HpoConfig,
    PersonalizeDatasetGroup,
    PersonalizeRecipe,
    PersonalizeSolution,
)
from infra.handlers.keyed import unkeyed
from infra.handlers.recipes import RECIPES
from tests.support.personalize import GUIDE

LIMITS = ResourceLimits(max_number_of_training_jobs=4, max_parallel_training_jobs=2)


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "S")


def _solution(stack: cdk.Stack, **props: Any) -> PersonalizeSolution:
    return PersonalizeSolution(stack, "Solution", dataset_group=PersonalizeDatasetGroup(stack, "Group"), **props)


def _declared(stack: cdk.Stack) -> dict[str, Any]:
    """The solution's properties as the request that they stand for, without name, group and envelope."""
    (found,) = Template.from_stack(stack).find_resources("Custom::PersonalizeSolution").values()
    own = {"ServiceToken", "ServiceTimeout", "name", "datasetGroupArn"}
    return unkeyed({name: value for name, value in found["Properties"].items() if name not in own})


def test_the_guides_example_stands_in_the_template_field_for_field(stack: cdk.Stack) -> None:
    _solution(
        stack,
        recipe=PersonalizeRecipe.HRNN,
        perform_auto_ml=False,
        perform_hpo=True,
        algorithm_hyper_parameters={"hidden_dimension": 55},
        hpo_config=HpoConfig(
            ranges=[CategoricalRange("recency_mask", values=[True, False]), IntegerRange("bptt", min=20, max=40)],
            resource_limits=LIMITS,
        ),
    )
    assert _declared(stack) == {**GUIDE, "performAutoTraining": False}


def test_the_readme_has_the_same_request() -> None:
    text = (Path(constructs_lib.__file__).parent / "personalize" / "README.md").read_text()
    (block,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    assert json.loads(block) == {**GUIDE, "performAutoTraining": False}


def test_a_request_is_declared_without_loss(stack: cdk.Stack) -> None:
    more = {"eventType": "watch", "tags": [{"tagKey": "team", "tagValue": "a"}]}
    config = {**GUIDE["solutionConfig"], "eventValueThreshold": "0.5", "optimizationObjective": {"itemAttribute": "P"}}
    request = {**GUIDE, **more, "solutionConfig": config}
    group = PersonalizeDatasetGroup(stack, "Group")
    PersonalizeSolution.from_request(stack, "Solution", {"name": "x", **request}, dataset_group=group)
    assert _declared(stack) == {**request, "performAutoTraining": False}


def test_a_request_with_unknown_members_is_refused(stack: cdk.Stack) -> None:
    group = PersonalizeDatasetGroup(stack, "Group")
    request = {**GUIDE, "solutionConfig": {**GUIDE["solutionConfig"], "epochs": "4"}}
    with pytest.raises(ValidationError) as refused:
        PersonalizeSolution.from_request(stack, "Solution", request, dataset_group=group)
    assert str(refused.value) == "S/Solution: P11 epochs: is not a member of the request, got '4'"


def test_a_version_is_trained_after_its_imports(stack: cdk.Stack) -> None:
    solution = _solution(stack, recipe=PersonalizeRecipe.SIMS)
    cdk.CfnOutput(stack, "Tuned", value=solution.tuned_hpo_params)
    template = Template.from_stack(stack)
    template.has_resource_properties(
        "Custom::PersonalizeSolutionVersion",
        {"solutionArn": {"Fn::GetAtt": [Match.any_value(), "Arn"]}, "trainingMode": "FULL", "DatasetImports": []},
    )
    template.has_output("Tuned", {"Value": {"Fn::GetAtt": [Match.any_value(), "TunedHyperParameters"]}})


def test_the_name_follows_from_the_declaration_and_not_from_its_tags() -> None:
    def name(**props: Any) -> str:
        stack = cdk.Stack(cdk.App(), "S")
        _solution(stack, recipe=PersonalizeRecipe.HRNN, **props)
        (found,) = Template.from_stack(stack).find_resources("Custom::PersonalizeSolution").values()
        return str(found["Properties"]["name"])

    plain = name()
    assert plain.startswith("Solution-")
    assert name(tags={"team": "a"}) == plain
    assert name(algorithm_hyper_parameters={"bptt": 8}) != plain


def _hpo(*ranges: Any, limits: ResourceLimits | None = LIMITS, **props: Any) -> dict[str, Any]:
    config = HpoConfig(ranges=ranges, resource_limits=limits)
    return {"recipe": PersonalizeRecipe.HRNN, "perform_hpo": True, "hpo_config": config, **props}


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "P1 recipe: must be given unless perform_auto_ml is true"),
    (
        {"recipe": PersonalizeRecipe.HRNN, "hpo_config": HpoConfig(resource_limits=LIMITS)},
        "P2 perform_hpo: must be true for hpo_config to count, got False",
    ),
    (
        {"recipe": PersonalizeRecipe.HRNN, "algorithm_hyper_parameters": {"layers": 2}},
        'P4 algorithm_hyper_parameters["layers"]: is none of aws-hrnn, which has hidden_dimension, bptt, recency_mask',
    ),
    (
        {"recipe": PersonalizeRecipe.HRNN, "algorithm_hyper_parameters": {"bptt": "long"}},
        "P4 algorithm_hyper_parameters[\"bptt\"]: must be a whole number, got 'long'",
    ),
    (
        {
            "recipe": PersonalizeRecipe.TRENDING_NOW,
            "feature_transformation_parameters": {"trend_discovery_frequency": "1 week"},
        },
        'P4 feature_transformation_parameters["trend_discovery_frequency"]: must be one of 30 minutes, 1 hour, '
        "3 hours, 1 day, got '1 week'",
    ),
    (
        _hpo(IntegerRange("bptt", min=2, max=8), algorithm_hyper_parameters={"bptt": 4}),
        'P6 hpo_config.ranges["bptt"]: has a value in algorithm_hyper_parameters too: give one of both',
    ),
    (
        _hpo(IntegerRange("bptt", min=2, max=8), IntegerRange("bptt", min=2, max=9)),
        'P6 hpo_config.ranges["bptt"]: must be given once',
    ),
    (
        _hpo(ContinuousRange("max_user_history_length_percentile", min=0.5, max=0.9)),
        'P7 hpo_config.ranges["max_user_history_length_percentile"]: is not tuned by aws-hrnn, which tunes '
        "hidden_dimension, bptt, recency_mask",
    ),
    (
        _hpo(ContinuousRange("bptt", min=2, max=8)),
        'P7 hpo_config.ranges["bptt"]: must be an integer range, got a continuous one',
    ),
    (
        _hpo(CategoricalRange("recency_mask", values=["yes"])),
        "P8 hpo_config.ranges[\"recency_mask\"]: must have values of true, false, got 'yes'",
    ),
    (_hpo(IntegerRange("bptt", min=8, max=2)), 'P8 hpo_config.ranges["bptt"]: must have min below max, got 8 and 2'),
    (
        _hpo(IntegerRange("bptt", min=2.5, max=8)),
        'P8 hpo_config.ranges["bptt"]: must have whole numbers as min and max, got 2.5 and 8',
    ),
    (
        _hpo(limits=ResourceLimits(max_number_of_training_jobs=41, max_parallel_training_jobs=1)),
        "P9 hpo_config.resource_limits.max_number_of_training_jobs: must be a whole number between 1 and 40, got 41",
    ),
    (
        _hpo(limits=ResourceLimits(max_number_of_training_jobs=2, max_parallel_training_jobs=3)),
        "P9 hpo_config.resource_limits.max_parallel_training_jobs: must be at most max_number_of_training_jobs, "
        "got 3 and 2",
    ),
    (
        _hpo(IntegerRange("bptt", min=2, max=8, scaling=Scaling.LINEAR)),
        'P10 hpo_config.ranges["bptt"]: must have no scaling, which Personalize chooses itself, got Linear',
    ),
]


def test_bad_declarations_are_refused_with_path_and_rule() -> None:
    app = cdk.App()
    for number, (props, message) in enumerate(BAD):
        with pytest.raises(ValidationError) as refused:
            _solution(cdk.Stack(app, f"S{number}"), **props)
        assert str(refused.value) == f"S{number}/Solution: {message}"


WARNINGS: list[tuple[dict[str, Any], str]] = [
    (
        {"recipe": PersonalizeRecipe.HRNN},
        "recipe: aws-hrnn is a legacy recipe: AWS takes no new solutions of it, the local AWS trains it",
    ),
    (
        _hpo(IntegerRange("bptt", min=20, max=40)),
        'hpo_config.ranges["bptt"]: leaves the documented range 2 to 32, got 20 to 40',
    ),
    (
        {"perform_auto_ml": True, "perform_hpo": True, "hpo_config": HpoConfig(resource_limits=LIMITS)},
        "perform_auto_ml: the service ignores hpoConfig beside it",
    ),
    (
        {"recipe": PersonalizeRecipe.of("aws-brand-new")},
        "recipe: is not known to this library, got arn:aws:personalize:::recipe/aws-brand-new: its hyperparameters "
        "are not checked",
    ),
]


def test_what_the_service_ignores_or_retires_is_warned_of() -> None:
    for number, (props, message) in enumerate(WARNINGS):
        stack = cdk.Stack(cdk.App(), f"S{number}")
        _solution(stack, **props)
        found = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp(".*"))
        texts = [str(entry.entry.data) for entry in found]
        assert any(text.startswith(message) for text in texts), (message, texts)


def test_values_that_are_known_at_deployment_pass(stack: cdk.Stack) -> None:
    jobs = cdk.CfnParameter(stack, "Jobs", type="Number")
    limits = ResourceLimits(max_number_of_training_jobs=jobs.value_as_number, max_parallel_training_jobs=1)
    size = cdk.CfnParameter(stack, "Size", type="Number")
    ranges = [IntegerRange("bptt", min=2, max=size.value_as_number)]
    _solution(stack, **_hpo(*ranges, limits=limits))
    config = _declared(stack)["solutionConfig"]["hpoConfig"]
    assert config["hpoResourceConfig"]["maxNumberOfTrainingJobs"] == {"Ref": "Jobs"}
    assert config["algorithmHyperParameterRanges"]["integerHyperParameterRanges"][0]["maxValue"] == {"Ref": "Size"}


def test_auto_ml_is_declared(stack: cdk.Stack) -> None:
    recipes = [PersonalizeRecipe.HRNN, PersonalizeRecipe.SIMS]
    _solution(stack, perform_auto_ml=True, auto_ml_config=AutoMLConfig(recipes=recipes))
    arns = [recipe.recipe_arn for recipe in recipes]
    assert _declared(stack)["solutionConfig"] == {"autoMLConfig": {"recipeList": arns}}


def test_every_documented_recipe_has_a_constant() -> None:
    constants = {value.recipe_arn for value in vars(PersonalizeRecipe).values() if isinstance(value, PersonalizeRecipe)}
    assert constants == {recipe.arn for recipe in RECIPES.values()}


def test_the_handler_may_do_no_more_than_it_has_to(stack: cdk.Stack) -> None:
    _solution(stack, recipe=PersonalizeRecipe.SIMS)
    policies = Template.from_stack(stack).find_resources("AWS::IAM::Policy")
    statements = [s for p in policies.values() for s in p["Properties"]["PolicyDocument"]["Statement"]]
    personalize = [s for s in statements if "personalize:" in json.dumps(s["Action"])]
    assert personalize
    for statement in personalize:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not any("*" in action for action in actions)
        assert statement["Resource"] != "*" or actions == ["personalize:ListCampaigns"]


def test_every_rule_is_documented_with_its_kinds() -> None:
    root = Path(constructs_lib.__file__).parents[1]
    document = (root / "constructs_lib/personalize/README.md").read_text()
    rows = re.findall(r"^\| (P[0-9]+) \|.*\| ([a-z, ]+) \|$", document, re.MULTILINE)
    code = "".join(
        (root / file).read_text()
        for file in ("infra/handlers/personalize_rules.py", "constructs_lib/personalize/solution.py")
    )
    made: dict[str, set[str]] = {}
    for kind, rule in re.findall(r'(Finding|warning)\(\s*"(P[0-9]+)"', code):
        made.setdefault(rule, set()).add("warning" if kind == "warning" else "error")
    assert {rule: set(kinds.split(", ")) for rule, kinds in rows} == made
