"""What is made ahead of its use: by one thread in order of need, or by several with the order kept."""

import contextlib
import queue
import sys
import threading
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tricera.errors import report

# Seconds without a batch after which a warning shows where its maker is.
PATIENCE = 60.0


def ordered(make: Callable[[Any], Any], items: Iterable[Any], workers: int, ahead: int) -> Iterator[Any]:
    """`make(item)` for each item, by several threads, in order; closing it waits for the items under way."""
    pending: deque[Future] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="tricera-data") as pool:
        try:
            for item in items:
                pending.append(pool.submit(make, item))
                if len(pending) >= max(ahead, workers):
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def prefetched(source: Iterator[Any], ahead: int) -> Iterator[Any]:
    """What `source` yields, drawn by a thread that stays `ahead` items ahead; its errors come through."""
    items: queue.Queue = queue.Queue(ahead)
    stopped = threading.Event()

    def put(kind: str, item: Any = None) -> bool:
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                items.put((kind, item), timeout=0.1)
                return True
        return False

    def draw() -> None:
        try:
            for item in source:
                if not put("item", item):
                    return
            put("end")
        except BaseException as error:  # handed to the thread that waits
            put("error", error)
        finally:
            close(source)

    thread = threading.Thread(target=draw, name="tricera-prefetch", daemon=True)
    thread.start()
    try:
        while True:
            kind, item = _next(items, thread)
            if kind == "end":
                return
            if kind == "error":
                raise item
            yield item
    finally:
        stopped.set()
        if thread is not threading.current_thread():
            thread.join(PATIENCE)


def _next(items: queue.Queue, thread: threading.Thread) -> tuple[str, Any]:
    try:
        return items.get(timeout=PATIENCE)
    except queue.Empty:
        warnings.warn(waiting(thread), stacklevel=3)
        return items.get()


def waiting(thread: threading.Thread) -> str:
    """What to say of a batch that does not come: where the threads that make it stand."""
    frames = sys._current_frames()
    makers = [t for t in threading.enumerate() if t is thread or t.name.startswith("tricera-data")]
    stacks = [
        f"{maker.name}:\n{''.join(traceback.format_stack(frames[maker.ident]))}"
        for maker in makers
        if maker.ident in frames
    ]
    return report(
        f"No batch for {PATIENCE:g} seconds; still waiting.",
        got="\n".join(["its makers stand here:", *stacks]).rstrip(),
    )


def close(source: Any) -> None:
    """Close an iterator, where it can be."""
    if hasattr(source, "close"):
        source.close()


def elements(source: Iterable[Any]) -> Iterator[Any]:
    """An iterator over `source`; of a data set, over its elements as they are, not as they are shown."""
    return source._open() if hasattr(source, "_open") else iter(source)


@contextlib.contextmanager
def opened(source: Iterable[Any]) -> Iterator[Iterator[Any]]:
    """An iterator over `source` that is closed at once, not when it is collected: no thread outlives it."""
    items = elements(source)
    try:
        yield items
    finally:
        close(items)


def iter_of(items: Iterable[Any]) -> Iterator[Any]:
    """A generator of the items, which can be closed."""
    yield from items
