"""Requests and answers of the public example, byte by byte."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from infra.seq2seq import recordio
from infra.seq2seq.record_pb2 import Record

from .server import JSON, JSONLINES, RECORDIO, Server

pytestmark = pytest.mark.integration


def test_a_ping_is_answered_without_a_body(server: Server) -> None:
    answer = server.request("GET", "/ping")
    assert (answer.status, answer.body) == (200, b"")


def test_batch_transform_learns_how_to_call(server: Server) -> None:
    answer = server.request("GET", "/execution-parameters")
    assert answer.json == {"MaxConcurrentTransforms": 4, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 1}


def test_json_answers_a_batch_in_its_order(server: Server) -> None:
    answer = server.invoke('{"instances": [{"data": "a b c"}, {"data": ""}, {"data": " f  e "}]}')
    assert answer.headers["content-type"] == JSON
    assert answer.body == b'{"predictions": [{"target": "A B C"}, {"target": ""}, {"target": "F E"}]}'


@pytest.mark.parametrize("asked", ["true", '"true"', '"True"'])
def test_the_attention_matrix_comes_where_it_is_asked_for(server: Server, asked: str) -> None:
    configuration = f'{{"attention_matrix": {asked}}}'
    answer = server.invoke(
        f'{{"instances": [{{"data": "a b c", "configuration": {configuration}}}, {{"data": "d e"}}]}}'
    )
    with_matrix, without = answer.json["predictions"]
    assert set(without) == {"target"}
    assert [len(row) for row in with_matrix["matrix"]] == [3] * len(with_matrix["target"].split())
    assert [sum(row) for row in with_matrix["matrix"]] == pytest.approx([1.0] * 3, abs=1e-5)


@pytest.mark.parametrize("declined", ["{}", '{"attention_matrix": false}', '{"attention_matrix": "false"}'])
def test_the_attention_matrix_stays_away_otherwise(server: Server, declined: str) -> None:
    answer = server.invoke(f'{{"instances": [{{"data": "a", "configuration": {declined}}}]}}')
    assert answer.body == b'{"predictions": [{"target": "A"}]}'


def test_no_instance_gives_no_prediction(server: Server) -> None:
    assert server.invoke('{"instances": []}').body == b'{"predictions": []}'


def test_json_lines_give_a_line_for_a_line(server: Server) -> None:
    answer = server.invoke('{"source": "a b"}\n{"source": ""}\r\n{"source": "c"}\n', JSONLINES)
    assert answer.headers["content-type"] == JSONLINES
    assert answer.body == b'{"target": "A B"}\n{"target": ""}\n{"target": "C"}\n'


def _ids(vocabulary: dict[str, int], sentence: str) -> list[int]:
    return [vocabulary.get(word, 1) for word in sentence.split()]


def test_record_requests_and_answers_are_these_bytes(server: Server) -> None:
    # Words 4, 5 and 6 as the public example encodes them, with an empty target beside.
    request = bytes.fromhex("0a23d7ce230000000a110a06736f7572636512073a050a030405060a0e0a0674617267657412043a020a0000")
    answer = server.invoke(request, RECORDIO)
    assert answer.status == 200, answer.body
    (record,) = _records(answer.body)
    target = list(record.features["target"].int32_tensor.values)
    assert len(target) == 3
    assert answer.headers["content-type"] == RECORDIO
    assert answer.body == bytes.fromhex("0a23d7ce130000000a110a0674617267657412073a050a03") + bytes(target) + b"\0"


def _records(body: bytes) -> list[Record]:
    """The messages of an answer, read by their frames alone."""
    stream, found = BytesIO(body), []
    while header := stream.read(8):
        length = int.from_bytes(header[4:], "little")
        found.append(Record.FromString(stream.read(length)))
        stream.read(-length % 4)
    return found


@pytest.mark.parametrize("content_type", [RECORDIO, "applications/x-recordio-protobuf"])
def test_records_are_answered_by_records_as_json_is(server: Server, model_base: Path, content_type: str) -> None:
    folder = model_base / "model"
    source = json.loads((folder / "vocab.src.json").read_text())
    words = {index: word for word, index in json.loads((folder / "vocab.trg.json").read_text()).items()}
    sentences = ["a b c", "", "f e unheard-of d", "b"]
    body = b"".join(recordio.encode(recordio.Pair(_ids(source, sentence), ())) for sentence in sentences)
    answer = server.invoke(body, content_type)
    assert answer.headers["content-type"] == RECORDIO
    found = [record.features["target"].int32_tensor.values for record in _records(answer.body)]
    assert [" ".join(words[index] for index in each) for each in found] == server.targets(*sentences)


def test_unknown_words_translate_somehow_and_what_is_too_long_is_cut(server: Server) -> None:
    # GIVEN a model of max_seq_len_source 12
    long = "a " * 12
    unknown, cut, whole = server.targets("unheard-of", long + "b c d", long)
    # THEN
    assert len(unknown.split()) <= 12
    assert cut == whole
    matrix = server.invoke(
        json.dumps({"instances": [{"data": long + "b", "configuration": {"attention_matrix": True}}]})
    ).json["predictions"][0]["matrix"]
    assert {len(row) for row in matrix} == {12}


@pytest.mark.parametrize(
    ("content_type", "accept"),
    [
        ("application/json; charset=utf-8", "application/json"),
        ("Application/JSON", "*/*"),
        ("application/json", "text/html, application/*;q=0.8"),
        ("application/json", "APPLICATION/JSON;q=0.5, */*;q=0"),
    ],
)
def test_media_types_have_any_case_and_parameters(server: Server, content_type: str, accept: str) -> None:
    answer = server.invoke('{"instances": [{"data": "a"}]}', content_type, Accept=accept)
    assert (answer.status, answer.headers["content-type"]) == (200, JSON)


def test_answers_of_concurrent_requests_go_to_those_who_asked(server: Server) -> None:
    letters = "abcdef"
    asked = [[f"{a} {b}", f"{b} {c} {a}"][: 1 + (i % 2)] for i, (a, b, c) in enumerate(_triples(letters))]
    with ThreadPoolExecutor(16) as pool:
        answered = list(pool.map(lambda sentences: server.targets(*sentences), asked))
    assert answered == [[sentence.upper() for sentence in sentences] for sentences in asked]


def _triples(letters: str) -> list[tuple[str, str, str]]:
    return [(letters[i % 6], letters[(i // 6) % 6], letters[(i * 5 + 1) % 6]) for i in range(48)]


def test_pings_are_answered_while_a_long_translation_runs(server: Server) -> None:
    many = "\n".join('{"source": "a b c d e f a b c d e f"}' for _ in range(1500))
    with ThreadPoolExecutor(1) as pool:
        translating = pool.submit(server.invoke, many, JSONLINES)
        pings = 0
        while not translating.done() and pings < 5:
            assert server.request("GET", "/ping").status == 200
            pings += 1
        small = server.targets("a")
        assert not translating.done()  # a small request does not wait for the large one
        assert small == ["A"]
        assert translating.result().body.count(b"\n") == 1500
