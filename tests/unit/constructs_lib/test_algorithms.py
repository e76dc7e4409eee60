"""Algorithms know themselves."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr as ecr

from constructs_lib import (
    Algorithm,
    CategoricalRange,
    ContinuousRange,
    CustomAlgorithm,
    HyperParameter,
    IntegerHyperParameter,
    IntegerRange,
    ObjectiveType,
    Scaling,
    Seq2Seq,
    Seq2SeqImage,
    XGBoost,
)
from constructs_lib.algorithms import AlgorithmFacts
from constructs_lib.algorithms.algorithm import ALGORITHM
from constructs_lib.algorithms.hyper_parameters import TunableHyperParameter
from infra.handlers.algorithms import SEQ2SEQ
from infra.handlers.algorithms.facts import Categorical, Integer, Numeric, by_name
from infra.seq2seq.metric_lines import METRIC_DEFINITIONS


def test_ranges_come_typed_from_their_hyperparameter() -> None:
    rate = Seq2Seq.learning_rate.between(1e-4, 1e-2, scaling=Scaling.LOGARITHMIC)

    assert rate == ContinuousRange("learning_rate", min=1e-4, max=1e-2, scaling=Scaling.LOGARITHMIC)
    assert Seq2Seq.num_layers_encoder.between(1, 4) == IntegerRange("num_layers_encoder", min=1, max=4)
    assert Seq2Seq.batch_size.one_of(16, 32) == CategoricalRange("batch_size", values=(16, 32))
    assert XGBoost.lambda_.between(0, 1).name == "lambda"


def test_ranges_are_typed() -> None:
    # mypy finds each of these too: it complains of an ignored error that is none.
    with pytest.raises(AttributeError):
        Seq2Seq.optimizer_type.between(1, 2)  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        Seq2Seq.learning_rate.one_of(1, 2)  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        Seq2Seq.beam_size.between(1, 20)  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        XGBoost.booster.one_of("dart")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "method"), [("optimizer_type", "between"), ("learning_rate", "one_of"), ("beam_size", "between")]
)
def test_wrong_ranges_do_not_exist(name: str, method: str) -> None:
    assert not hasattr(getattr(Seq2Seq, name), method)


def test_seq2seq_has_all_documented_hyperparameters() -> None:
    known = Seq2Seq.hyper_parameters()

    assert len(known) == 49
    assert sum(isinstance(parameter, Numeric | Categorical) for parameter in known.values()) == 22


@pytest.mark.parametrize("algorithm", [Seq2Seq, XGBoost])
def test_every_documented_hyperparameter_makes_typed_ranges(algorithm: type[Algorithm]) -> None:
    typed = {value.name: value for value in vars(algorithm).values() if isinstance(value, HyperParameter)}

    assert typed.keys() == algorithm.hyper_parameters().keys()
    tunable = {name for name, value in typed.items() if isinstance(value, TunableHyperParameter)}
    documented = algorithm.hyper_parameters().values()
    assert tunable == {each.name for each in documented if isinstance(each, Numeric | Categorical)}


def test_a_class_that_disagrees_with_what_is_documented_cannot_be_made() -> None:
    with pytest.raises((TypeError, RuntimeError)) as caught:

        class Wrong(Algorithm):
            facts = SEQ2SEQ
            learning_rate = IntegerHyperParameter()

    error = caught.value if isinstance(caught.value, TypeError) else caught.value.__cause__
    assert str(error).startswith("Wrong.learning_rate must be documented as Integer, got Continuous(")


def test_a_third_algorithm_is_a_file() -> None:
    class Knn(Algorithm):
        facts = AlgorithmFacts("Knn", metrics={"test:accuracy": "Maximize"}, hyper_parameters=by_name(Integer("k")))
        k = IntegerHyperParameter()

    assert Knn.k.between(1, 9) == IntegerRange("k", min=1, max=9)
    assert Knn.metrics == {"test:accuracy": ObjectiveType.MAXIMIZE}


def test_recommended_ranges_leave_out_what_has_no_effect() -> None:
    every = {entry.name for entry in Seq2Seq.recommended_ranges()}
    cnn = {entry.name for entry in Seq2Seq.recommended_ranges({"encoder_type": "cnn", "decoder_type": "cnn"})}
    adam = {entry.name for entry in Seq2Seq.recommended_ranges({"optimizer_type": "adam"})}

    assert "rnn_num_hidden" in every
    assert "cnn_num_hidden" not in every
    assert "momentum" in every
    assert {"cnn_num_hidden", "cnn_hidden_dropout"} <= cnn
    assert "rnn_num_hidden" not in cnn
    assert not {"momentum", "optimizer_type"} & adam


@pytest.mark.parametrize("algorithm", [Seq2Seq, XGBoost])
def test_documented_defaults_and_recommendations_are_valid(algorithm: type[Algorithm]) -> None:
    for parameter in algorithm.hyper_parameters().values():
        values = [] if parameter.default is None else [parameter.default]
        recommended = getattr(parameter, "recommended", None)
        values += [] if recommended is None else list(recommended)
        texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]

        assert [parameter.problem(text) for text in texts] == [None] * len(texts), parameter.name
        assert set(parameter.applies_to) <= set(algorithm.hyper_parameters())


def test_an_image_of_ones_own_is_declared_with_what_finds_its_metrics() -> None:
    stack = cdk.Stack(cdk.App(), "S", env=cdk.Environment(region="eu-central-1"))
    own = Seq2SeqImage.from_repository(ecr.Repository(stack, "R", repository_name="a/seq2seq"), tag="2")

    declared = ALGORITHM.encode(Seq2Seq(own))["MetricDefinitions"]
    assert {entry["Name"]: entry["Regex"] for entry in declared} == dict(METRIC_DEFINITIONS)
    assert set(Seq2Seq.metrics) <= set(Seq2Seq.own_metric_definitions)
    # AWS's own needs none, a choice of the user's stays, and so does what a request says of an image's name.
    assert "MetricDefinitions" not in ALGORITHM.encode(Seq2Seq(Seq2SeqImage.built_in(stack)))
    assert ALGORITHM.encode(Seq2Seq(own, metric_definitions={}))["MetricDefinitions"] == []
    assert "MetricDefinitions" not in ALGORITHM.encode(Seq2Seq("123456789012.dkr.ecr.x.amazonaws.com/seq2seq:1"))


def test_whose_image_it_is_shows_in_the_account() -> None:
    assert Seq2Seq("813361260812.dkr.ecr.eu-central-1.amazonaws.com/seq2seq:1").is_built_in is True
    assert Seq2Seq("123456789012.dkr.ecr.eu-central-1.amazonaws.com/seq2seq:1").is_built_in is False
    assert Seq2Seq(cdk.Token.as_string({"Ref": "Image"})).is_built_in is None


AWS_IMAGE = "813361260812.dkr.ecr.eu-central-1.amazonaws.com/seq2seq:1"
OWN_IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/seq2seq:1"


@pytest.mark.parametrize(
    ("image", "definitions", "kind"),
    [
        (AWS_IMAGE, None, Seq2Seq),
        (AWS_IMAGE.replace("seq2seq", "other"), None, Algorithm),
        (OWN_IMAGE, dict(METRIC_DEFINITIONS), Seq2Seq),
        (OWN_IMAGE, {"loss": "loss=(.*)"}, CustomAlgorithm),
        (OWN_IMAGE, None, Algorithm),
        ("246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:1.7-1", None, XGBoost),
    ],
)
def test_a_request_is_of_a_known_algorithm_where_that_is_sure(
    image: str, definitions: dict[str, str] | None, kind: type[Algorithm]
) -> None:
    structure = ALGORITHM.encode(kind(image, metric_definitions=definitions))

    assert ALGORITHM.decode(structure) == kind(image, metric_definitions=definitions)
    assert type(ALGORITHM.decode(structure)) is kind
