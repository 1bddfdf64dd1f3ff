"""One page of HTML that needs nothing from outside: pictures stand in it, and no script runs."""

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tricera.utils import pictures

_STYLE = """
body { font: 16px/1.5 Georgia, "Times New Roman", serif; color: #1b1b1b; background: #fff; margin: 0 auto;
  max-width: 62rem; padding: 2rem 1.5rem 4rem; }
h1 { font-size: 2rem; margin: 0; } h2 { font-size: 1.3rem; margin: 2.5rem 0 .6rem; border-bottom: 1px solid #ccc; }
p.lead { font-size: 1.15rem; margin: .3rem 0 0; } p.small { color: #555; font-size: .9rem; }
table { border-collapse: collapse; font: 14px/1.4 "DejaVu Sans", Arial, sans-serif; margin: .6rem 0; }
th, td { padding: .22rem .8rem .22rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #e4e4e4; }
th { border-bottom: 1px solid #888; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: .6rem 0; } img { max-width: 100%; height: auto; }
figure.tall { max-height: 44rem; overflow: auto; border: 1px solid #ddd; padding: .6rem; text-align: center; }
figure.tall img { max-width: none; }
ul.notes li { margin: .3rem 0; }
@media print { body { max-width: none; padding: 0; } figure.tall { max-height: none; overflow: visible; } }
"""
# What the browser is told: whatever the page holds, nothing is fetched and nothing is run.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class Page:
    """A page under way: each method adds to its end.

    Args:
        title: the heading.
        lead: one sentence under it.
    """

    def __init__(self, title: str, lead: str = ""):
        self._title = title
        self._parts = [f"<h1>{html.escape(title)}</h1>"]
        if lead:
            self._parts.append(f'<p class="lead">{html.escape(lead)}</p>')

    def heading(self, text: str) -> None:
        """Begin a part of the page."""
        self._parts.append(f"<h2>{html.escape(text)}</h2>")

    def text(self, text: str) -> None:
        """A sentence in small letters."""
        self._parts.append(f'<p class="small">{html.escape(text)}</p>')

    def notes(self, lines: Iterable[str]) -> None:
        """A list of sentences."""
        items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
        self._parts.append(f'<ul class="notes">{items}</ul>')

    def table(self, rows: Sequence[Sequence[Any]], titles: Sequence[str] = ()) -> None:
        """Rows of values; columns of numbers stand at the right."""
        number = [all(_is_number(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
        head = "".join(_cell("th", title, is_number) for title, is_number in zip(titles, number, strict=bool(titles)))
        body = (
            "<tr>"
            + "".join(_cell("td", value, is_number) for value, is_number in zip(row, number, strict=True))
            + "</tr>"
            for row in rows
        )
        head = f"<thead><tr>{head}</tr></thead>" if titles else ""
        self._parts.append(f"<table>{head}<tbody>{''.join(body)}</tbody></table>")

    def facts(self, facts: Mapping[str, Any]) -> None:
        """A table of names and what holds for them."""
        self.table([(name, str(value)) for name, value in facts.items()])

    def picture(self, figure: Any, said: str, format: str = "svg", tall: bool = False) -> None:
        """A figure of Matplotlib.

        Args:
            said: what readers hear who cannot see it.
            format: "png" for photos, "svg" for lines.
            tall: whether it may be larger than the page, which then scrolls.
        """
        content = base64.b64encode(pictures.as_bytes(figure, format, 110)).decode()
        kind = "image/svg+xml" if format == "svg" else f"image/{format}"
        width = f' width="{figure.get_size_inches()[0] * 96:.0f}"'
        image = f'<img alt="{html.escape(said)}"{width} src="data:{kind};base64,{content}">'
        self._parts.append(f"<figure{' class=tall' if tall else ''}>{image}</figure>")

    def __str__(self) -> str:
        head = (
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            f'<meta name="viewport" content="width=device-width">\n'
            f"<title>{html.escape(self._title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        )
        return head + "<body>\n" + "\n".join(self._parts) + "\n</body>\n</html>\n"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(tag: str, value: Any, is_number: bool) -> str:
    shown = (
        f"{value:,}" if isinstance(value, int) and is_number else f"{value:.3f}" if isinstance(value, float) else value
    )
    return f"<{tag}{' class=number' if is_number else ''}>{html.escape(str(shown))}</{tag}>"
