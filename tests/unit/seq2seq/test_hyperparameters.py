import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.container import ClientError
from infra.container.rules import BooleanRule, ChoiceRule, IntegerRule, NumberRule
from infra.seq2seq.hyperparameters import NAMES, RULES, HyperParameters


def test_no_hyperparameters_are_the_documented_defaults() -> None:
    settings = HyperParameters.parse({})
    assert len(NAMES) == 49
    assert (settings.batch_size, settings.rnn_num_hidden, settings.learning_rate) == (64, 1024, 0.0003)
    assert settings.attention_size == 1024  # rnn_num_hidden
    assert settings.max_num_epochs is None
    assert settings.momentum is None


@pytest.mark.parametrize(
    ("given_strings", "message"),
    [
        ({"batch_size": "0"}, "hyperparameter batch_size must be an integer of at least 1, but got '0'"),
        ({"batch_size": "64.0"}, "hyperparameter batch_size must be an integer of at least 1, but got '64.0'"),
        ({"rnn_num_hidden": "7"}, "hyperparameter rnn_num_hidden must be an even integer of at least 2, but got '7'"),
        (
            {"max_num_batches": "0"},
            "hyperparameter max_num_batches must be an integer of at least 1, or -1, but got '0'",
        ),
        ({"learning_rate": "0"}, "hyperparameter learning_rate must be a number above 0, but got '0'"),
        ({"learning_rate": "fast"}, "hyperparameter learning_rate must be a number above 0, but got 'fast'"),
        ({"momentum": "1"}, "hyperparameter momentum must be a number of at least 0 and below 1, but got '1'"),
        ({"clip_gradient": "nan"}, "hyperparameter clip_gradient must be a finite number, but got 'nan'"),
        (
            {"embed_dropout_source": "1.5"},
            "hyperparameter embed_dropout_source must be a number of at least 0 and of at most 1, but got '1.5'",
        ),
        (
            {"optimizer_type": "Adam"},
            "hyperparameter optimizer_type must be one of adam, sgd, rmsprop, but got 'Adam'",
        ),
        ({"loss_type": "mse"}, "hyperparameter loss_type must be cross-entropy, but got 'mse'"),
        ({"bucketing_enabled": "yes"}, "hyperparameter bucketing_enabled must be true or false, but got 'yes'"),
        ({"batchsize": "64"}, "unknown hyperparameter 'batchsize': did you mean 'batch_size'?"),
        (
            {"max_num_epochs": "2", "min_num_epochs": "3"},
            "hyperparameter max_num_epochs must be at least min_num_epochs (3), but got 2",
        ),
        (
            {"beam_size": "-1", "lr": "1", "learning_rate": "x"},
            "hyperparameter beam_size must be an integer of at least 1, but got '-1'; "
            "hyperparameter learning_rate must be a number above 0, but got 'x'; "
            f"unknown hyperparameter 'lr': the valid ones are {', '.join(sorted(NAMES))}",
        ),
    ],
)
def test_bad_values_are_named_with_what_is_valid(given_strings: dict[str, str], message: str) -> None:
    with pytest.raises(ClientError) as error:
        HyperParameters.parse(given_strings)
    assert str(error.value) == message


def test_the_objective_that_a_tuning_job_adds_is_accepted_and_makes_its_metric_computed() -> None:
    assert not HyperParameters.parse({}).computes_bleu
    assert HyperParameters.parse({"_tuning_objective_metric": "validation:bleu"}).computes_bleu
    assert HyperParameters.parse({"optimized_metric": "bleu"}).computes_bleu
    assert HyperParameters.parse({"bleu_sample_size": "-1"}).computes_bleu


@given(st.data())
def test_whatever_is_parsed_is_the_same_after_formatting_and_parsing_again(data: st.DataObject) -> None:
    strings = {}
    for name in data.draw(st.sets(st.sampled_from(NAMES))):
        match RULES[name]:
            case IntegerRule() as rule:
                strings[name] = str(data.draw(st.integers(1, 5000)) * rule.multiple_of)
            case NumberRule() as rule:
                low, high = (rule.minimum or 0.001), (rule.maximum or 0.99)
                strings[name] = repr(data.draw(st.floats(low, high, exclude_min=True, exclude_max=True)))
            case ChoiceRule() as rule:
                strings[name] = data.draw(st.sampled_from(rule.options))
            case BooleanRule():
                strings[name] = data.draw(st.sampled_from(["true", "false", "True", "False"]))
    strings.pop("min_num_epochs", None)
    settings = HyperParameters.parse(strings)
    assert HyperParameters.parse(settings.to_strings()) == settings


@given(st.dictionaries(st.text(), st.text(), min_size=1))
def test_nonsense_is_a_client_error_and_nothing_else(strings: dict[str, str]) -> None:
    if set(strings) & {*NAMES, "_tuning_objective_metric"}:
        return
    with pytest.raises(ClientError, match="unknown hyperparameter"):
        HyperParameters.parse(strings)
