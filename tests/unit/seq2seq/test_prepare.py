from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from infra.container import ClientError
from infra.seq2seq.prepare import Options, Prepared, prepare
from infra.seq2seq.record_blocks import Sentences, encode_block
from infra.seq2seq.recordio import Pair, encode, read_file
from infra.seq2seq.vocabulary import Vocabulary


def _write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _pairs(out: Path, record_file: str) -> list[tuple[list[str], list[str]]]:
    source = Vocabulary.load(out / "vocab" / "vocab.src.json")
    target = Vocabulary.load(out / "vocab" / "vocab.trg.json")
    pairs = (pair for _, pair in read_file(out / record_file))
    return [(source.decode(pair.source), target.decode(pair.target)) for pair in pairs]


def test_text_becomes_records_and_vocabularies_in_the_channels_folders(tmp_path: Path) -> None:
    training = (
        _write(tmp_path, "a.en", "open the file\n\nthe file\n"),
        _write(tmp_path, "a.de", "die datei öffnen\nx\ny\n"),
    )
    validation = _write(tmp_path, "v.en", "the new file\n"), _write(tmp_path, "v.de", "die datei\n")
    seen: list[tuple[int, int]] = []
    result = prepare(
        training, tmp_path / "out", validation=validation, progress=lambda done, total: seen.append((done, total))
    )
    assert result == Prepared(train_pairs=2, validation_pairs=1, left_out=1, source_words=7, target_words=8)
    assert _pairs(tmp_path / "out", "train/train.rec") == [
        (["open", "the", "file"], ["die", "datei", "öffnen"]),
        (["the", "file"], ["y"]),
    ]
    assert _pairs(tmp_path / "out", "validation/val.rec") == [(["the", "<unk>", "file"], ["die", "datei"])]
    text = sum(path.stat().st_size for path in (*training, *validation))
    assert seen[-1] == (2 * text, 2 * text)
    assert seen == sorted(seen)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"train", "validation", "vocab"}


def test_a_part_is_held_out_by_seed(tmp_path: Path) -> None:
    lines = "".join(f"w{number}\n" for number in range(100))
    training = _write(tmp_path, "a.en", lines), _write(tmp_path, "a.de", lines)

    def held_out(seed: int) -> list[tuple[list[str], list[str]]]:
        out = tmp_path / f"out{seed}"
        options = Options(validation_fraction=0.1, seed=seed)
        assert prepare(training, out, options=options).train_pairs == 90
        return _pairs(out, "validation/val.rec")

    records = {seed: (held_out(seed), (tmp_path / f"out{seed}/train/train.rec").read_bytes()) for seed in (1, 2)}
    assert records[1][1] != records[2][1]
    again = held_out(1)
    assert (again, (tmp_path / "out1/train/train.rec").read_bytes()) == records[1]


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (
            "a\nb\n",
            "a\n",
            "{folder}/a.de ends after line 1, but {folder}/a.en goes on: line by line the two must be translations of "
            "each other",
        ),
        (
            "",
            "",
            "{folder}/a.en and {folder}/a.de have no pair of sentences with at least one word and "
            "at most 3 on both sides",
        ),
        (
            "a b c d\n",
            "a\n",
            "{folder}/a.en and {folder}/a.de have no pair of sentences with at least one word and "
            "at most 3 on both sides",
        ),
        (
            "a\n",
            "b\n",
            "1 pairs are too few for a validation fraction of 0.05: at least one must remain for training",
        ),
    ],
)
def test_text_that_does_not_fit_is_named(tmp_path: Path, source: str, target: str, message: str) -> None:
    training = _write(tmp_path, "a.en", source), _write(tmp_path, "a.de", target)
    with pytest.raises(ClientError) as error:
        prepare(training, tmp_path / "out", options=Options(max_length=3))
    assert str(error.value) == message.format(folder=tmp_path)


def test_unreadable_text_is_named(tmp_path: Path) -> None:
    good, bad = _write(tmp_path, "a.en", "a\n"), tmp_path / "a.de"
    with pytest.raises(ClientError, match=r"cannot read .*/a\.de: No such file or directory"):
        prepare((good, bad), tmp_path / "out")
    bad.write_bytes(b"\xff\n")
    with pytest.raises(ClientError, match=r"/a\.de is not UTF-8 text: "):
        prepare((good, bad), tmp_path / "out")
    bad.write_bytes(b"a\x00b\n")
    with pytest.raises(ClientError, match=r"/a\.de is not text: it has a NUL character"):
        prepare((good, bad), tmp_path / "out")


_WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=0, max_size=5)
_SENTENCES = st.lists(_WORDS.map(lambda word: word.replace("\n", "")), max_size=200)


@given(lines=st.lists(st.tuples(_SENTENCES, _SENTENCES), min_size=1, max_size=12), block=st.integers(1, 40))
def test_every_line_becomes_the_record_of_its_words(lines: list[tuple[list[str], list[str]]], block: int) -> None:
    expected = [(s, t) for s, t in ([" ".join(side).split() for side in line] for line in lines) if s and t]
    assume(expected)
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr("infra.seq2seq.tokenized_text._BLOCK", block)
        patch.setattr("infra.seq2seq.prepare._BLOCK", 3)
        folder = Path(name)
        sides = [_write(folder, f"a.{side}", "".join(" ".join(line[side]) + "\n" for line in lines)) for side in (0, 1)]
        validation = _write(folder, "v.0", "a\n"), _write(folder, "v.1", "b\n")
        prepare((sides[0], sides[1]), folder / "out", validation=validation)
        assert _pairs(folder / "out", "train/train.rec") == expected


@given(
    st.lists(st.tuples(*[st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=150)] * 2), min_size=1, max_size=9)
)
def test_records_of_a_block_are_those_of_single_pairs(pairs: list[tuple[list[int], list[int]]]) -> None:
    sides = [
        Sentences(
            np.array([word for pair in pairs for word in pair[side]], dtype=np.int32),
            np.array([len(pair[side]) for pair in pairs]),
        )
        for side in (0, 1)
    ]
    assert encode_block(*sides).tobytes() == b"".join(encode(Pair(*pair)) for pair in pairs)
