"""Draw `docs/architecture.svg` from the table of tools/layering.py: `python tools/draw_architecture.py [root]`."""

import sys
from html import escape
from pathlib import Path

from layering import ARROWS, GROUNDED_ARROWS, ROWS

# What each unit of the table is, in few words.
WORDS = {
    "__init__": "the public names",
    "__main__": "python -m tricera",
    "activations": "relu ... softmax",
    "alias": "import keras",
    "applications": "known networks",
    "arguments": "what they may be",
    "backend": "keras.backend",
    "callbacks": "what happens in between",
    "config": "floatx, epsilon",
    "constraints": "MaxNorm ...",
    "data": "data sets, batches made ahead",
    "datasets": "mnist ... digits",
    "distillation": "students and teachers",
    "dtype_policies": "which layer computes in what",
    "engine": "variables, scope, graph, Layer, pure functions",
    "errors": "the one form of messages",
    "expressions": "regular ones, in linear time",
    "initializers": "first weights",
    "kernels": "the few heavy operations, lowered as the device likes it",
    "layers": "each layer is its formula",
    "legacy": "Keras 1 and 2",
    "losses": "functions of targets and outputs",
    "machine": "what XLA must be told",
    "metrics": "sums over batches",
    "mixed_precision": "keras.mixed_precision",
    "disk": "files that are whole",
    "model_selection": "cross-validation",
    "wrappers": "estimators of scikit-learn",
    "models": "Sequential, functional, subclassed",
    "ops": "keras.ops, on arrays and symbolic tensors",
    "optimizers": "one update rule each",
    "preprocessing": "text, images",
    "quantizers": "weights of 8 bits",
    "random": "keras.random",
    "regularizers": "L1, L2 ...",
    "saving": "models in files: .keras, .h5",
    "export": "StableHLO, ONNX",
    "train": "data, plan, steps, programs: fit, evaluate, predict",
    "tree": "keras.tree",
    "transform": "whole models",
    "utils": "files, seeds",
    "visualization": "curves, pictures",
}
WIDTH, LEFT, TOP, BOX, STEP, GAP = 1120, 70, 16, 46, 60, 10
INK, SOFT, LINE = "#1b1b1b", "#555555", "#0072B2"
SHADES = {"train": "#fde7d3", "engine": "#fde7d3", "kernels": "#fde7d3"}  # where the speed is made
STYLE = 'font-family="Helvetica, Arial, sans-serif"'


def box(unit: str, x: float, y: float, width: float, is_built: bool) -> str:
    """One unit: solid if it stands, dashed if it is planned."""
    middle = x + width / 2
    line = "" if is_built else ' stroke-dasharray="5 4"'
    shade = SHADES.get(unit, "#e8f1f8") if is_built else "#ffffff"
    return (
        f'<rect x="{x:g}" y="{y}" width="{width:g}" height="{BOX}" rx="6" fill="{shade}" stroke="{LINE}"{line}/>\n'
        f'<text x="{middle:g}" y="{y + 20}" font-size="14" font-weight="bold" fill="{INK}">{unit}</text>\n'
        f'<text x="{middle:g}" y="{y + 37}" font-size="11" fill="{SOFT}">{escape(WORDS.get(unit, ""))}</text>'
    )


def row(units: list[str], y: int, built: set[str]) -> list[str]:
    """The boxes of one row, as wide as their words, together as wide as the house."""
    lengths = [max(len(WORDS.get(unit, "")), 1.3 * len(unit), 14) for unit in units]
    room = WIDTH - LEFT - TOP - GAP * (len(units) - 1)
    x, boxes = float(LEFT), []
    for unit, length in zip(units, lengths, strict=True):
        width = round(room * length / sum(lengths), 1)
        boxes.append(box(unit, x, y, width, unit in built))
        x += width + GAP
    return boxes


def text(words: str, x: float, y: float) -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="12" text-anchor="start" fill="{SOFT}">{escape(words)}</text>'


def arrow(x: float, bottom: int) -> list[str]:
    """The way that imports point, beside the rows."""
    turned = f'transform="translate({x - 10:g} {bottom / 2:g}) rotate(-90)"'
    return [
        f'<path d="M{x:g} {TOP + 8} V{bottom - 34}" stroke="{SOFT}" stroke-width="2"/>',
        f'<path d="M{x - 6:g} {bottom - 36} L{x:g} {bottom - 22} L{x + 6:g} {bottom - 36} Z" fill="{SOFT}"/>',
        f'<text {turned} font-size="13" fill="{SOFT}">imports point down</text>',
    ]


def sideways() -> str:
    """The arrows within a row, in words."""
    arrows = {**ARROWS, **GROUNDED_ARROWS}
    shown = (f"{source} → {target}" for source, to in arrows.items() if "__" not in source for target in sorted(to))
    return "Within a row only: " + ", ".join(arrow for arrow in shown if "__init__" not in arrow)


def units_in(source: Path) -> set[str]:
    """The units that stand in the package."""
    return {path.stem for path in source.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}


def draw(root: Path) -> str:
    """The picture of the house as SVG."""
    built = units_in(root / "src/tricera")
    rows = [line.split() for line in reversed(ROWS)]
    bottom = TOP + STEP * len(rows)
    parts = [part for i, units in enumerate(rows) for part in row(units, TOP + STEP * i, built)]
    captions = (
        "Each box may import what stands in the rows below it. " + sideways() + ".",
        "Shaded warm: where speed is made. Dashed: planned, not yet there.",
    )
    parts += arrow(LEFT / 2, bottom)
    parts += [text(caption, LEFT, bottom + 8 + 18 * i) for i, caption in enumerate(captions)]
    height = bottom + 40
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {STYLE} text-anchor="middle">\n'
        "<title>Tricera's house: which part may import which</title>\n"
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    )
    return "\n".join([head, *parts, "</svg>", ""])


def main(root: Path) -> None:
    (root / "docs/architecture.svg").write_text(draw(root))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]))
