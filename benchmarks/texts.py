"""`python -m benchmarks.texts`: 25,000 reviews as numbers, by Tricera and by what it stands in for, in turns.

The reviews are those of IMDB, `$KERAS_HOME/datasets/imdb.npz`, written out by their word index. `TextVectorization`
stands beside Keras 3's on TensorFlow, `Tokenizer` beside keras-preprocessing's; each peer has a process of its own.
"""

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.hide import hide

BATCH, WORDS, LENGTH = 32, 20_000, 500
PEERS = ("tricera", "keras", "keras_preprocessing")


def reviews(count: int) -> list[str]:
    """Texts of reviews, in lower case and without marks, as the data set has them."""
    from tricera.datasets import imdb

    words = {number: word for word, number in imdb.get_word_index().items()}
    (x, _), _ = imdb.load_data(start_char=None, index_from=0)
    return [" ".join(words[number] for number in review) for review in x[:count]]


def vectorizing(keras: Any, data: Any, texts: list[str]) -> Iterator[tuple[str, float]]:
    """Seconds for each work of `TextVectorization`; `data` is the `Dataset` that stands beside it."""
    rows = data.from_tensor_slices(np.array(texts, object)).batch(BATCH)
    layer = keras.layers.TextVectorization(max_tokens=WORDS, output_sequence_length=LENGTH)
    batches = [texts[i : i + BATCH] for i in range(0, len(texts), BATCH)]
    yield "TextVectorization, adapt", _seconds(lambda: layer.adapt(rows))
    layer(batches[0])
    yield "TextVectorization, batches of strings", _seconds(lambda: [layer(batch) for batch in batches])
    mapped = rows.map(layer, num_parallel_calls=-1).prefetch(2)
    yield "TextVectorization, in a pipeline", _seconds(lambda: sum(1 for _ in mapped))


def tokenizing(text: Any, texts: list[str]) -> Iterator[tuple[str, float]]:
    """Seconds for each work of `Tokenizer`; `text` is the module that has it."""
    tokenizer = text.Tokenizer(num_words=WORDS)
    yield "Tokenizer, fit_on_texts", _seconds(lambda: tokenizer.fit_on_texts(texts))
    yield "Tokenizer, texts_to_sequences", _seconds(lambda: tokenizer.texts_to_sequences(texts))


def _seconds(run: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def measured(peer: str, count: int) -> dict[str, float]:
    """Seconds of all works that a peer has."""
    texts = reviews(count)
    if peer == "keras_preprocessing":
        hide(["tensorflow"])
        return dict(tokenizing(importlib.import_module("keras_preprocessing.text"), texts))
    module = importlib.import_module(peer)
    if peer == "keras":
        tensorflow = importlib.import_module("tensorflow")
        return dict(vectorizing(module, tensorflow.data.Dataset, texts))
    found = dict(tokenizing(module.preprocessing.text, texts))
    return found | dict(vectorizing(module, module.data.Dataset, texts))


def _run(peer: str, count: int) -> dict[str, float]:
    """One measurement in a process of its own."""
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.texts", "--peer", peer, "--reviews", str(count)]
    made = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(made.stdout.splitlines()[-1])


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.texts", description=__doc__)
    parser.add_argument("--reviews", type=int, default=25_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", choices=PEERS, help="measure this one here, once, and print JSON")
    given = parser.parse_args(arguments)
    if given.peer:
        print(json.dumps(measured(given.peer, given.reviews)))
        return
    rounds = [{peer: _run(peer, given.reviews) for peer in PEERS} for _ in range(given.rounds)]
    for work in rounds[0]["tricera"]:
        other = next(peer for peer in PEERS[1:] if work in rounds[0][peer])
        ours, theirs = ([turn[peer][work] for turn in rounds] for peer in ("tricera", other))
        ratio = statistics.median(their / our for our, their in zip(ours, theirs, strict=True))
        print(
            f"{work:40}{statistics.median(ours):6.2f} s, {other} {statistics.median(theirs):6.2f} s: {ratio:.2f} times"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
