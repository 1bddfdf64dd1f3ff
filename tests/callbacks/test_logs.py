import copy
import json
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tricera.callbacks.logs import LazyLogs, Logs, floats, twin


@pytest.mark.parametrize(
    "name, other",
    [
        ("acc", "accuracy"),
        ("val_accuracy", "val_acc"),
        ("val_mean_absolute_error", "val_mae"),
        ("head_acc", "head_accuracy"),
        ("lr", "learning_rate"),
        ("learning_rate", "lr"),
        ("loss", None),
        ("auc", None),
        (3, None),
    ],
)
def test_twin(name, other):
    assert twin(name) == other


def test_logs_find_the_other_spelling_but_show_true_names():
    logs = Logs(loss=1.0, val_accuracy=0.5)
    assert logs["val_acc"] == 0.5 and logs.get("val_acc") == 0.5
    assert logs.get("acc") is None and logs.get("acc", 7) == 7
    assert "val_acc" not in logs and sorted(logs) == ["loss", "val_accuracy"]
    assert logs.copy()["val_acc"] == 0.5
    with pytest.raises(KeyError, match=r"^'acc'$"):
        logs["acc"]


def test_logs_leave_as_plain_dicts():
    logs = Logs(loss=[1.0, 2.0])
    for there in (pickle.loads(pickle.dumps(logs)), copy.deepcopy(logs)):
        assert type(there) is dict and there == logs
    assert json.dumps(logs) == '{"loss": [1.0, 2.0]}' and isinstance(logs, dict)


@pytest.fixture
def reads(monkeypatch):
    """The device reads so far."""
    calls, read = [], jax.device_get
    monkeypatch.setattr(jax, "device_get", lambda x: calls.append(len(x)) or read(x))
    return calls


@pytest.mark.parametrize("is_function", [False, True])
def test_lazy_logs_are_read_once_when_looked_at(reads, is_function):
    values = {"loss": jnp.float32(0.5), "accuracy": jnp.float32(0.25)}
    logs = LazyLogs((lambda: values) if is_function else values)
    logs = logs or {}
    assert "loss" in logs and "acc" not in logs and len(logs) == 2 and list(logs) == ["loss", "accuracy"]
    logs["lr"] = 0.1
    assert reads == []
    assert logs["loss"] == 0.5 and type(logs["loss"]) is float
    assert logs.get("acc") == logs["accuracy"] == 0.25 and logs.get("mae") is None
    assert dict(logs) == dict(logs.items()) == logs.copy() == {"loss": 0.5, "accuracy": 0.25, "lr": 0.1} == logs
    assert {**logs} == json.loads(json.dumps(dict(logs))) and repr(logs) == repr(dict(logs))
    logs["epoch"] = 3
    del logs["lr"]
    assert list(logs) == ["loss", "accuracy", "epoch"]
    assert reads == [3]
    assert not LazyLogs({}) and (LazyLogs({}) or None) is None


def test_floats_keep_order_and_what_is_no_number(reads):
    logs = {
        "z": np.float32(1.5),
        "a": 2,
        "one": jnp.ones((1, 1)),
        "many": np.arange(3),
        "text": "1.5",
        "nested": {"b": jnp.int32(4)},
    }
    plain = floats(logs)
    assert list(plain) == ["z", "a", "one", "many", "text", "b"]
    assert [plain[name] for name in ("z", "a", "one", "text", "b")] == [1.5, 2.0, 1.0, "1.5", 4.0]
    assert all(type(plain[name]) is float for name in ("z", "a", "one", "b"))
    assert plain["many"].tolist() == [0, 1, 2]
    assert floats(None) == {} and floats(LazyLogs({"loss": jnp.float32(1)})) == {"loss": 1.0}
