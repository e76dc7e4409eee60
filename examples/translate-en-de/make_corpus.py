"""Makes corpus.en and corpus.de: real English-German sentence pairs from LibreOffice's translations.

Usage, on Debian or Ubuntu, from this folder (nothing is installed; `dpkg` must be there):

    apt-get download libreoffice-l10n-de
    python make_corpus.py libreoffice-l10n-de_*.deb

The package carries gettext catalogues: English messages of the user interface and their German translations by people.
They are lower-cased and split into words and marks; pairs of 2 to 20 tokens a side stay, each only once.
"""

from __future__ import annotations

import gettext
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
SHORTEST, LONGEST = 2, 20
#: Pairs to keep of the catalogues, and what decides which.
PAIRS, SEED = 12_000, 1
#: A place for a value, as in "%PRODUCTNAME" or "$(ARG1)"; words with inner apostrophes; numbers; any other mark.
TOKEN = re.compile(r"%\w+%?|\$\(?\w+\)?|[^\W\d_]+(?:['\u2019][^\W\d_]+)*|\d+|[^\w\s]")
#: What a translation does not see: accelerator marks and markup.
INVISIBLE = re.compile(r"[_~](?=\w)|<[^<>]*>|\(_\w\)")


def main(package: Path) -> None:
    """Writes both sides of the corpus next to this script."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg-deb", "-x", str(package), folder], check=True)
        catalogues = sorted(Path(folder).rglob("LC_MESSAGES/*.mo"))
        found = sorted({pair for path in catalogues for pair in read_catalogue(path)})
    pairs = random.Random(SEED).sample(found, min(PAIRS, len(found)))  # noqa: S311  no secret
    for side, name in enumerate(("corpus.en", "corpus.de")):
        (HERE / name).write_text("".join(f"{pair[side]}\n" for pair in pairs), encoding="utf-8")
    print(f"{len(catalogues)} catalogues, {len(found)} different pairs, {len(pairs)} kept")


def read_catalogue(path: Path) -> Iterator[tuple[str, str]]:
    """Usable pairs of a compiled catalogue."""
    with path.open("rb") as file:
        messages = vars(gettext.GNUTranslations(file))["_catalog"]
    for key, translation in messages.items():
        # Plural forms have a tuple as key; before the end-of-transmission character stands the message's context.
        message = key[0] if isinstance(key, tuple) else key
        english, german = tokenise(message.rpartition("\x04")[2]), tokenise(translation)
        if usable(english) and usable(german) and english != german:
            yield " ".join(english), " ".join(german)


def tokenise(text: str) -> list[str]:
    """Lower-case words and marks."""
    return TOKEN.findall(INVISIBLE.sub("", text).lower())


def usable(tokens: list[str]) -> bool:
    """Whether this is a short piece of language rather than a symbol or a list of options."""
    words = sum(token[0].isalpha() for token in tokens)
    return SHORTEST <= len(tokens) <= LONGEST and words * 2 >= len(tokens)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
