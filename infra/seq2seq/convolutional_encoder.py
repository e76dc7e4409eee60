"""The convolutional encoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .encoded import Encoded
from .hyperparameters import HyperParameters
from .initialization import Initializer
from .layers import Convolution, Projection, Words


class ConvolutionalEncoder(nn.Module):
    """Stacked convolutions over positions, with residual connections (Gehring et al. 2017, sections 3.1 and 3.2).

    Sums are not scaled by sqrt(0.5), here and in the decoder, as in Sockeye: the paper's weights start wide enough for
    that (section 3.5), the documented ones do not, and signals would fade from layer to layer.
    """

    def __init__(self, settings: HyperParameters, init: Initializer) -> None:
        super().__init__()
        self.size, self.width = settings.cnn_num_hidden, settings.cnn_kernel_width_encoder
        self.project = Projection(settings.num_embed_source, self.size, init)
        self.layers = nn.ModuleList(
            Convolution(self.size, self.width, settings.cnn_activation_type, init)
            for _ in range(settings.num_layers_encoder)
        )
        self.dropout = nn.Dropout(settings.cnn_hidden_dropout)

    def forward(self, sentences: Words, lengths: Tensor) -> Encoded:
        """Sentences (B, S, E), positions embedded too, and lengths (B,) to the encoded batch, D = cnn_num_hidden."""
        embedded = sentences.sentences()
        mask = torch.arange(embedded.size(1), device=lengths.device) < lengths.unsqueeze(1)  # (B, S)
        words = mask.unsqueeze(2).to(embedded.dtype)  # (B, S, 1)
        bottom = output = self.project(embedded) * words
        before = (self.width - 1) // 2
        for layer in self.layers:
            padded = nn.functional.pad(
                self.dropout(output), (0, 0, before, self.width - 1 - before)
            )  # (B, S + w - 1, H)
            output = (output + layer(padded)) * words
        last = output[torch.arange(len(lengths), device=lengths.device), lengths - 1]  # (B, H)
        return Encoded(output, output + bottom, mask, last)
