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
)
from infra.handlers.algorithms import SEQ2SEQ, AlgorithmFacts
from infra.seq2seq.metric_lines import METRIC_DEFINITIONS


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

    facts: ClassVar[AlgorithmFacts] = SEQ2SEQ
    own_metric_definitions: ClassVar[Mapping[str, str]] = dict(METRIC_DEFINITIONS)
    publishers: ClassVar[frozenset[str]] = frozenset(SEQ2SEQ_ACCOUNTS.values())

    batch_size = CategoricalHyperParameter()
    beam_size = HyperParameter()
    bleu_sample_size = HyperParameter()
    bucket_width = HyperParameter()
    bucketing_enabled = HyperParameter()
    checkpoint_frequency_num_batches = HyperParameter()
    checkpoint_threshold = HyperParameter()
    clip_gradient = ContinuousHyperParameter()
    cnn_activation_type = HyperParameter()
    cnn_hidden_dropout = ContinuousHyperParameter()
    cnn_kernel_width_decoder = HyperParameter()
    cnn_kernel_width_encoder = HyperParameter()
    cnn_num_hidden = CategoricalHyperParameter()
    decoder_type = HyperParameter()
    embed_dropout_source = ContinuousHyperParameter()
    embed_dropout_target = ContinuousHyperParameter()
    encoder_type = HyperParameter()
    fixed_rate_lr_half_life = IntegerHyperParameter()
    learning_rate = ContinuousHyperParameter()
    loss_type = HyperParameter()
    lr_scheduler_type = CategoricalHyperParameter()
    max_num_batches = HyperParameter()
    max_num_epochs = HyperParameter()
    max_seq_len_source = HyperParameter()
    max_seq_len_target = HyperParameter()
    min_num_epochs = HyperParameter()
    momentum = ContinuousHyperParameter()
    num_embed_source = IntegerHyperParameter()
    num_embed_target = IntegerHyperParameter()
    num_layers_decoder = IntegerHyperParameter()
    num_layers_encoder = IntegerHyperParameter()
    optimized_metric = HyperParameter()
    optimizer_type = CategoricalHyperParameter()
    plateau_reduce_lr_factor = ContinuousHyperParameter()
    plateau_reduce_lr_threshold = IntegerHyperParameter()
    rnn_attention_in_upper_layers = HyperParameter()
    rnn_attention_num_hidden = HyperParameter()
    rnn_attention_type = HyperParameter()
    rnn_cell_type = HyperParameter()
    rnn_decoder_state_init = HyperParameter()
    rnn_decoder_hidden_dropout = ContinuousHyperParameter()
    rnn_first_residual_layer = HyperParameter()
    rnn_num_hidden = CategoricalHyperParameter()
    rnn_residual_connections = HyperParameter()
    training_metric = HyperParameter()
    weight_decay = ContinuousHyperParameter()
    weight_init_scale = ContinuousHyperParameter()
    weight_init_type = CategoricalHyperParameter()
    xavier_factor_type = HyperParameter()
