import contextlib
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.container import ClientError
from infra.seq2seq.record_pb2 import Record
from infra.seq2seq.recordio import Pair, encode, framed, read_file, read_stream

_IDS = st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=8)
_PAIRS = st.lists(st.builds(Pair, _IDS, _IDS), max_size=5)


def _read(data: bytes) -> list[tuple[int, list[int], list[int]]]:
    stream = read_stream(io.BytesIO(data), "train.rec")
    return [(offset, list(pair.source), list(pair.target)) for offset, pair in stream]


def test_a_record_has_the_bytes_that_the_sdk_would_write() -> None:
    message = bytes.fromhex("0a120a06736f7572636512083a060a040405ac020a100a0674617267657412063a040a020708")
    # 38 bytes of message, two of padding
    assert encode(Pair([4, 5, 300], [7, 8])) == bytes.fromhex("0a23d7ce26000000") + message + b"\0\0"


@given(_PAIRS)
def test_what_is_written_is_read_with_its_offsets(pairs: list[Pair]) -> None:
    records = [encode(pair) for pair in pairs]
    offsets = [sum(map(len, records[:index])) for index in range(len(records))]
    expected = [(offset, list(pair.source), list(pair.target)) for offset, pair in zip(offsets, pairs, strict=True)]
    assert _read(b"".join(records)) == expected
    assert _read(gzip.compress(b"".join(records))) == expected


def test_a_file_cut_at_any_byte_is_an_error_that_names_file_and_offset() -> None:
    first, second = encode(Pair([4, 5, 300], [7, 8])), encode(Pair([9], [10]))
    for cut in range(1, len(first) + len(second)):
        if cut == len(first):
            continue  # a whole file of one record
        start = 0 if cut < len(first) else len(first)
        with pytest.raises(ClientError) as error:
            _read((first + second)[:cut])
        assert str(error.value).startswith(f"train.rec is truncated: the record at byte {start} needs ")
        assert str(error.value).endswith(" of them are there; upload the file again")


def test_a_compressed_file_cut_short_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "train.rec.gz"
    path.write_bytes(gzip.compress(encode(Pair([4], [5])) * 100)[:-9])
    with pytest.raises(ClientError, match=r"train\.rec\.gz is not a whole gzip file: .*; compress and upload it again"):
        list(read_file(path))


@given(st.data())
def test_a_compressed_file_with_a_wrong_byte_is_an_error_or_reads_the_same(data: st.DataObject) -> None:
    records = b"".join(encode(Pair([4, number % 300], [5, number % 7])) for number in range(200))
    whole = bytearray(gzip.compress(records, mtime=0))
    whole[data.draw(st.integers(2, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ClientError):
        assert _read(bytes(whole)) == _read(records)


def test_word_ids_of_another_type_are_an_error_and_no_empty_sentence() -> None:
    message = Record.FromString(encode(Pair([4], [5]))[8:].rstrip(b"\0"))
    message.features["target"].float32_tensor.values.extend([5.0])
    with pytest.raises(ClientError) as error:
        _read(encode(Pair([4], [5])) + framed(message))
    assert str(error.value) == (
        "train.rec: the feature 'target' of the record at byte 44 must be an int32_tensor of word ids, but got "
        "float32_tensor"
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            encode(Pair([4], [5])) + b"not a record",
            "train.rec is corrupt at byte 44: a record starts with the magic number 0xCED7230A and a length, "
            "but got 0x20746F6E and 1701978209; upload the file again",
        ),
        (
            bytes.fromhex("0a23d7ce04000000ffffffff"),
            "train.rec is corrupt at byte 0: not a Record message "
            "(Error parsing message with type 'aialgs.data.Record': Wire format was corrupt)",
        ),
        (
            bytes.fromhex("0a23d7ce00000000"),
            "train.rec: the record at byte 0 has no feature 'source'; it has none",
        ),
        (
            encode(Pair([4], [5])).replace(b"source", b"\x80ource"),
            "train.rec: the record at byte 0 has no feature 'source'; it has ['target', b'\\x80ource']",
        ),
    ],
)
def test_a_corrupt_record_is_an_error_that_names_file_and_offset(data: bytes, message: str) -> None:
    with pytest.raises(ClientError) as error:
        _read(data)
    assert str(error.value) == message


@given(st.binary(min_size=1, max_size=40))
def test_any_bytes_are_read_or_are_a_client_error(data: bytes) -> None:
    with contextlib.suppress(ClientError):
        _read(data)
