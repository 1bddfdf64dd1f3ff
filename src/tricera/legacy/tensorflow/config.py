"""`tf.config`: what the machine is, as JAX sees it; settings of TensorFlow's memory and threads say nothing here."""

import sys
from collections import namedtuple

import jax

from tricera.legacy.tensorflow import tensor
from tricera.legacy.tensorflow.engine.program import functions_run_eagerly, run_functions_eagerly

__all__ = ["functions_run_eagerly", "run_functions_eagerly"]

PhysicalDevice = namedtuple("PhysicalDevice", "name device_type")
LogicalDevice = namedtuple("LogicalDevice", "name device_type")


def list_physical_devices(device_type=None):
    """The devices, `"CPU"` and `"GPU"` (or `"TPU"`), or those of one type."""
    kinds = [{"cuda": "GPU", "rocm": "GPU"}.get(d.platform, d.platform.upper()) for d in jax.local_devices()]
    kinds = ["CPU", *(kind for kind in kinds if kind != "CPU")]
    named = [(kind, kinds[:at].count(kind)) for at, kind in enumerate(kinds)]
    devices = [PhysicalDevice(f"/physical_device:{kind}:{number}", kind) for kind, number in named]
    return [device for device in devices if device_type in (None, device.device_type)]


def list_logical_devices(device_type=None):
    """The same devices by their short names."""
    devices = list_physical_devices(device_type)
    return [LogicalDevice(d.name.replace("physical_device", "device"), d.device_type) for d in devices]


get_visible_devices = list_physical_devices


def set_visible_devices(devices, device_type=None):
    """Says nothing here: the variable CUDA_VISIBLE_DEVICES does, before the first import."""


def set_soft_device_placement(enabled):
    """Says nothing here."""


def set_memory_growth(device, enable):
    """Says nothing here: JAX's memory grows as `tricera.machine` lets it."""


def get_memory_growth(device):
    """Whether memory is taken when it is needed."""
    return True


class LogicalDeviceConfiguration:
    """Accepts a limit of memory, which says nothing here."""

    def __init__(self, memory_limit=None, experimental_priority=None, experimental_device_ordinal=None):
        self.memory_limit = memory_limit


VirtualDeviceConfiguration = LogicalDeviceConfiguration


def set_logical_device_configuration(device, logical_devices):
    """Says nothing here."""


set_virtual_device_configuration = set_logical_device_configuration


class threading:
    """`tf.config.threading`: says nothing here."""

    @staticmethod
    def set_intra_op_parallelism_threads(num_threads):
        """Says nothing here."""

    @staticmethod
    def set_inter_op_parallelism_threads(num_threads):
        """Says nothing here."""


class optimizer:
    """`tf.config.optimizer`: everything is compiled by XLA."""

    @staticmethod
    def set_jit(enabled):
        """Says nothing here."""


def experimental_run_functions_eagerly(run_eagerly):
    """`run_functions_eagerly`, by its older name."""
    run_functions_eagerly(run_eagerly)


def enable_op_determinism():
    """Says nothing here: the same seeds give the same numbers."""


experimental = sys.modules[__name__]

__getattr__ = tensor.missing("tensorflow.config", globals())
