"""Batches made by processes: in order, with the traceback of what fails, and a word on what dies or hangs."""

import contextlib
import faulthandler
import itertools
import multiprocessing
import os
import pickle
import signal
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from tricera.data import ahead
from tricera.errors import report

_FIRST = itertools.count()


class _Worker:
    """One process, and what it has: which version of the data set, and which batch it makes."""

    def __init__(self, context: Any, payload: bytes):
        self.connection, theirs = context.Pipe()
        arguments = (theirs, payload, ahead.PATIENCE)
        name = f"tricera-data-{next(_FIRST)}"
        self.process = context.Process(target=_work, args=arguments, name=name, daemon=True)
        self.process.start()
        theirs.close()
        self.version = 0
        self.task: tuple[int, Any] | None = None  # the number of the task, the index of the batch


class Workers:
    """Processes with a copy of a data set each. They are started anew (`spawn`), so that no thread is copied.

    Args:
        dataset: what has `__getitem__`; it is pickled.
        count: the number of processes.

    Raises:
        ValueError: the data set cannot be pickled.
    """

    def __init__(self, dataset: Any, count: int):
        self._payload, self._version = _pickled(dataset), 0
        self._numbers = itertools.count()
        context = multiprocessing.get_context("spawn")
        with _on_cpu():
            self._workers = [_Worker(context, self._payload) for _ in range(count)]

    def refresh(self, dataset: Any) -> None:
        """Let the workers have the data set as it is now, where it has changed."""
        payload = _pickled(dataset)
        if payload != self._payload:
            self._payload, self._version = payload, self._version + 1

    def batches(self, order: Iterable[Any], most: int) -> Iterator[Any]:
        """`dataset[index]` for each index, in order, with at most `most` of them made ahead.

        Raises:
            Exception: what a worker raised, at once, with its traceback.
            RuntimeError: a worker died.
        """
        indices, made, asked, more = iter(order), {}, deque(), True
        while True:
            for worker in [worker for worker in self._workers if worker.task is None]:
                index = next(indices, _END) if more and len(asked) < most else _END
                if index is not _END:
                    asked.append(self._give(worker, index))
                elif len(asked) < most:
                    more = False
            if asked and asked[0] in made:
                yield made.pop(asked.popleft())
            elif asked or more:  # or the workers still make what an earlier pass left behind
                made |= {number: batch for number, batch in self._received() if number in asked}
            else:
                return

    def _give(self, worker: _Worker, index: Any) -> int:
        if worker.version != self._version:
            worker.connection.send_bytes(pickle.dumps(("dataset", self._payload)))
            worker.version = self._version
        number = next(self._numbers)
        worker.task = number, index
        with contextlib.suppress(OSError):  # it is dead, which shows when it is asked for the batch
            worker.connection.send_bytes(pickle.dumps(("batch", index)))
        return number

    def _received(self) -> Iterator[tuple[int, Any]]:
        """The numbers and batches of all that is ready; waits for a first one."""
        busy = {worker.connection: worker for worker in self._workers if worker.task is not None}
        for connection in wait(list(busy)):
            worker = busy[connection]  # type: ignore[index]
            number, index = worker.task  # type: ignore[misc]
            try:
                kind, content = pickle.loads(worker.connection.recv_bytes())
            except (EOFError, OSError):
                raise RuntimeError(_died(worker.process, index)) from None
            worker.task = None
            if kind == "error":
                raise _error(index, *content)
            yield number, content

    def close(self) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.process.terminate()
            worker.connection.close()
        for worker in self._workers:
            worker.process.join()
        self._workers = []

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()


_END = object()


def _pickled(dataset: Any) -> bytes:
    try:
        return pickle.dumps(dataset)
    except Exception as error:
        raise ValueError(
            report(
                f"The {type(dataset).__name__} cannot be sent to other processes.",
                got=str(error),
                fix="keep lambdas, locks and open files out of its attributes, or leave `use_multiprocessing` out.",
            )
        ) from error


@contextlib.contextmanager
def _on_cpu() -> Iterator[None]:
    """Let processes that start now leave accelerators alone."""
    before = os.environ.get("JAX_PLATFORMS")
    os.environ["JAX_PLATFORMS"] = "cpu"
    try:
        yield
    finally:
        if before is None:
            del os.environ["JAX_PLATFORMS"]
        else:
            os.environ["JAX_PLATFORMS"] = before


def _died(process: Any, index: Any) -> str:
    process.join(5)
    code = process.exitcode
    signals = {value.value: value.name for value in signal.Signals}
    how = f"exit code {code}" if code is None or code >= 0 else signals.get(-code, f"signal {-code}")
    return report(
        f"The process {process.name} died while it made batch {index}.",
        got=how,
        fix="see what it wrote above. SIGKILL: memory ran out. A script starts processes only below "
        '`if __name__ == "__main__":`, and a class that a notebook defines belongs in a module.',
    )


def _error(index: Any, pickled: bytes | None, text: str) -> Exception:
    """What a worker raised, as it was if it can be pickled, with the worker's traceback."""
    try:
        error = pickle.loads(pickled or b"")
    except Exception:
        error = RuntimeError(text.strip().rsplit("\n", 1)[-1])
    error.add_note(f"  in:       batch {index}, made by a process:\n{text.rstrip()}")
    return error


# ---- what a worker does


def _work(connection: Connection, payload: bytes, patience: float) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who started it ends it
    dataset: Any = None
    while True:
        try:
            kind, content = pickle.loads(connection.recv_bytes())
        except EOFError:
            return
        if kind == "dataset":
            dataset, payload = None, content
            continue
        faulthandler.dump_traceback_later(patience, repeat=False)
        try:
            dataset = pickle.loads(payload) if dataset is None else dataset
            answer = pickle.dumps(("batch", dataset[content]), pickle.HIGHEST_PROTOCOL)
        except BaseException as error:
            answer = pickle.dumps(("error", (_safely(error), traceback.format_exc())))
        faulthandler.cancel_dump_traceback_later()
        connection.send_bytes(answer)


def _safely(error: BaseException) -> bytes | None:
    try:
        pickled = pickle.dumps(error)
        pickle.loads(pickled)
    except Exception:
        return None
    return pickled
