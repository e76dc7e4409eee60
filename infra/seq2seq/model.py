"""The whole model: embeddings, encoder, decoder and the layer that scores all target words."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from .batching import Batch
from .decoders import make_decoder
from .encoded import Encoded
from .encoders import make_encoder
from .hyperparameters import HyperParameters
from .initialization import Initializer
from .layers import Words
from .packing import Packing
from .vocabulary import PAD


class Features(NamedTuple):
    """What the decoder found at the N target positions of a batch that are not padding: first words come first."""

    hidden: Tensor  # (N, H)
    targets: Tensor  # (N,): the words to predict


class Seq2Seq(nn.Module):
    """Encoder and decoder with attention.

    Args:
        settings: Sizes and types of everything.
        source_words: Words of the source vocabulary, special tokens counted.
        target_words: The same of the target vocabulary.
    """

    def __init__(self, settings: HyperParameters, source_words: int, target_words: int) -> None:
        super().__init__()
        init = Initializer.of(settings)
        self.source_embedding = WordEmbedding(
            init.embedding(source_words, settings.num_embed_source, PAD),
            settings.max_seq_len_source if settings.encoder_type == "cnn" else 0,
            settings.embed_dropout_source,
        )
        self.target_embedding = WordEmbedding(
            init.embedding(target_words, settings.num_embed_target, PAD),
            settings.max_seq_len_target + 1 if settings.decoder_type == "cnn" else 0,  # <s> comes first
            settings.embed_dropout_target,
        )
        self.encoder = make_encoder(settings, init)
        self.decoder = make_decoder(settings, self.encoder.size, init)
        size = self.decoder.size
        self.output_weight = nn.Parameter(init.values(size, target_words, (target_words, size)))
        self.output_bias = nn.Parameter(torch.zeros(target_words))

    def forward(self, batch: Batch) -> Features:
        """Features of a batch of sentence pairs; scores over the vocabulary are left to the loss."""
        encoded = self.encode(batch.source, batch.source_lengths)
        packing = Packing(batch.target_lengths)
        hidden = self.decoder(encoded, self.target_embedding.distinct(batch.target_in), packing)  # (N, H)
        return Features(hidden, packing.pack(batch.target_out))

    def encode(self, source: Tensor, lengths: Tensor) -> Encoded:
        """Word ids (B, S) and lengths (B,) to the encoded sentences."""
        encoded: Encoded = self.encoder(self.source_embedding.distinct(source), lengths)
        return encoded

    def scores(self, hidden: Tensor) -> Tensor:
        """Features (..., H) to unnormalised log-probabilities of all target words (..., V)."""
        return nn.functional.linear(hidden, self.output_weight, self.output_bias)


class WordEmbedding(nn.Module):
    """Vectors of words, plus those of their positions where the network has no other sense of order, with dropout."""

    def __init__(self, words: nn.Embedding, positions: int, dropout: float) -> None:
        super().__init__()
        self.words = words
        size = words.embedding_dim
        self.positions = nn.Parameter(torch.empty(positions, size).normal_(std=0.1)) if positions else None
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, start: int = 0) -> Tensor:
        """Word ids (..., T), the first of them at position ``start``, to (..., T, E)."""
        vectors: Tensor = self.words(ids)
        if self.positions is not None:
            places = torch.arange(start, start + ids.size(-1), device=ids.device).clamp_(max=len(self.positions) - 1)
            vectors = vectors + self.positions[places]
        dropped: Tensor = self.dropout(vectors)
        return dropped

    def distinct(self, ids: Tensor) -> Words:
        """Word ids (B, T) from position 0 on; words are told apart by their place where position or dropout does."""
        if self.positions is not None or (self.training and self.dropout.p > 0):
            return Words(self(ids).flatten(0, 1), torch.arange(ids.numel(), device=ids.device).view(ids.shape))
        words, places = ids.unique(return_inverse=True)
        return Words(self.words(words), places)
