import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from tricera.callbacks import RemoteMonitor


@pytest.fixture
def server():
    """A server that notes what it is told: `(root, [(path, headers, body)])`."""
    told = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            told.append((self.path, self.headers, self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", told
        running.shutdown()
        thread.join()


def test_json(server):
    root, told = server
    logs = {"loss": np.float32(0.5), "one": np.arange(1), "many": np.arange(2)}
    RemoteMonitor(root, headers={"X-Run": "7"}, send_as_json=True).on_epoch_end(3, logs)
    ((path, headers, body),) = told
    assert (path, headers["X-Run"], headers["Content-Type"]) == ("/publish/epoch/end/", "7", "application/json")
    assert json.loads(body) == {"epoch": 3, "loss": 0.5, "one": 0, "many": [0, 1]}


@pytest.mark.parametrize("field", ["data", None])
def test_forms(server, field):
    root, told = server
    RemoteMonitor(root, "/at", field).on_epoch_end(0, {"loss": 1.5})
    ((path, headers, body),) = told
    assert (path, headers["Content-Type"]) == ("/at", "application/x-www-form-urlencoded")
    values = urllib.parse.parse_qs(body)
    whole = {"data": ['{"epoch": 0, "loss": 1.5}']}
    assert values == (whole if field else {"epoch": ["0"], "loss": ["1.5"]})


def test_a_silent_server_stops_nothing():
    with pytest.warns(UserWarning, match="Could not reach RemoteMonitor root server at http://127.0.0.1:1: "):
        RemoteMonitor("http://127.0.0.1:1").on_epoch_end(0, {"loss": 1.0})


def test_message():
    with pytest.raises(ValueError) as error:
        RemoteMonitor("file:///tmp")
    assert str(error.value) == (
        "`root` is no address of a server.\n  expected: http://... or https://...\n  got:      file:///tmp"
    )
