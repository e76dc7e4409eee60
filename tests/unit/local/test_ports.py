from __future__ import annotations

import socket

import pytest

from infra.local.errors import LocalError
from infra.local.ports import RANGE, choose_port


def free_port() -> int:
    return choose_port(None, remembered=None, taken=())


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(LocalError) as caught:
            choose_port(port, remembered=None, taken=())
    assert str(caught.value) == f"port {port} of 127.0.0.1 is in use: end what uses it, or choose another port"


@pytest.mark.parametrize("port", [0, -1, 65536, 99999])
def test_numbers_that_are_no_port_are_refused(port: int) -> None:
    with pytest.raises(LocalError) as caught:
        choose_port(port, remembered=None, taken=())
    assert str(caught.value) == f"a port must be from 1 to 65535, got {port}"


def test_the_remembered_port_is_taken_again_where_it_is_free() -> None:
    port = free_port()
    assert choose_port(None, remembered=port, taken=()) == port
    assert choose_port(None, remembered=port, taken=[port]) != port
    with socket.create_server(("127.0.0.1", port)):
        assert choose_port(None, remembered=port, taken=()) in RANGE
        assert choose_port(None, remembered=port, taken=()) != port


def test_two_parts_cannot_have_one_port() -> None:
    port = free_port()
    with pytest.raises(LocalError, match=f"^port {port} of 127.0.0.1 is in use"):
        choose_port(port, remembered=None, taken=[port])
