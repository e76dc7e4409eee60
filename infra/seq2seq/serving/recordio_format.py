"""``application/x-recordio-protobuf``: word ids in ``features["source"]``, answered by those in ``features["target"]``.

For much data: nothing has to be split or looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from infra.container import ClientError

from ..record_pb2 import Record
from ..recordio import MAGIC, framed, read_stream
from ..search import Hypothesis
from ..translator import Translator
from .format import Sentence, bad_request

_WHOLE = "send whole records, one after the other"


class RecordIoFormat:
    """A record in, a record out."""

    media_type = "application/x-recordio-protobuf"

    def read(self, body: bytes, translator: Translator) -> list[Sentence]:
        """A sentence for each record; unknown words have the id 1."""
        # read_stream takes compressed files as well, and a small request could be very much data so.
        if not MAGIC.to_bytes(4, "little").startswith(body[:4]):
            raise bad_request(f"the body must start with the magic number 0x{MAGIC:08X} of recordio, little-endian")
        try:
            records = [(offset, pair.source) for offset, pair in read_stream(BytesIO(body), "the body", remedy=_WHOLE)]
        except (ClientError, UnicodeDecodeError) as error:
            raise bad_request(str(error)) from error
        words = translator.source_words
        for offset, source in records:
            wrong = next((word for word in source if not 0 <= word < words), None)
            if wrong is not None:
                raise bad_request(
                    f"the record at byte {offset} has the word id {wrong}, but the source vocabulary has the ids 0 to "
                    f"{words - 1}; an unknown word is 1"
                )
        return [Sentence(source) for _, source in records]

    def write(self, sentences: Sequence[Sentence], found: Sequence[Hypothesis], translator: Translator) -> bytes:
        """A record for each sentence."""
        return b"".join(_record(best.words) for best in found)


def _record(words: Sequence[int]) -> bytes:
    message = Record()
    message.features["target"].int32_tensor.values.extend(words)
    return framed(message)
