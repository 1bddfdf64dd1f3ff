"""Configurations as YAML, which Keras 1 and 2 could write: read without making any Python object."""

from typing import Any

from tricera.errors import SafetyError, report

MOST_ENTRIES, MOST_TEXT = 1_000_000, 1 << 21  # whose parser takes some seconds for a million characters
_AS_LISTS, _AS_TEXTS = ("tuple", "list"), ("unicode", "str")  # Python's own tags for what is plain data here


def parse(text: str, label: str) -> dict[str, Any]:
    """The configuration that is written as YAML.

    Raises:
        ImportError: the package that reads YAML is missing.
        SafetyError: it asks for Python objects, is very long, repeats itself without end, or merges mappings.
        ValueError: it is no YAML, or no configuration.
    """
    yaml = yaml_package()
    if len(text) > MOST_TEXT:
        what = f"{label} is too long: it is not read."
        raise SafetyError(report(what, expected=f"at most {MOST_TEXT:,} characters", got=f"{len(text):,}"))

    def merge(_: Any, node: Any) -> None:
        """Refuse what copies one mapping into another, and so doubles with each that is written."""
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            raise SafetyError(report(f"{label} merges one mapping into another (`<<`), which no model needs."))

    own = {"yaml_constructors": dict(yaml.SafeLoader.yaml_constructors), "flatten_mapping": merge}
    loader = type("Loader", (yaml.SafeLoader,), own)
    for name in _AS_LISTS:
        loader.add_constructor(f"tag:yaml.org,2002:python/{name}", yaml.SafeLoader.construct_yaml_seq)
    for name in _AS_TEXTS:
        loader.add_constructor(f"tag:yaml.org,2002:python/{name}", yaml.SafeLoader.construct_yaml_str)
    try:
        config = yaml.load(text, loader)
    except yaml.constructor.ConstructorError as error:
        raise SafetyError(report(f"{label} asks for a Python object: it is not read.", got=error.problem)) from None
    except yaml.YAMLError as error:
        raise ValueError(report(f"{label} is no YAML: {error}.")) from None
    if not isinstance(config, dict):
        raise ValueError(report(f"{label} is no configuration of a model.", got=repr(config)[:80]))
    _count(config, label)
    return config


def _count(config: Any, label: str) -> None:
    """Raise SafetyError for what names itself again and again, and so stands for far more than is written."""
    stack, entries = [config], 0
    while stack:
        value = stack.pop()
        entries += 1
        if entries > MOST_ENTRIES:
            raise SafetyError(report(f"{label} has more than {MOST_ENTRIES} entries: it is not read."))
        if isinstance(value, dict | list):
            stack.extend(value.values() if isinstance(value, dict) else value)


def yaml_package() -> Any:
    """The package that reads and writes YAML.

    Raises:
        ImportError: it is missing.
    """
    try:
        import yaml
    except ImportError:
        raise ImportError(
            report("YAML is read and written by the package `pyyaml`.", fix="`pip install pyyaml`.")
        ) from None
    return yaml
