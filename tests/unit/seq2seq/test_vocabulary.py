import json
from pathlib import Path

import pytest

from infra.container import ClientError
from infra.seq2seq.vocabulary import Vocabulary


def test_words_are_ranked_by_count_and_ties_in_reverse_alphabetical_order(tmp_path: Path) -> None:
    vocabulary = Vocabulary.build([["ä", "b", "a"], ["b", "c"], ["b", "</s>"]], max_words=3, min_count=1)
    path = tmp_path / "vocab.src.json"
    vocabulary.save(path)
    text = path.read_text(encoding="utf-8")
    assert json.loads(text) == {"<pad>": 0, "<unk>": 1, "<s>": 2, "</s>": 3, "b": 4, "ä": 5, "c": 6}
    assert "ä" in text  # not escaped
    assert Vocabulary.load(path).words == vocabulary.words
    assert vocabulary.encode(["c", "a", "b"]) == [6, 1, 4]
    assert vocabulary.decode([6, 1, 4]) == ["c", "<unk>", "b"]


def test_rare_words_are_unknown() -> None:
    assert Vocabulary.build([["a", "a", "b"]], max_words=9, min_count=2).words[4:] == ("a",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "vocabulary file {path} is not JSON: "),
        ('{"<pad>": 0, "<unk>": 2}', "vocabulary file {path} must map each word to its own id from 0 on without gaps"),
        ("[]", "vocabulary file {path} must map each word to its own id from 0 on without gaps"),
        (
            '{"a": 0, "b": 1, "c": 2, "d": 3}',
            "vocabulary file {path} must start with <pad> 0, <unk> 1, <s> 2, </s> 3, but got ['a', 'b', 'c', 'd']",
        ),
    ],
)
def test_a_bad_vocabulary_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "vocab.trg.json"
    path.write_text(text)
    with pytest.raises(ClientError) as error:
        Vocabulary.load(path)
    assert str(error.value).startswith(message.format(path=path))
