"""Records by the block against protobuf's own reading and writing, one at a time."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.container import ClientError
from infra.seq2seq.dataset import Limits, read_pairs
from infra.seq2seq.pair_block import PairBlock
from infra.seq2seq.record_blocks import decode_block, encode_block
from infra.seq2seq.record_pb2 import Record
from infra.seq2seq.recordio import FRAME, Frames, Pair, encode, read_frames, read_stream

_SMALL = st.integers(0, (1 << 28) - 1) | st.integers(0, 300)
_ANY = st.integers(0, (1 << 31) - 1)


def _sentences(ids: st.SearchStrategy[int], least: int = 1) -> st.SearchStrategy[list[int]]:
    return st.lists(ids, min_size=least, max_size=60)


def _pairs(ids: st.SearchStrategy[int], least: int = 1) -> st.SearchStrategy[list[Pair]]:
    return st.lists(st.builds(Pair, _sentences(ids, least), _sentences(ids, least)), min_size=1, max_size=9)


def _single(block: PairBlock) -> list[Pair]:
    sides = [np.split(side.ids, side.lengths.cumsum()[:-1]) for side in block]
    return [Pair(source.tolist(), target.tolist()) for source, target in zip(*sides, strict=True)]


def _frames(records: bytes) -> Frames:
    (frames,) = read_frames(io.BytesIO(records), "train.rec")
    return frames


@settings(max_examples=50)
@given(_pairs(_ANY))
def test_what_a_block_writes_is_what_single_pairs_write(pairs: list[Pair]) -> None:
    assert encode_block(PairBlock.of(pairs)).tobytes() == b"".join(map(encode, pairs))


@settings(max_examples=50)
@given(_pairs(_SMALL))
def test_what_is_written_is_read_back_without_protobuf(pairs: list[Pair]) -> None:
    block = decode_block(_frames(b"".join(map(encode, pairs))))
    assert block is not None
    assert _single(block) == pairs


def _read(data: bytes, limits: Limits) -> tuple[list[Pair], str]:
    """Pairs of a file and how it ended."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "train.rec"
        path.write_bytes(data)
        pairs: list[Pair] = []
        try:
            for block in read_pairs([path], limits):
                pairs += _single(block) if block.size else []
        except ClientError as error:
            return pairs, str(error).replace(str(path), "train.rec")
        return pairs, "ok"


def _expected(data: bytes, limits: Limits) -> tuple[list[Pair], str]:
    """The same one by one, as protobuf reads them; ids are not checked."""
    pairs = []
    try:
        for _, pair in read_stream(io.BytesIO(data), "train.rec"):
            if pair.source and pair.target:
                pairs.append(Pair(list(pair.source)[: limits.max_source], list(pair.target)[: limits.max_target]))
    except ClientError as error:
        return pairs, str(error)
    return pairs, "ok"


_NO_LIMITS = Limits(1 << 31, 1 << 31, 1 << 31, 1 << 31)


@given(_pairs(_ANY, least=0), st.data())
def test_damaged_records_are_read_as_protobuf_reads_them(pairs: list[Pair], data: st.DataObject) -> None:
    records = bytearray(b"".join(map(encode, pairs)))
    for _ in range(data.draw(st.integers(0, 2))):
        records[data.draw(st.integers(0, len(records) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(records[: data.draw(st.integers(0, len(records)))])
    found, expected = _read(cut, _NO_LIMITS), _expected(cut, _NO_LIMITS)
    if "has the word id -" not in found[1]:  # protobuf alone takes negative numbers as words
        assert found == expected


@settings(max_examples=50)
@given(_pairs(_SMALL), st.integers(1, 9), st.integers(1, 9))
def test_sentences_are_cut_to_their_limits(pairs: list[Pair], max_source: int, max_target: int) -> None:
    limits = Limits(1 << 28, 1 << 28, max_source, max_target)
    records = b"".join(map(encode, pairs))
    assert _read(records, limits) == _expected(records, limits)


def _other_order(pair: Pair) -> bytes:
    """A record whose target comes first, with a shape, as other tools may write it."""
    record, target = Record(), Record()
    for message, name, words in ((record, "source", pair.source), (target, "target", pair.target)):
        message.features[name].int32_tensor.values.extend(words)
        message.features[name].int32_tensor.shape.append(len(words))
    body = target.SerializeToString() + record.SerializeToString()
    return encode(pair)[:4] + len(body).to_bytes(4, "little") + body + bytes(-len(body) % 4)


def test_records_of_other_tools_are_read_as_well() -> None:
    pairs = [Pair([4, 5, 300], [7, 8]), Pair([9], [10])]
    records = b"".join(map(_other_order, pairs)) + encode(pairs[0])
    assert decode_block(_frames(records)) is None
    assert _read(records, _NO_LIMITS) == ([*pairs, pairs[0]], "ok")


@pytest.mark.parametrize(
    ("pair", "name", "wrong", "words"),
    [
        (Pair([4, 100], [5]), "source", 100, 100),
        (Pair([4], [5, 50]), "target", 50, 50),
        (Pair([101], [51]), "source", 101, 100),  # both: the source is said
        (Pair([1 << 30], [5]), "source", 1 << 30, 100),
        (Pair([-1], [5]), "source", -1, 100),
        (Pair([4], [-7]), "target", -7, 50),
    ],
)
def test_the_first_word_id_outside_the_vocabulary_is_named(pair: Pair, name: str, wrong: int, words: int) -> None:
    good = encode(Pair([99, 4], [49]))
    found = _read(good * 3 + encode(pair) + encode(Pair([999], [999])), Limits(100, 50, 60, 60))
    assert found[1] == (
        f"train.rec: the {name} of the record at byte {3 * len(good)} has the word id {wrong}, but the vocabulary has "
        f"the ids 0 to {words - 1}; prepare records and vocabularies together"
    )


def test_large_records_and_blocks_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [Pair([4 + number] * (1 + number * 37 % 200), [5] * (1 + number % 7)) for number in range(300)]
    pairs.append(Pair(list(range(20_000)), [1 << 27] * 9_000))  # lengths of three bytes
    records = b"".join(map(encode, pairs))
    assert encode_block(PairBlock.of(pairs)).tobytes() == records
    for size in (FRAME, 100, 1000):
        monkeypatch.setattr("infra.seq2seq.recordio._BUFFER", size)
        assert _read(records, _NO_LIMITS) == (pairs, "ok")
