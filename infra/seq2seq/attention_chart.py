"""Attention as a picture: for each translation a grid, a row for each target word and a column for each source word."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infra.container import ClientError

from .translator import Translation

_CELL = 34  # pixels
_PNG_SCALE = 2
_NO_CHARACTER = "\ufdd0"  # Unicode will never give it a meaning


def check(path: Path) -> None:
    """Says whether a picture can be written there, before the work that is to be shown by it.

    Args:
        path: See :func:`write`.

    Raises:
        ClientError: The file has another ending, its folder or the chart libraries are missing.
    """
    if path.suffix not in (".png", ".html"):
        raise ClientError(f"the attention picture must be a .png or .html file, but got {path}")
    if not path.parent.is_dir():
        raise ClientError(f"the attention picture {path} has no folder: make {path.parent} first")
    try:
        import altair  # noqa: F401
        import vl_convert  # noqa: F401
    except ImportError as error:
        raise ClientError(
            f"the attention picture needs {error.name}: install it with pip install 'cdk-tuning[report]'"
        ) from error


def write(path: Path, translations: Sequence[Translation]) -> None:
    """Writes the attention of some translations, one below the other.

    Args:
        path: Ends in .png, or in .html for a page that needs no network and shows each weight under the pointer.
        translations: Those without words are left out.

    Raises:
        ClientError: There is nothing to show, or see :func:`check`.
    """
    check(path)
    shown = [translation for translation in translations if translation.attention]
    if not shown:
        raise ClientError("there is no attention to show: no sentence has a translation with words")
    import altair
    import vl_convert

    specification = json.dumps(chart(shown))
    version = ".".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    if path.suffix == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(specification, vl_version=version, scale=_PNG_SCALE))
    else:
        # The page has the specification in a script, where a word such as </script> would end it. vl_convert undoes
        # JSON's own escapes, so another character stands for < until the page is made.
        hidden = specification.replace("<", _NO_CHARACTER)
        page = vl_convert.vegalite_to_html(hidden, vl_version=version, bundle=True)
        path.write_text(page.replace(_NO_CHARACTER, "\\u003c"), encoding="utf-8")


def chart(translations: Sequence[Translation]) -> dict[str, Any]:
    """The Vega-Lite specification."""
    import altair as alt

    grids = [_grid(translation) for translation in translations]
    specification: dict[str, Any] = (
        alt.vconcat(*grids, spacing=40).configure_view(stroke=None).configure_axis(labelFontSize=13).to_dict()
    )
    return specification


def _grid(translation: Translation) -> Any:
    import altair as alt

    # As many source words as were read; the same word may come twice, so places are drawn and words are their labels.
    source = translation.source.split()[: len(translation.attention[0])]
    target = translation.target.split()
    cells = [
        {"row": row, "column": column, "source": source[column], "target": target[row], "weight": weight}
        for row, weights in enumerate(translation.attention)
        for column, weight in enumerate(weights)
    ]
    return (
        alt.Chart(alt.InlineData(cells))
        .mark_rect(stroke="white")
        .encode(
            x=alt.X("column:O", title="source", axis=_axis(source, orient="top", labelAngle=-45)),
            y=alt.Y("row:O", title="target", axis=_axis(target, orient="left")),
            color=alt.Color(
                "weight:Q", title="attention", scale=alt.Scale(domain=[0, 1], range=["#f7fbff", "#08306b"])
            ),
            tooltip=["source:N", "target:N", alt.Tooltip("weight:Q", format=".3f")],
        )
        .properties(width=_CELL * len(source), height=_CELL * len(target))
    )


def _axis(words: Sequence[str], **options: Any) -> Any:
    import altair as alt

    # A JSON list of strings is a list in Vega's expressions as well.
    return alt.Axis(labelExpr=f"{json.dumps(list(words))}[datum.value]", domain=False, ticks=False, **options)
