"""A tiny copy-like task, its files and settings, shared by the tests."""

import itertools
import json
import random
from collections.abc import Iterable
from pathlib import Path

from infra.seq2seq.dataset import PairStore, block_windows
from infra.seq2seq.hyperparameters import HyperParameters
from infra.seq2seq.pair_block import PairBlock
from infra.seq2seq.prepare import Options, prepare
from infra.seq2seq.recordio import Pair
from infra.seq2seq.vocabulary import SPECIAL_TOKENS, Vocabulary

#: Sizes that train in a second.
SMALL = {
    "rnn_num_hidden": "16",
    "cnn_num_hidden": "16",
    "num_embed_source": "12",
    "num_embed_target": "10",
    "max_seq_len_source": "12",
    "max_seq_len_target": "12",
    "beam_size": "2",
}

WORDS = Vocabulary([*SPECIAL_TOKENS, *"abcdefgh"])
#: Sentences of one to six words, to be copied.
PAIRS = [Pair(words, words) for words in ([4 + n * (k + 1) % 8 for k in range(1 + n % 6)] for n in range(64))]
#: Kinds of networks, and what else can be different in them.
KINDS = [{"encoder_type": e, "decoder_type": d} for e, d in itertools.product(("rnn", "cnn"), repeat=2)]
SHAPES = [
    {"rnn_cell_type": "gru", "num_layers_encoder": "3", "num_layers_decoder": "3", "rnn_residual_connections": "true"},
    {"num_layers_decoder": "2", "rnn_attention_in_upper_layers": "false", "rnn_decoder_state_init": "avg"},
    {"rnn_attention_type": "dot", "rnn_attention_num_hidden": "6", "rnn_decoder_state_init": "zero"},
    {"rnn_attention_type": "dot"},
    {"rnn_attention_type": "bilinear", "num_layers_encoder": "2"},
    {"rnn_attention_type": "fixed"},
    *(
        {"encoder_type": "cnn", "decoder_type": "cnn", "cnn_activation_type": a}
        for a in ("relu", "softrelu", "sigmoid")
    ),
    {"encoder_type": "cnn", "decoder_type": "cnn", "cnn_activation_type": "tanh", "num_layers_decoder": "3"},
]
DROPOUT = {"embed_dropout_source": "0.2", "rnn_decoder_hidden_dropout": "0.1"}


def settings(**changes: str) -> HyperParameters:
    """Small settings with some changes."""
    return HyperParameters.parse({**SMALL, **changes})


def write_text(folder: Path, pairs: int = 300, seed: int = 5) -> tuple[Path, Path]:
    """Sentences of one to four letters and their upper-case copies."""
    generator = random.Random(seed)
    lines = [[generator.choice("abcdef") for _ in range(generator.randint(1, 4))] for _ in range(pairs)]
    source, target = folder / "text.src", folder / "text.trg"
    source.write_text("".join(" ".join(line) + "\n" for line in lines))
    target.write_text("".join(" ".join(line).upper() + "\n" for line in lines))
    return source, target


def write_job(base: Path, hyperparameters: dict[str, str], pairs: int = 300) -> Path:
    """A job's folder as the service would lay it out; the same as given."""
    base.mkdir(parents=True, exist_ok=True)
    prepare(write_text(base, pairs), base / "input" / "data", options=Options(validation_fraction=0.1))
    config = base / "input" / "config"
    config.mkdir(parents=True)
    (config / "hyperparameters.json").write_text(json.dumps(SMALL | hyperparameters))
    return base


def store_of(pairs: Iterable[Pair]) -> PairStore:
    """Pairs as they are held for training."""
    (store,) = block_windows([PairBlock.of(pairs)])
    return store
