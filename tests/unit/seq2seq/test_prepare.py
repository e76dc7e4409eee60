from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from infra.container import ClientError
from infra.seq2seq.prepare import Options, Prepared, prepare
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
    bad.write_bytes("öffne die\n\xff\n".encode().replace(b"\xc3\xbf", b"\xff"))
    with pytest.raises(ClientError, match=r"/a\.de is not UTF-8 text: invalid start byte at byte 11$"):
        prepare((good, bad), tmp_path / "out")
    bad.write_bytes(b"a\x00b\n")
    with pytest.raises(ClientError, match=r"/a\.de is not text: it has a NUL character at byte 1$"):
        prepare((good, bad), tmp_path / "out")


def test_what_is_interrupted_leaves_nothing_behind_and_what_was_there_untouched(tmp_path: Path) -> None:
    text, out = _write(tmp_path, "a", "a b\n" * 50), tmp_path / "out"
    prepare((text, text), out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    calls: list[int] = []

    def interrupt(done: int, total: int) -> None:
        calls.append(done)
        if done > total / 2:  # while records are written
            raise KeyboardInterrupt

    longer = _write(tmp_path, "b", "c d e\n" * 5000)
    with pytest.raises(KeyboardInterrupt):
        prepare((longer, longer), out, progress=interrupt)
    assert len(calls) > 2
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert {path.name for path in out.iterdir()} == {"train", "validation", "vocab"}


def _one_by_one(sides: list[list[list[str]]], max_words: int, min_count: int) -> dict[str, bytes]:
    """The files as a loop over all lines makes them."""
    lines = [line for line in zip(*sides, strict=True) if all(line)]
    vocabularies = [
        Vocabulary.build((line[side] for line in lines), max_words=max_words, min_count=min_count) for side in (0, 1)
    ]
    records = (encode(Pair(*(vocabularies[side].encode(line[side]) for side in (0, 1)))) for line in lines)
    with TemporaryDirectory() as name:
        for side, vocabulary in zip(("src", "trg"), vocabularies, strict=True):
            vocabulary.save(Path(name) / f"vocab.{side}.json")
        vocabulary_files = {f"vocab/{path.name}": path.read_bytes() for path in Path(name).iterdir()}
    return {"train/train.rec": b"".join(records), **vocabulary_files}


_SPACES = [chr(code) for code in range(0x110000) if chr(code).isspace() and chr(code) != "\n"]
_WORD = st.one_of(
    st.sampled_from(["a", "b", "the", "öffnen", "seventy-seven", "x" * 31, "x" * 32, "x" * 300]),  # often the same
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n"), max_size=12),  # white space as well
    st.text("ab", min_size=6, max_size=34),  # around the sizes of chunks
)
_LINE = st.lists(st.tuples(_WORD, st.sampled_from([*_SPACES, " ", " "])).map("".join), max_size=60).map("".join)
_TEXT = st.lists(st.tuples(_LINE, _LINE), min_size=1, max_size=12)


@given(
    lines=_TEXT,
    last=st.sampled_from(["", "\n", "\r\n"]),
    block=st.integers(1, 40),
    slot_bits=st.integers(1, 6),
    workers=st.integers(1, 4),
    limits=st.tuples(st.integers(1, 9), st.integers(0, 3)),
)
@settings(max_examples=60)
def test_files_are_those_of_a_plain_loop_whatever_the_blocks_caches_and_workers(
    lines: list[tuple[str, str]], last: str, block: int, slot_bits: int, workers: int, limits: tuple[int, int]
) -> None:
    texts = ["\n".join(side) + last for side in zip(*lines, strict=True)]
    split = [[line.split() for line in text.split("\n")] for text in texts]
    if any(len(side) != len(split[0]) or not side[-1] for side in split):  # a last line of nothing is none
        split = [side[: len(lines)] for side in split]
    assume(any(source and target for source, target in zip(*split, strict=True)))
    assume(all(text.rpartition("\n")[2] for text in texts) or last)
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr("infra.seq2seq.tokenized_text._FIRST_BLOCK", 1)
        patch.setattr("infra.seq2seq.tokenized_text._BLOCK", block)
        patch.setattr("infra.seq2seq.word_numbers._SLOT_BITS", slot_bits)
        patch.setattr("infra.seq2seq.parallel_text._LINES", 3)
        folder = Path(name)
        for side, text in enumerate(texts):
            (folder / f"a.{side}").write_bytes(text.encode())
        validation = _write(folder, "v.0", "a\n"), _write(folder, "v.1", "b\n")
        options = Options(max_words=limits[0], min_count=limits[1])
        training = folder / "a.0", folder / "a.1"
        prepare(training, folder / "out", validation=validation, options=options, workers=workers)
        for file, data in _one_by_one(split, *limits).items():
            assert (folder / "out" / file).read_bytes() == data
