"""Charts as SVG: lines over one axis, told at their ends, the same bytes for the same figures."""

import io
import math
from collections.abc import Mapping, Sequence

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

WIDTH, HEIGHT = 7.4, 4.0
INK, RULE = "#3b3b3b", "#d9d9d9"
COLOURS = ("#1f5fa8", "#c2571a", "#2b7f4f", "#7a4ea3")
LEAST_APART = 0.065
"""Of the height: how far two lines' names stand apart at least."""

STEEP = 100
"""So many times the least of figures is the greatest where a scale of powers shows them best."""

STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "fieldstone",
    "font.family": "sans-serif",
    "font.size": 10.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": RULE,
    "xtick.color": INK,
    "ytick.color": INK,
}


def draw(title: str, across: str, places: Sequence[int], lines: Mapping[str, Sequence[float]], *, powers: bool) -> str:
    """Returns a chart of lines over places, with `powers` on a scale of powers, and so the figures where they are steep."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, HEIGHT))
        axes = figure.add_axes((0.125, 0.14, 0.55, 0.7))
        figures = [value for values in lines.values() for value in values]
        if powers:
            axes.set_xscale("log")
        if powers and max(figures) > STEEP * min(figures):
            axes.set_yscale("log")
            axes.set_ylim(10 ** math.floor(math.log10(min(figures))), 10 ** math.ceil(math.log10(max(figures))))
        else:
            axes.set_ylim(0, max(figures) * 1.08)
        figure.text(0.012, 0.94, title, fontsize=12, fontweight="bold")
        figure.text(0.012, 0.875, "CPU µs per request")
        axes.set_xlabel(across)
        axes.set_xticks(places, [f"{place:,}" for place in places])
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(which="both", length=0)
        axes.grid(axis="y", color=RULE, linewidth=0.8)
        axes.spines[["top", "right", "left"]].set_visible(False)
        for colour, (name, values) in zip(COLOURS, lines.items(), strict=False):
            axes.plot(places, values, color=colour, linewidth=2, marker="o", markersize=5, label=name)
        to_axes = axes.transData + axes.transAxes.inverted()
        ends = {name: to_axes.transform((places[-1], values[-1]))[1] for name, values in lines.items()}
        for (name, height), colour in zip(apart(ends).items(), COLOURS, strict=False):
            axes.text(
                1.03, height, f"{name}: {lines[name][-1]:,.0f}", transform=axes.transAxes, color=colour, va="center"
            )
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    return written.getvalue()


def apart(heights: Mapping[str, float]) -> dict[str, float]:
    """Returns heights in the same order from low to high, moved up where two are too near."""
    placed: dict[str, float] = {}
    least = float("-inf")
    for name in sorted(heights, key=heights.__getitem__):
        least = placed[name] = max(heights[name], least + LEAST_APART)
    return {name: placed[name] for name in heights}
