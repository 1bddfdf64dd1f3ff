"""`python -m tricera script.py`: run a program that was written for Keras, of any generation, unmodified."""

import argparse
import importlib.util
import runpy
import sys
from pathlib import Path

from tricera import alias
from tricera.errors import report
from tricera.legacy import generation, names
from tricera.legacy.upgrade import command

_USAGE = """python -m tricera [--keras {1,2,3}] script.py [arguments]
       python -m tricera [--keras {1,2,3}] -m module [arguments]
       python -m tricera [--keras {1,2,3}] -c code [arguments]
       python -m tricera upgrade [--diff] [--keras {1,2,3}] path ..."""


def main(arguments: list[str] | None = None) -> None:
    """Run what the command line names, with `keras` meaning Tricera; or write it anew in today's spelling."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["upgrade"]:
        sys.exit(command.main(arguments[1:]))
    own, words = _divided(arguments)
    parser = _parser()
    options = parser.parse_args(own)
    if options.code is not None:
        _run_code(options, words)
    elif options.module:
        _run_module(options, words)
    elif words:
        _run_script(options, words)
    else:
        parser.error("name a script, or `-m module`, or `-c code`")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tricera", usage=_USAGE, description=__doc__)
    parser.add_argument("--keras", type=int, choices=(1, 2, 3), help="the Keras that the program was written for")
    parser.add_argument("--quiet", action="store_true", help="say neither that nor, at the end, the old spellings")
    parser.add_argument("-m", dest="module", help="run a module, as `python -m` does")
    parser.add_argument("-c", dest="code", help="run code, as `python -c` does")
    return parser


def _divided(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The arguments for us, and those from the program's name on, or after `-m module` and `-c code`."""
    at = start = 1 if arguments[:1] == ["run"] else 0
    while at < len(arguments) and arguments[at].startswith("-"):
        word = arguments[at]
        at += 2 if word in ("--keras", "-m", "-c") else 1
        if word in ("-m", "-c"):
            break
    return arguments[start:at], arguments[at:]


def _settle(options: argparse.Namespace, source: str) -> None:
    """Bind `keras`, and say for which Keras the program seems to be written."""
    found, reason = generation.generation(source)
    number = options.keras or found
    alias.install(number, options.quiet, source)
    if number < generation.NEWEST:
        names.restore_numpy()
    if not options.quiet:
        because = f" (line {reason.line}: {reason.what})" if reason and not options.keras else ""
        print(f"tricera: Keras {number} code{because}", file=sys.stderr)


def _run_script(options: argparse.Namespace, words: list[str]) -> None:
    script = words[0]
    path = Path(script)
    if path.is_dir():
        path = path / "__main__.py"
    if not path.is_file():
        raise SystemExit(report(f"There is no file {script!r}.", expected="a Python program"))
    _settle(options, path.read_text("utf-8", "replace"))
    sys.argv = words
    sys.path[0] = str(path.resolve().parent)
    runpy.run_path(script, run_name="__main__")


def _run_module(options: argparse.Namespace, words: list[str]) -> None:
    sys.path[:0] = [] if str(Path.cwd()) in sys.path[:1] else [str(Path.cwd())]
    spec = importlib.util.find_spec(options.module.partition(".")[0])
    path = Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None
    _settle(options, path.read_text("utf-8", "replace") if path else "")
    sys.argv = [options.module, *words]
    runpy.run_module(options.module, run_name="__main__", alter_sys=True)


def _run_code(options: argparse.Namespace, words: list[str]) -> None:
    _settle(options, options.code)
    sys.argv = ["-c", *words]
    exec(compile(options.code, "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    main()
