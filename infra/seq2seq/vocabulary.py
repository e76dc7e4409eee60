"""Words and their ids, in the JSON layout of the public SageMaker example."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from infra.container import ClientError

PAD, UNK, BOS, EOS = range(4)
#: Tokens of the first ids: padding, unknown word, start and end of a sentence.
SPECIAL_TOKENS = ("<pad>", "<unk>", "<s>", "</s>")
#: Names of the two files in the channel "vocab" and in the model.
SOURCE_FILE, TARGET_FILE = "vocab.src.json", "vocab.trg.json"


class Vocabulary:
    """A bijection between words and the ids 0 to size - 1, of which the first four are special."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._ids = {word: index for index, word in enumerate(self.words)}

    @classmethod
    def build(cls, sentences: Iterable[Sequence[str]], *, max_words: int, min_count: int) -> Vocabulary:
        """The most frequent words that occur at least ``min_count`` times, ties in reverse alphabetical order.

        Args:
            sentences: Tokenised sentences.
            max_words: Most words to take, special tokens not counted.
            min_count: Words that occur less often are unknown words.
        """
        counts = Counter(token for sentence in sentences for token in sentence)
        return cls.ranked({word: count for word, count in counts.items() if count >= min_count}, max_words=max_words)

    @classmethod
    def ranked(cls, counts: Mapping[str, int], *, max_words: int) -> Vocabulary:
        """The most frequent words of these, ties in reverse alphabetical order.

        Args:
            counts: How often each word occurs; special tokens may be among them.
            max_words: Most words to take, special tokens not counted.
        """
        ranked = sorted(((count, word) for word, count in counts.items() if word not in SPECIAL_TOKENS), reverse=True)
        return cls((*SPECIAL_TOKENS, *(word for _, word in ranked[:max_words])))

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Reads and checks a vocabulary file.

        Raises:
            ClientError: The file is missing or not a vocabulary; names it and says what it must hold.
        """
        if not path.is_file():
            raise ClientError(
                f"vocabulary file {path.name} is missing in {path.parent}: the channel 'vocab' must hold "
                f"{SOURCE_FILE} and {TARGET_FILE}"
            )
        try:
            ids = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ClientError(f"vocabulary file {path} is not JSON: {error}") from error
        if not isinstance(ids, dict) or sorted(ids.values(), key=str) != sorted(range(len(ids)), key=str):
            raise ClientError(f"vocabulary file {path} must map each word to its own id from 0 on without gaps")
        vocabulary = cls(sorted(ids, key=ids.__getitem__))
        if vocabulary.words[:4] != SPECIAL_TOKENS:
            wanted = ", ".join(f"{token} {index}" for index, token in enumerate(SPECIAL_TOKENS))
            raise ClientError(f"vocabulary file {path} must start with {wanted}, but got {list(vocabulary.words[:4])}")
        return vocabulary

    def save(self, path: Path) -> None:
        """Writes the vocabulary file: UTF-8, by id, a word a line."""
        path.write_text(json.dumps(self._ids, ensure_ascii=False, separators=(",\n", ": ")), encoding="utf-8")

    @cached_property
    def digest(self) -> str:
        """Stands for the words and their order: SHA-256 in hexadecimal digits."""
        return hashlib.sha256(json.dumps(self.words).encode()).hexdigest()

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Ids of words; that of <unk> for unknown ones."""
        return [self._ids.get(token, UNK) for token in tokens]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Words of ids."""
        return [self.words[index] for index in ids]
