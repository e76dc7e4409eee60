"""What is wrong with a request is said in its answer, in so many words, and the server goes on."""

from __future__ import annotations

import gzip
import json
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.seq2seq import recordio

from .server import JSON, JSONLINES, RECORDIO, Server

pytestmark = pytest.mark.integration

_TYPES = "application/json, application/x-recordio-protobuf, application/jsonlines"
_WHOLE = recordio.encode(recordio.Pair([4, 5], ()))
_PACKED = gzip.compress(_WHOLE, mtime=0)


def _framed(message: bytes) -> bytes:
    return b"\x0a\x23\xd7\xce" + len(message).to_bytes(4, "little") + message + bytes(-len(message) % 4)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "the body is empty: send at least one sentence"),
        (b"{", "the body is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b'{"instances": "\xff"}', "the body is not UTF-8: byte 0xff at position 15"),
        (b"[" * 100_000, "the body is not JSON that can be read: it is nested too deeply"),
        (b"[]", "the body must be an object with a list 'instances', but got a list"),
        (b"3", "the body must be an object with a list 'instances', but got 3"),
        (b"{}", "the body must be an object with a list 'instances', but got an object without it"),
        (
            b'{"instances": {}}',
            "the body must be an object with a list 'instances', but got an object without it",
        ),
        (b'{"instances": ["a"]}', "instances[0] must be an object with 'data', but got 'a'"),
        (b'{"instances": [{"data": "a"}, {}]}', "instances[1] has no 'data', the words of a sentence split by spaces"),
        (
            b'{"instances": [{"data": ["a"]}]}',
            "instances[0].data must be a string of words split by spaces, but got a list",
        ),
        (
            b'{"instances": [{"data": "a", "configuration": true}]}',
            "instances[0].configuration must be an object, but got True",
        ),
        (
            b'{"instances": [{"data": "a", "configuration": {"attention_matrix": "yes"}}]}',
            "instances[0].configuration.attention_matrix must be true or false, but got 'yes'",
        ),
        (
            b'{"instances": [{"data": "a", "configuration": {"attention_matrix": 1}}]}',
            "instances[0].configuration.attention_matrix must be true or false, but got 1",
        ),
    ],
)
def test_json_that_is_no_request(server: Server, body: bytes, error: str) -> None:
    answer = server.invoke(body)
    assert (answer.status, answer.json) == (400, {"error": error})


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"source": "a"}\nb\n', "line 2 is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b'{"source": "a"}\n\n{"source": "a"}', "line 2 is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b'{"target": "a"}', "line 1 must be an object with 'source', but got an object without it"),
        (b'"a"', "line 1 must be an object with 'source', but got 'a'"),
        (b'{"source": 5}', "line 1: source must be a string of words split by spaces, but got 5"),
    ],
)
def test_lines_that_are_no_request(server: Server, body: bytes, error: str) -> None:
    answer = server.invoke(body, JSONLINES)
    assert (answer.status, answer.json) == (400, {"error": error})


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"a b c", "the body must start with the magic number 0xCED7230A of recordio, little-endian"),
        (_PACKED, "the body must start with the magic number 0xCED7230A of recordio, little-endian"),
        (
            _WHOLE[:-1],
            "the body is truncated: the record at byte 0 needs 28 bytes, but only 27 of them are there; send "
            "whole records, one after the other",
        ),
        (
            _WHOLE + b"\x00" * 8,
            "the body is corrupt at byte 28: a record starts with the magic number 0xCED7230A and a length, but got "
            "0x00000000 and 0; send whole records, one after the other",
        ),
        (
            _framed(b"\xff"),
            "the body is corrupt at byte 0: not a Record message (Error parsing message with type "
            "'aialgs.data.Record': Wire format was corrupt)",
        ),
        (_framed(b""), "the body: the record at byte 0 has no feature 'source'; it has none"),
        (
            _WHOLE + recordio.encode(recordio.Pair([5, 10], ())),
            "the record at byte 28 has the word id 10, but the source vocabulary has the ids 0 to 9; an unknown word "
            "is 1",
        ),
        (
            recordio.encode(recordio.Pair([-1], ())),
            "the record at byte 0 has the word id -1, but the source vocabulary has the ids 0 to 9; an unknown word "
            "is 1",
        ),
    ],
)
def test_records_that_are_no_request(server: Server, body: bytes, error: str) -> None:
    answer = server.invoke(body, RECORDIO)
    assert (answer.status, answer.json) == (400, {"error": error})


@pytest.mark.parametrize(
    ("headers", "status", "error"),
    [
        ({"Content_Type": "text/csv"}, 415, f"Content-Type must be one of {_TYPES}, but got text/csv"),
        ({}, 415, f"Content-Type must be one of {_TYPES}, but got none"),
        (
            {"Content_Type": JSON, "Accept": "text/csv"},
            406,
            "Accept must allow application/json, the type of the request, but got text/csv",
        ),
        (
            {"Content_Type": JSONLINES, "Accept": "application/jsonlines;q=0, */*"},
            406,
            "Accept must allow application/jsonlines, the type of the request, but got application/jsonlines;q=0, */*",
        ),
        (
            {"Content_Type": JSON, "Content_Encoding": "gzip"},
            415,
            "Content-Encoding must be identity: send the body as it is, not by gzip",
        ),
    ],
)
def test_headers_that_do_not_fit(server: Server, headers: dict[str, str], status: int, error: str) -> None:
    answer = server.request("POST", "/invocations", b"{}", **headers)
    assert (answer.status, answer.json) == (status, {"error": error})


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [("GET", "/invocations", 405, "method not allowed"), ("GET", "/", 404, "not found")],
)
def test_other_places(server: Server, method: str, path: str, status: int, detail: str) -> None:
    answer = server.request(method, path)
    assert (answer.status, answer.json) == (
        status,
        {"error": f"{method} {path}: {detail}; there are GET /ping and POST /invocations"},
    )


def test_a_body_that_is_too_large(server: Server) -> None:
    answer = server.invoke(b" " * (3 << 20))
    error = "the body must have at most 1 MiB; send the sentences in several requests"
    assert (answer.status, answer.json) == (413, {"error": error})


def test_a_client_that_hangs_up_harms_nobody(server: Server) -> None:
    head = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
    for rest in (b"100\r\n\r\n{", b'34\r\n\r\n{"instances": [{"data": "a b c"}]}'):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(head + rest)
    assert server.targets("a b") == ["A B"]


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_KEYS = st.sampled_from(["data", "configuration"])
_FLAT = _SCALARS | st.lists(_SCALARS, max_size=3) | st.dictionaries(_KEYS, _SCALARS)
_VALUES = _FLAT | st.lists(_FLAT, max_size=3) | st.dictionaries(_KEYS, _FLAT)
_JSON_BODIES = st.one_of(
    _VALUES, st.fixed_dictionaries({"instances": st.lists(_VALUES | st.fixed_dictionaries({"data": _VALUES}))})
).map(lambda value: json.dumps(value).encode())
_RECORD_BODIES = st.one_of(
    st.binary(max_size=40).map(_framed),
    st.lists(st.integers(-(2**31), 2**31 - 1), max_size=4).map(lambda ids: recordio.encode(recordio.Pair(ids, ()))),
    st.tuples(st.integers(0, 27), st.integers(0, 255)).map(
        lambda change: _WHOLE[: change[0]] + bytes([change[1]]) + _WHOLE[change[0] + 1 :]
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(st.binary(max_size=60), _JSON_BODIES, _RECORD_BODIES),
    content_type=st.sampled_from([JSON, JSONLINES, RECORDIO]),
)
def test_no_body_is_an_error_of_the_server(server: Server, body: bytes, content_type: str) -> None:
    answer = server.invoke(body, content_type)
    assert answer.status in (200, 400)
    if answer.status == 400:
        assert answer.json["error"]
