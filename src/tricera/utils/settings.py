"""Config: named settings of a program, which can be frozen."""

import json
from collections.abc import Iterator, MutableMapping
from typing import Any

from tricera.errors import MissingAttribute, report


class Config(MutableMapping):
    """Settings that are read and set as attributes or as keys.

    >>> config = Config(units=32)
    >>> config.rate = 0.1
    >>> config["units"], config.to_json()
    (32, '{"units": 32, "rate": 0.1}')
    """

    def __init__(self, **kwargs: Any):
        self.__dict__.update(_settings=dict(kwargs), _frozen=False)

    @property
    def frozen(self) -> bool:
        """Whether nothing can be changed."""
        return self._frozen

    def freeze(self) -> None:
        """Let nothing be changed from now on."""
        self.__dict__["_frozen"] = True

    def unfreeze(self) -> None:
        """Let settings be changed again."""
        self.__dict__["_frozen"] = False

    def as_dict(self) -> dict[str, Any]:
        """The settings, as a new dict."""
        return dict(self._settings)

    def to_json(self) -> str:
        """The settings as JSON."""
        return json.dumps(self._settings)

    def _require_unfrozen(self) -> None:
        if self._frozen:
            raise ValueError(
                report("Cannot mutate attribute(s) because the config is frozen.", fix="call `unfreeze()` first.")
            )

    def __getitem__(self, name: str) -> Any:
        return self._settings[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._require_unfrozen()
        self._settings[name] = value

    def __delitem__(self, name: str) -> None:
        self._require_unfrozen()
        del self._settings[name]

    def __getattr__(self, name: str) -> Any:
        settings = self.__dict__.get("_settings", {})
        if name not in settings:
            raise MissingAttribute("Config", name, lambda: settings)
        return settings[name]

    __setattr__ = __setitem__

    def __delattr__(self, name: str) -> None:
        if name not in self._settings:
            raise MissingAttribute("Config", name, lambda: self._settings)
        del self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    def __len__(self) -> int:
        return len(self._settings)

    def __repr__(self) -> str:
        return f"<Config {self._settings}>"
