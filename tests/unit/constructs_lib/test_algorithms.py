"""Algorithms know themselves."""

from __future__ import annotations

import pytest

from constructs_lib import (
    Algorithm,
    CategoricalRange,
    ContinuousRange,
    IntegerRange,
    Scaling,
    Seq2Seq,
    XGBoost,
)


def test_ranges_come_typed_from_their_hyperparameter() -> None:
    rate = Seq2Seq.learning_rate.between(1e-4, 1e-2, scaling=Scaling.LOGARITHMIC)

    assert rate == ContinuousRange("learning_rate", min=1e-4, max=1e-2, scaling=Scaling.LOGARITHMIC)
    assert Seq2Seq.num_layers_encoder.between(1, 4) == IntegerRange("num_layers_encoder", min=1, max=4)
    assert Seq2Seq.batch_size.one_of(16, 32) == CategoricalRange("batch_size", values=(16, 32))
    assert XGBoost.lambda_.between(0, 1).name == "lambda"


@pytest.mark.parametrize(
    ("name", "method"), [("optimizer_type", "between"), ("learning_rate", "one_of"), ("beam_size", "between")]
)
def test_wrong_ranges_do_not_exist(name: str, method: str) -> None:
    assert not hasattr(getattr(Seq2Seq, name), method)


def test_seq2seq_has_all_documented_hyperparameters() -> None:
    known = Seq2Seq.hyper_parameters()

    assert len(known) == 49
    assert sum(hasattr(parameter, "recommended_range") for parameter in known.values()) == 22


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
