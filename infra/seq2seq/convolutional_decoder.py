"""The convolutional decoder."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .decoding import Carried, Decoding
from .encoded import Encoded
from .hyperparameters import HyperParameters
from .initialization import Initializer
from .layers import Convolution, Projection, Words
from .packing import Packing


class ConvolutionalDecoder(nn.Module):
    """Causal convolutions, each followed by attention of its own (Gehring et al. 2017, sections 3.2 and 3.3)."""

    def __init__(self, settings: HyperParameters, memory_size: int, init: Initializer) -> None:
        super().__init__()
        self.size = hidden = settings.cnn_num_hidden
        self.project = Projection(settings.num_embed_target, hidden, init)
        layers = range(settings.num_layers_decoder)
        self.width = settings.cnn_kernel_width_decoder
        self.layers = nn.ModuleList(Convolution(hidden, self.width, settings.cnn_activation_type, init) for _ in layers)
        self.queries = nn.ModuleList(Projection(hidden, hidden, init) for _ in layers)
        self.keys = Projection(memory_size, hidden, init) if memory_size != hidden else nn.Identity()
        self.values = Projection(memory_size, hidden, init) if memory_size != hidden else nn.Identity()
        self.dropout = nn.Dropout(settings.cnn_hidden_dropout)

    def forward(self, encoded: Encoded, words: Words, packing: Packing) -> Tensor:
        """Target words before each position, positions embedded too, (B, T, E), to packed features (N, H)."""
        embedded = words.sentences()
        layers = len(self.layers)
        history = embedded.new_zeros(len(embedded), self.width - 1, self.size)
        attend = self.attending(encoded)
        features, _, _ = self.run(embedded, (history,) * layers, attend)
        return packing.pack(features)

    def begin(self, encoded: Encoded) -> Decoding:
        """Starts decoding these sentences."""
        return _Convolving(self, encoded)

    def attending(self, encoded: Encoded) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
        """Attention over these sentences: queries (B, T, H) to contexts (B, T, H) and weights (B, T, S)."""
        keys, values = self.keys(encoded.keys).transpose(1, 2), self.values(encoded.values)  # (B, H, S), (B, S, H)
        padding = ~encoded.mask.unsqueeze(1)  # (B, 1, S)

        def attend(queries: Tensor) -> tuple[Tensor, Tensor]:
            scores = (queries @ keys).to(queries.dtype)  # a large product may be less precise than its softmax
            weights = scores.masked_fill(padding, -torch.inf).softmax(dim=2)
            return weights @ values, weights

        return attend

    def run(
        self, embedded: Tensor, history: Carried, attend: Callable[[Tensor], tuple[Tensor, Tensor]]
    ) -> tuple[Tensor, Tensor, Carried]:
        """All layers over some positions, given each layer's inputs at the width - 1 positions before."""
        bottom = output = self.project(embedded)
        weights, carried = output, []
        for layer, query, before in zip(self.layers, self.queries, history, strict=True):
            inputs = torch.cat([before, self.dropout(output)], dim=1)  # (B, width - 1 + T, H)
            carried.append(inputs[:, inputs.size(1) - before.size(1) :])
            convolved = layer(inputs)  # (B, T, H)
            context, weights = attend(query(convolved) + bottom)  # (B, T, H), (B, T, S)
            output = output + convolved + context
        return output, weights, tuple(carried)


class _Convolving:
    """The decoder's steps on one batch; carried are each layer's latest inputs."""

    def __init__(self, decoder: ConvolutionalDecoder, encoded: Encoded) -> None:
        self._decoder, self._attend = decoder, decoder.attending(encoded)
        empty = encoded.keys.new_zeros(len(encoded.keys), decoder.width - 1, decoder.size)
        self.initial: Carried = (empty,) * len(decoder.layers)

    def step(self, embedded: Tensor, carried: Carried) -> tuple[Tensor, Tensor, Carried]:
        """See Decoding."""
        features, weights, carried = self._decoder.run(embedded.unsqueeze(1), carried, self._attend)  # (B, 1, ...)
        return features.squeeze(1), weights.squeeze(1), carried
