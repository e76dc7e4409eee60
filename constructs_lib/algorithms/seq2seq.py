"""Amazon SageMaker's sequence-to-sequence algorithm: RNN or CNN encoder and decoder with attention.

The facts are those of the SageMaker developer guide, chapters "Sequence-to-Sequence Hyperparameters" and "Tune a
Sequence-to-Sequence Model". The guide prints negative scales for uniform initial weights; they count by their absolute
value, the half width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from constructs_lib._algorithm_accounts import SEQ2SEQ_ACCOUNTS
from constructs_lib.algorithms.algorithm import Algorithm, known
from constructs_lib.algorithms.hyper_parameters import (
    CategoricalHyperParameter,
    ContinuousHyperParameter,
    HyperParameter,
    IntegerHyperParameter,
    ValueType,
)
from constructs_lib.objective import ObjectiveType
from infra.seq2seq.metric_lines import METRIC_DEFINITIONS

_INT, _FLOAT, _BOOL = ValueType.INTEGER, ValueType.FLOAT, ValueType.BOOLEAN
_CNN = {"encoder_type": ("cnn",), "decoder_type": ("cnn",)}
_RNN = {"encoder_type": ("rnn",), "decoder_type": ("rnn",)}
_RNN_DECODER = {"decoder_type": ("rnn",)}
_WIDTHS = (128, 256, 512, 1024, 2048)


@known
@dataclass(frozen=True)
class Seq2Seq(Algorithm):
    """The sequence-to-sequence algorithm, for translation, summarisation and the like.

    >>> Seq2Seq.learning_rate.between(1e-4, 1e-2).name
    'learning_rate'

    Attributes:
        image: the image, as a construct or its full name. Default: None, with ``algorithm_name`` instead.
        training_input_mode: how data reaches the program. Default: ``InputMode.FILE``.
        metric_definitions: regular expressions by metric name. Default: None; AWS's own image needs none, and an image
            of your own (`Seq2SeqImage.from_repository`) gets `own_metric_definitions`.
        algorithm_name: name or ARN of an algorithm resource. Default: None.
    """

    repositories: ClassVar[tuple[str, ...]] = ("seq2seq",)
    metrics: ClassVar[Mapping[str, ObjectiveType]] = {
        "validation:accuracy": ObjectiveType.MAXIMIZE,
        "validation:bleu": ObjectiveType.MAXIMIZE,
        "validation:perplexity": ObjectiveType.MINIMIZE,
    }
    required_channels: ClassVar[tuple[str, ...]] = ("train", "validation", "vocab")
    channels: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "train": ("application/x-recordio-protobuf",),
        "validation": ("application/x-recordio-protobuf",),
        "vocab": ("application/json",),
    }
    gpu_only: ClassVar[bool] = True
    single_instance: ClassVar[bool] = True
    objective_parameter: ClassVar[str | None] = "optimized_metric"
    own_metric_definitions: ClassVar[Mapping[str, str]] = dict(METRIC_DEFINITIONS)
    publishers: ClassVar[frozenset[str]] = frozenset(SEQ2SEQ_ACCOUNTS.values())

    batch_size = CategoricalHyperParameter(
        type=_INT, above=0, default=64, recommended=(16, 32, 64, 128, 256, 512, 1024, 2048)
    )
    beam_size = HyperParameter(type=_INT, above=0, default=5)
    bleu_sample_size = HyperParameter(type=_INT, minimum=-1, default=0)
    bucket_width = HyperParameter(type=_INT, above=0, default=10)
    bucketing_enabled = HyperParameter(type=_BOOL, default=True)
    checkpoint_frequency_num_batches = HyperParameter(type=_INT, above=0, default=1000)
    checkpoint_threshold = HyperParameter(type=_INT, above=0, default=3)
    clip_gradient = ContinuousHyperParameter(default=1, recommended=(1.0, 5.0))
    cnn_activation_type = HyperParameter(
        values=("glu", "relu", "softrelu", "sigmoid", "tanh"), default="glu", applies_to=_CNN
    )
    cnn_hidden_dropout = ContinuousHyperParameter(
        minimum=0, maximum=1, default=0, recommended=(0.0, 0.5), applies_to=_CNN
    )
    cnn_kernel_width_decoder = HyperParameter(type=_INT, above=0, default=5, applies_to={"decoder_type": ("cnn",)})
    cnn_kernel_width_encoder = HyperParameter(type=_INT, above=0, default=3, applies_to={"encoder_type": ("cnn",)})
    cnn_num_hidden = CategoricalHyperParameter(type=_INT, above=0, default=512, recommended=_WIDTHS, applies_to=_CNN)
    decoder_type = HyperParameter(values=("rnn", "cnn"), default="rnn")
    embed_dropout_source = ContinuousHyperParameter(minimum=0, maximum=1, default=0, recommended=(0.0, 0.5))
    embed_dropout_target = ContinuousHyperParameter(minimum=0, maximum=1, default=0, recommended=(0.0, 0.5))
    encoder_type = HyperParameter(values=("rnn", "cnn"), default="rnn")
    fixed_rate_lr_half_life = IntegerHyperParameter(
        above=0,
        default=10,
        recommended=(10, 30),
        applies_to={"lr_scheduler_type": ("fixed_rate_inv_t", "fixed_rate_inv_sqrt_t")},
    )
    learning_rate = ContinuousHyperParameter(default=0.0003, recommended=(0.00005, 0.2))
    loss_type = HyperParameter(values=("cross-entropy",), default="cross-entropy")
    lr_scheduler_type = CategoricalHyperParameter(
        values=("plateau_reduce", "fixed_rate_inv_t", "fixed_rate_inv_sqrt_t"),
        default="plateau_reduce",
        recommended=("plateau_reduce", "fixed_rate_inv_t", "fixed_rate_inv_sqrt_t"),
    )
    max_num_batches = HyperParameter(type=_INT, minimum=-1, default=-1)
    max_num_epochs = HyperParameter(type=_INT, above=0)
    max_seq_len_source = HyperParameter(type=_INT, above=0, default=100)
    max_seq_len_target = HyperParameter(type=_INT, above=0, default=100)
    min_num_epochs = HyperParameter(type=_INT, default=0)
    momentum = ContinuousHyperParameter(recommended=(0.5, 0.9), applies_to={"optimizer_type": ("sgd",)})
    num_embed_source = IntegerHyperParameter(above=0, default=512, recommended=(256, 512))
    num_embed_target = IntegerHyperParameter(above=0, default=512, recommended=(256, 512))
    num_layers_decoder = IntegerHyperParameter(above=0, default=1, recommended=(1, 10))
    num_layers_encoder = IntegerHyperParameter(above=0, default=1, recommended=(1, 10))
    optimized_metric = HyperParameter(values=("perplexity", "accuracy", "bleu"), default="perplexity")
    optimizer_type = CategoricalHyperParameter(
        values=("adam", "sgd", "rmsprop"), default="adam", recommended=("adam", "sgd", "rmsprop")
    )
    plateau_reduce_lr_factor = ContinuousHyperParameter(
        default=0.5, recommended=(0.1, 0.5), applies_to={"lr_scheduler_type": ("plateau_reduce",)}
    )
    plateau_reduce_lr_threshold = IntegerHyperParameter(
        above=0, default=3, recommended=(1, 5), applies_to={"lr_scheduler_type": ("plateau_reduce",)}
    )
    rnn_attention_in_upper_layers = HyperParameter(type=_BOOL, default=True, applies_to=_RNN_DECODER)
    rnn_attention_num_hidden = HyperParameter(type=_INT, above=0, applies_to=_RNN_DECODER)
    rnn_attention_type = HyperParameter(
        values=("dot", "fixed", "mlp", "bilinear"), default="mlp", applies_to=_RNN_DECODER
    )
    rnn_cell_type = HyperParameter(values=("lstm", "gru"), default="lstm", applies_to=_RNN)
    rnn_decoder_state_init = HyperParameter(values=("last", "avg", "zero"), default="last", applies_to=_RNN_DECODER)
    rnn_decoder_hidden_dropout = ContinuousHyperParameter(
        minimum=0, maximum=1, default=0, recommended=(0.0, 0.5), applies_to=_RNN_DECODER
    )
    rnn_first_residual_layer = HyperParameter(type=_INT, above=0, default=2, applies_to=_RNN)
    rnn_num_hidden = CategoricalHyperParameter(
        type=_INT, above=0, even=True, default=1024, recommended=_WIDTHS, applies_to=_RNN
    )
    rnn_residual_connections = HyperParameter(type=_BOOL, default=False, applies_to=_RNN)
    training_metric = HyperParameter(values=("perplexity", "accuracy"), default="perplexity")
    weight_decay = ContinuousHyperParameter(default=0, recommended=(0.0, 0.1))
    weight_init_scale = ContinuousHyperParameter(
        default=2.34,
        recommended=(2.0, 3.0),
        recommended_by={"weight_init_type": {"xavier": (2.0, 3.0), "uniform": (-1.0, 1.0)}},
    )
    weight_init_type = CategoricalHyperParameter(
        values=("uniform", "xavier"), default="xavier", recommended=("xavier", "uniform")
    )
    xavier_factor_type = HyperParameter(
        values=("in", "out", "avg"), default="in", applies_to={"weight_init_type": ("xavier",)}
    )
