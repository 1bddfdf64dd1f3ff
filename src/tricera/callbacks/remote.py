"""Telling a server how training goes."""

import json
import urllib.parse
import urllib.request
import warnings
from typing import Any

import numpy as np

from tricera.callbacks.callback import Callback
from tricera.engine.configured import Remembering
from tricera.errors import report

_SECONDS = 10.0


class RemoteMonitor(Callback, metaclass=Remembering):
    """Send epoch and logs to `root + path` by POST after each epoch; training goes on where the server is silent.

    Args:
        field: the name of the form's field that holds the JSON text; None sends a field for each value.
        headers: HTTP headers by name.
        send_as_json: send the JSON text itself, as `application/json`.
    """

    def __init__(
        self, root="http://localhost:9000", path="/publish/epoch/end/", field="data", headers=None, send_as_json=False
    ):
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json
        if not str(root).startswith(("http://", "https://")):
            raise ValueError(
                report("`root` is no address of a server.", expected="http://... or https://...", got=root)
            )

    def on_epoch_end(self, epoch, logs=None):
        values = {"epoch": epoch, **{name: _plain(value) for name, value in (logs or {}).items()}}
        try:
            with urllib.request.urlopen(self._request(values), timeout=_SECONDS):
                pass
        except OSError as error:
            text = f"Could not reach RemoteMonitor root server at {self.root}: {error}"
            warnings.warn(text, stacklevel=2)

    def _request(self, values: dict[str, Any]) -> urllib.request.Request:
        text = json.dumps(values)
        if self.send_as_json:
            body, kind = text, "application/json"
        else:
            body, kind = urllib.parse.urlencode({self.field: text} if self.field else values), _FORM
        headers = {"Content-Type": kind, **(self.headers or {})}
        return urllib.request.Request(self.root + self.path, body.encode(), headers, method="POST")


_FORM = "application/x-www-form-urlencoded"


def _plain(value: Any) -> Any:
    array = np.asarray(value)
    return array.item() if array.size == 1 else array.tolist()
