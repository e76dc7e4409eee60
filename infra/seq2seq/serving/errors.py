"""What the server answers when it cannot do what a request asks."""

from __future__ import annotations


class RequestError(Exception):
    """A request that gets an error for an answer: an HTTP status and a message that says what to change."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
