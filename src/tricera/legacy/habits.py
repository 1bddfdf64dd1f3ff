"""All that old code needs, put into the places that Tricera keeps for it."""

import sys

from tricera import engine, errors
from tricera.engine import configured, graph
from tricera.legacy import arguments, generation, methods, names, spellings
from tricera.legacy import engine as old_engine
from tricera.legacy.backend import symbols
from tricera.legacy.functions import arguments as old_words
from tricera.legacy.layers import attributes, containers, protocol
from tricera.legacy.training import callbacks, functions, rates, told, updates
from tricera.models import Functional


def take_up(number: int | None = None, quiet: bool = False) -> None:
    """Let names, arguments and methods of Keras 1 and 2 be understood, as the generation `number` meant them.

    Args:
        quiet: do not tell the old spellings when the process ends.
    """
    if number is not None:
        generation.settle(number)
    Functional.lenient = generation.current() < 3
    Functional.lists = generation.current() >= 3
    spellings.tell_at_exit(quiet)
    sys.modules["tricera"].__version__ = generation.VERSIONS[generation.current()]
    if names.find not in errors.elsewhere:
        errors.elsewhere.append(names.find)
        configured.translators.append(arguments.construction)
        graph.settling = symbols
        engine.__getattr__ = errors.missing(old_engine.__name__, vars(old_engine))  # type: ignore[method-assign]
        old_words.install()
        methods.install()
        callbacks.install()
        protocol.install()
        attributes.install()
        containers.install()
        functions.install()
        rates.install()
        told.install()
        updates.install()
