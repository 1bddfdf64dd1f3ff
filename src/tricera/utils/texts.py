"""Data sets of the texts in folders that are their classes."""

from tricera.errors import report
from tricera.utils.image.files import one_of
from tricera.utils.labelled import labelled_files
from tricera.utils.samples import FORMATS, samples_of


def text_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    batch_size=32,
    max_length=None,
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    follow_links=False,
    format="tf",
    verbose=True,
):
    """A `data.Dataset` of the `.txt` files in the folders of a folder, which are their classes.

    Shapes: batches `(texts (batch), labels)`; labels `(batch)`, `(batch, classes)`, `(batch, 1)` by `label_mode`.

    Args:
        labels: `"inferred"` from the folders, None, or a list of numbers, in the order of the files' paths.
        label_mode: `"int"`, `"categorical"` (rows with a one), `"binary"` (0.0 and 1.0), or None for texts alone.
        class_names: the folders to take, in the order of their numbers.
        batch_size: None for single texts.
        max_length: bytes to take of each text.
        shuffle: a new order in each pass.
        seed: fixes the orders.
        validation_split: the share of files for validation, with `subset="training"`, `"validation"` or `"both"`.
        format: `"tf"` for a `data.Dataset`, `"grain"` for a data set of grain.

    Raises:
        ValueError: arguments that do not fit, no files, or a text that is no UTF-8.
    """

    def load(path: str) -> str:
        with open(path, "rb") as file:
            content = file.read(-1 if max_length is None else max_length)
        try:
            return content.decode("utf-8", "ignore" if max_length is not None else "strict")
        except UnicodeDecodeError as error:
            raise ValueError(
                report(f"{path!r} is no text in UTF-8.", got=str(error), fix="write it in UTF-8, or take it away.")
            ) from None

    one_of(format, FORMATS, "format")
    given = directory, labels, label_mode, class_names, ("txt",)
    parts = labelled_files(*given, shuffle, seed, validation_split, subset, follow_links, verbose)
    return samples_of(parts, load, None, label_mode, batch_size, shuffle, seed, subset, format)
