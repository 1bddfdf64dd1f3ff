"""Who is compared, where it is installed, and how a model of a work trains on it."""

import importlib
import importlib.metadata
import importlib.util
import os
from dataclasses import dataclass
from typing import Any

from benchmarks.works import Work


@dataclass(frozen=True)
class Peer:
    """A library to train with.

    Args:
        module: what is imported.
        packages: the distributions that it needs; the first ones name its version.
        backend: Keras' backend, where it has a choice.
    """

    name: str
    title: str
    module: str
    packages: tuple[tuple[str, str], ...]
    backend: str | None = None

    @property
    def installed(self) -> bool:
        """Whether everything that it needs can be imported."""
        return all(importlib.util.find_spec(module) for module, _ in self.packages)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that its processes need."""
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1")}
        return quiet | ({"KERAS_BACKEND": self.backend} if self.backend else {})

    @property
    def hidden(self) -> tuple[str, ...]:
        """Modules that its processes must not find: Keras imports every backend that is there, at a cost."""
        return tuple({"tensorflow", "torch"} - {self.backend}) if self.module == "keras" else ()

    @property
    def versions(self) -> str:
        """Names and versions of its distributions."""
        return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in self._distributions())

    def _distributions(self) -> list[str]:
        mapping = importlib.metadata.packages_distributions()
        return [mapping.get(module, [name])[0] for module, name in self.packages]


PEERS = (
    Peer("tricera", "Tricera", "tricera", (("tricera", "tricera"), ("jax", "jax"))),
    Peer("keras-jax", "Keras, JAX", "keras", (("keras", "keras"), ("jax", "jax")), "jax"),
    Peer("keras-tf", "Keras, TensorFlow", "keras", (("keras", "keras"), ("tensorflow", "tensorflow")), "tensorflow"),
    Peer("keras-torch", "Keras, PyTorch", "keras", (("keras", "keras"), ("torch", "torch")), "torch"),
    Peer("torch", "plain PyTorch", "torch", (("torch", "torch"),)),
)
BY_NAME = {peer.name: peer for peer in PEERS}


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class KerasTraining:
    """A work's model in Keras or Tricera."""

    def __init__(self, peer: Peer, work: Work):
        if peer.backend == "torch":
            importlib.import_module("torch").set_num_threads(cores())
        keras = importlib.import_module(peer.module)
        if hasattr(keras, "utils"):
            keras.utils.set_random_seed(0)
        self.model, self.batch = work.build(keras), work.batch

    def fit(self, x: Any, y: Any, epochs: int) -> None:
        """Train."""
        self.model.fit(x, y, batch_size=self.batch, epochs=epochs, verbose=0)

    def evaluate(self, x: Any, y: Any) -> None:
        """Test."""
        self.model.evaluate(x, y, batch_size=32, verbose=0)


class TorchTraining:
    """A work's twin in plain PyTorch: the loop that a tutorial would show, over tensors in memory."""

    def __init__(self, peer: Peer, work: Work):
        self.torch = importlib.import_module(peer.module)
        self.torch.set_num_threads(cores())
        self.torch.manual_seed(0)
        (self.net, self.loss, self.optimizer), self.batch = work.twin(self.torch), work.batch

    def fit(self, x: Any, y: Any, epochs: int) -> None:
        """Train."""
        torch, (x, y) = self.torch, self._tensors(x, y)
        self.net.train()
        for _ in range(epochs):
            total = torch.zeros(())
            for chosen in torch.randperm(len(x)).split(self.batch):
                self.optimizer.zero_grad()
                loss = self.loss(self.net(x[chosen]), y[chosen])
                loss.backward()
                self.optimizer.step()
                total += loss.detach() * len(chosen)
            (total / len(x)).item()

    def evaluate(self, x: Any, y: Any) -> None:
        """Test."""
        torch, (x, y) = self.torch, self._tensors(x, y)
        self.net.eval()
        with torch.no_grad():
            losses = [self.loss(self.net(a), b) for a, b in zip(x.split(32), y.split(32), strict=True)]
        torch.stack(losses).mean().item()

    def _tensors(self, x: Any, y: Any) -> tuple[Any, Any]:
        x, y = self.torch.from_numpy(x), self.torch.from_numpy(y)
        return (x.permute(0, 3, 1, 2).contiguous() if x.ndim == 4 else x), y


def training(peer: Peer, work: Work) -> KerasTraining | TorchTraining:
    """The work's model on this peer, ready to `fit`."""
    return (TorchTraining if peer.module == "torch" else KerasTraining)(peer, work)
