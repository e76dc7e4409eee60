"""Amazon SageMaker's sequence-to-sequence algorithm: RNN or CNN encoder and decoder with attention.

The facts are those of the SageMaker developer guide, chapters "Sequence-to-Sequence Hyperparameters" and "Tune a
Sequence-to-Sequence Model". The guide prints negative scales for uniform initial weights; they count by their absolute
value, the half width.
"""

from __future__ import annotations

from typing import Final

from .facts import AlgorithmFacts, Categorical, Continuous, HyperParameter, Integer, ValueType, by_name

_INT, _BOOL = ValueType.INTEGER, ValueType.BOOLEAN
_CNN = {"encoder_type": ("cnn",), "decoder_type": ("cnn",)}
_RNN = {"encoder_type": ("rnn",), "decoder_type": ("rnn",)}
_RNN_DECODER = {"decoder_type": ("rnn",)}
_WIDTHS = (128, 256, 512, 1024, 2048)

_HYPER_PARAMETERS: Final = by_name(
    Categorical("batch_size", type=_INT, above=0, default=64, recommended=(16, 32, 64, 128, 256, 512, 1024, 2048)),
    HyperParameter("beam_size", type=_INT, above=0, default=5),
    HyperParameter("bleu_sample_size", type=_INT, minimum=-1, default=0),
    HyperParameter("bucket_width", type=_INT, above=0, default=10),
    HyperParameter("bucketing_enabled", type=_BOOL, default=True),
    HyperParameter("checkpoint_frequency_num_batches", type=_INT, above=0, default=1000),
    HyperParameter("checkpoint_threshold", type=_INT, above=0, default=3),
    Continuous("clip_gradient", default=1, recommended=(1.0, 5.0)),
    HyperParameter(
        "cnn_activation_type", values=("glu", "relu", "softrelu", "sigmoid", "tanh"), default="glu", applies_to=_CNN
    ),
    Continuous("cnn_hidden_dropout", minimum=0, maximum=1, default=0, recommended=(0.0, 0.5), applies_to=_CNN),
    HyperParameter("cnn_kernel_width_decoder", type=_INT, above=0, default=5, applies_to={"decoder_type": ("cnn",)}),
    HyperParameter("cnn_kernel_width_encoder", type=_INT, above=0, default=3, applies_to={"encoder_type": ("cnn",)}),
    Categorical("cnn_num_hidden", type=_INT, above=0, default=512, recommended=_WIDTHS, applies_to=_CNN),
    HyperParameter("decoder_type", values=("rnn", "cnn"), default="rnn"),
    Continuous("embed_dropout_source", minimum=0, maximum=1, default=0, recommended=(0.0, 0.5)),
    Continuous("embed_dropout_target", minimum=0, maximum=1, default=0, recommended=(0.0, 0.5)),
    HyperParameter("encoder_type", values=("rnn", "cnn"), default="rnn"),
    Integer(
        "fixed_rate_lr_half_life",
        above=0,
        default=10,
        recommended=(10, 30),
        applies_to={"lr_scheduler_type": ("fixed_rate_inv_t", "fixed_rate_inv_sqrt_t")},
    ),
    Continuous("learning_rate", default=0.0003, recommended=(0.00005, 0.2)),
    HyperParameter("loss_type", values=("cross-entropy",), default="cross-entropy"),
    Categorical(
        "lr_scheduler_type",
        values=("plateau_reduce", "fixed_rate_inv_t", "fixed_rate_inv_sqrt_t"),
        default="plateau_reduce",
        recommended=("plateau_reduce", "fixed_rate_inv_t", "fixed_rate_inv_sqrt_t"),
    ),
    HyperParameter("max_num_batches", type=_INT, minimum=-1, default=-1),
    HyperParameter("max_num_epochs", type=_INT, above=0),
    HyperParameter("max_seq_len_source", type=_INT, above=0, default=100),
    HyperParameter("max_seq_len_target", type=_INT, above=0, default=100),
    HyperParameter("min_num_epochs", type=_INT, default=0),
    Continuous("momentum", recommended=(0.5, 0.9), applies_to={"optimizer_type": ("sgd",)}),
    Integer("num_embed_source", above=0, default=512, recommended=(256, 512)),
    Integer("num_embed_target", above=0, default=512, recommended=(256, 512)),
    Integer("num_layers_decoder", above=0, default=1, recommended=(1, 10)),
    Integer("num_layers_encoder", above=0, default=1, recommended=(1, 10)),
    HyperParameter("optimized_metric", values=("perplexity", "accuracy", "bleu"), default="perplexity"),
    Categorical(
        "optimizer_type", values=("adam", "sgd", "rmsprop"), default="adam", recommended=("adam", "sgd", "rmsprop")
    ),
    Continuous(
        "plateau_reduce_lr_factor",
        default=0.5,
        recommended=(0.1, 0.5),
        applies_to={"lr_scheduler_type": ("plateau_reduce",)},
    ),
    Integer(
        "plateau_reduce_lr_threshold",
        above=0,
        default=3,
        recommended=(1, 5),
        applies_to={"lr_scheduler_type": ("plateau_reduce",)},
    ),
    HyperParameter("rnn_attention_in_upper_layers", type=_BOOL, default=True, applies_to=_RNN_DECODER),
    HyperParameter("rnn_attention_num_hidden", type=_INT, above=0, applies_to=_RNN_DECODER),
    HyperParameter(
        "rnn_attention_type", values=("dot", "fixed", "mlp", "bilinear"), default="mlp", applies_to=_RNN_DECODER
    ),
    HyperParameter("rnn_cell_type", values=("lstm", "gru"), default="lstm", applies_to=_RNN),
    HyperParameter("rnn_decoder_state_init", values=("last", "avg", "zero"), default="last", applies_to=_RNN_DECODER),
    Continuous(
        "rnn_decoder_hidden_dropout",
        minimum=0,
        maximum=1,
        default=0,
        recommended=(0.0, 0.5),
        applies_to=_RNN_DECODER,
    ),
    HyperParameter("rnn_first_residual_layer", type=_INT, above=0, default=2, applies_to=_RNN),
    Categorical("rnn_num_hidden", type=_INT, above=0, even=True, default=1024, recommended=_WIDTHS, applies_to=_RNN),
    HyperParameter("rnn_residual_connections", type=_BOOL, default=False, applies_to=_RNN),
    HyperParameter("training_metric", values=("perplexity", "accuracy"), default="perplexity"),
    Continuous("weight_decay", default=0, recommended=(0.0, 0.1)),
    Continuous(
        "weight_init_scale",
        default=2.34,
        recommended=(2.0, 3.0),
        recommended_by={"weight_init_type": {"xavier": (2.0, 3.0), "uniform": (-1.0, 1.0)}},
    ),
    Categorical("weight_init_type", values=("uniform", "xavier"), default="xavier", recommended=("xavier", "uniform")),
    HyperParameter(
        "xavier_factor_type",
        values=("in", "out", "avg"),
        default="in",
        applies_to={"weight_init_type": ("xavier",)},
    ),
)

SEQ2SEQ: Final = AlgorithmFacts(
    "Seq2Seq",
    repositories=("seq2seq",),
    metrics={
        "validation:accuracy": "Maximize",
        "validation:bleu": "Maximize",
        "validation:perplexity": "Minimize",
    },
    channels={
        "train": ("application/x-recordio-protobuf",),
        "validation": ("application/x-recordio-protobuf",),
        "vocab": ("application/json",),
    },
    required_channels=("train", "validation", "vocab"),
    hyper_parameters=_HYPER_PARAMETERS,
    gpu_only=True,
    single_instance=True,
    objective_parameter="optimized_metric",
)
