"""The documented hyperparameters, as data: each has its default and its rule here and nowhere else.

Names, defaults and valid values are those of the SageMaker developer guide, "Sequence-to-Sequence Hyperparameters".
A job's hyperparameters arrive as strings; :meth:`HyperParameters.parse` gives them their types or says what is wrong
with each of them, before any data is read.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any, Self

from infra.container import ClientError
from infra.container.rules import boolean, choice, integer, number, rule_of

#: What a tuning job adds to the hyperparameters of its training jobs: the name of the objective metric.
TUNING_OBJECTIVE = "_tuning_objective_metric"


@dataclasses.dataclass(frozen=True, kw_only=True)
class HyperParameters:
    """One job's hyperparameters; all are optional."""

    # Data: lengths in tokens; longer sentences are truncated. A bucket's width is a step of the longer side.
    batch_size: int = integer(64, minimum=1)
    max_seq_len_source: int = integer(100, minimum=1)
    max_seq_len_target: int = integer(100, minimum=1)
    bucketing_enabled: bool = boolean(True)
    bucket_width: int = integer(10, minimum=1)

    # Model: sizes of the embeddings, then the encoder and the decoder.
    num_embed_source: int = integer(512, minimum=1)
    num_embed_target: int = integer(512, minimum=1)
    embed_dropout_source: float = number(0.0, minimum=0, maximum=1)
    embed_dropout_target: float = number(0.0, minimum=0, maximum=1)
    encoder_type: str = choice("rnn", "rnn", "cnn")
    decoder_type: str = choice("rnn", "rnn", "cnn")
    num_layers_encoder: int = integer(1, minimum=1)
    num_layers_decoder: int = integer(1, minimum=1)

    # Recurrent networks. Half of rnn_num_hidden reads each direction, so it is even.
    rnn_num_hidden: int = integer(1024, minimum=2, multiple_of=2)
    rnn_cell_type: str = choice("lstm", "lstm", "gru")
    rnn_residual_connections: bool = boolean(False)
    rnn_first_residual_layer: int = integer(2, minimum=1)
    rnn_decoder_state_init: str = choice("last", "last", "avg", "zero")
    rnn_decoder_hidden_dropout: float = number(0.0, minimum=0, maximum=1)
    rnn_attention_type: str = choice("mlp", "dot", "fixed", "mlp", "bilinear")
    rnn_attention_num_hidden: int | None = integer(None, minimum=1)
    rnn_attention_in_upper_layers: bool = boolean(True)

    # Convolutional networks.
    cnn_num_hidden: int = integer(512, minimum=1)
    cnn_activation_type: str = choice("glu", "glu", "relu", "softrelu", "sigmoid", "tanh")
    cnn_hidden_dropout: float = number(0.0, minimum=0, maximum=1)
    cnn_kernel_width_encoder: int = integer(3, minimum=1)
    cnn_kernel_width_decoder: int = integer(5, minimum=1)

    # Initial weights. A negative scale of the uniform distribution counts by its absolute value.
    weight_init_type: str = choice("xavier", "uniform", "xavier")
    weight_init_scale: float = number(2.34)
    xavier_factor_type: str = choice("in", "in", "out", "avg")

    # Loss and optimiser. Gradients are clipped by absolute value, not at all if negative; momentum is for sgd only.
    loss_type: str = choice("cross-entropy", "cross-entropy")
    optimizer_type: str = choice("adam", "adam", "sgd", "rmsprop")
    learning_rate: float = number(0.0003, above=0)
    momentum: float | None = number(None, minimum=0, below=1)
    weight_decay: float = number(0.0, minimum=0)
    clip_gradient: float = number(1.0)

    # Learning rate schedule; half life and threshold in checkpoints.
    lr_scheduler_type: str = choice("plateau_reduce", "plateau_reduce", "fixed_rate_inv_t", "fixed_rate_inv_sqrt_t")
    plateau_reduce_lr_factor: float = number(0.5, above=0, below=1)
    plateau_reduce_lr_threshold: int = integer(3, minimum=1)
    fixed_rate_lr_half_life: int = integer(10, minimum=1)

    # Checkpoints, metrics and the end of training; -1 batches: no limit. With max_num_epochs, training goes on to that
    # number of epochs even without improvement.
    checkpoint_frequency_num_batches: int = integer(1000, minimum=1)
    checkpoint_threshold: int = integer(3, minimum=1)
    optimized_metric: str = choice("perplexity", "perplexity", "accuracy", "bleu")
    training_metric: str = choice("perplexity", "perplexity", "accuracy")
    max_num_batches: int = integer(-1, minimum=1, also=-1)
    max_num_epochs: int | None = integer(None, minimum=1)
    min_num_epochs: int = integer(0, minimum=0)

    # Decoding: beam_size for BLEU while training and for inference; -1 validation sentences: all of them, 0: none.
    beam_size: int = integer(5, minimum=1)
    bleu_sample_size: int = integer(0, minimum=0, also=-1)

    #: The objective of the tuning job that started this training job, such as "validation:bleu"; None outside of one.
    tuning_objective: str | None = None

    @classmethod
    def parse(cls, raw: Mapping[str, str]) -> Self:
        """Types and checks a job's hyperparameters.

        Raises:
            ClientError: Names every unknown, mistyped or out-of-range one, its valid values and the value got.
        """
        given = dict(raw)
        values: dict[str, Any] = {"tuning_objective": given.pop(TUNING_OBJECTIVE, None)}
        problems = []
        for name, text in sorted(given.items()):
            if name not in NAMES:
                problems.append(_unknown(name))
                continue
            rule = RULES[name]
            try:
                values[name] = rule.parse(text)
            except ValueError:
                problems.append(f"hyperparameter {name} must be {rule}, but got {text!r}")
        if not problems:
            parsed = cls(**values)
            problems = parsed._conflicts()
        if problems:
            raise ClientError("; ".join(problems))
        return parsed

    def _conflicts(self) -> list[str]:
        problems = []
        if self.max_num_epochs is not None and self.max_num_epochs < self.min_num_epochs:
            problems.append(
                f"hyperparameter max_num_epochs must be at least min_num_epochs ({self.min_num_epochs}), "
                f"but got {self.max_num_epochs}"
            )
        return problems

    def to_strings(self) -> dict[str, str]:
        """All documented hyperparameters that have a value, as a job would be given them; the inverse of parse."""
        values = {name: getattr(self, name) for name in NAMES}
        return {name: RULES[name].format(value) for name, value in values.items() if value is not None}

    @property
    def attention_size(self) -> int:
        """Units of the attention's hidden layer: rnn_attention_num_hidden, else rnn_num_hidden."""
        return self.rnn_num_hidden if self.rnn_attention_num_hidden is None else self.rnn_attention_num_hidden

    @property
    def computes_bleu(self) -> bool:
        """Whether checkpoints decode for BLEU: asked for by sample size, or needed to optimise or tune it."""
        wanted = self.optimized_metric == "bleu" or self.tuning_objective == "validation:bleu"
        return wanted or self.bleu_sample_size != 0


RULES = {f.name: rule_of(f) for f in dataclasses.fields(HyperParameters) if f.metadata}
NAMES = tuple(RULES)


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, NAMES, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"the valid ones are {', '.join(sorted(NAMES))}"
    return f"unknown hyperparameter {name!r}: {hint}"
