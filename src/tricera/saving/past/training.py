"""How a model of Keras 1 or 2 was compiled, in the form of Keras 3."""

from typing import Any

from tricera import config as settings
from tricera.optimizers import past as optimizers

Form = dict[str, Any]

_DECAYS = ("decay", "schedule_decay")
_DROPPED = {"is_legacy_optimizer", "jit_compile", *_DECAYS}
_ONLY_NEW = ("is_legacy_optimizer", "use_ema")  # arguments of tf.keras' optimizers since 2.11, which are Keras 3's
_OTHER_STEPS = ("Adagrad", "Nadam", "RMSprop")  # whose steps were others before
_OF_KERAS_2 = {
    "Adadelta": optimizers.AdadeltaV2,
    "Adagrad": optimizers.AdagradV2,
    "Adam": optimizers.AdamV2,
    "Adamax": optimizers.AdamaxV2,
    "Ftrl": optimizers.FtrlV2,
    "Nadam": optimizers.NadamV2,
    "RMSprop": optimizers.RMSpropV2,
    "SGD": optimizers.SGDV2,
}
_REDUCTIONS = {"auto": "sum_over_batch_size"}
_WRAPPERS = ("MeanMetricWrapper", "SumOverBatchSizeMetricWrapper", "LossFunctionWrapper")
_ARGUMENTS = ("loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "steps_per_execution")


def compile_config(config: Form, backend: Any = None) -> Form:
    """The arguments of `compile`, from `training_config` or from tf.keras' `compile_config`.

    On the backend JAX only Keras 3's optimizers are, and those of Tricera, which leaves out what Keras 2 does not know,
    but not the decay of the old ones.
    """
    form = config.get("optimizer_config") or config.get("optimizer")
    found = {name: _plain(config[name]) for name in _ARGUMENTS if config.get(name) is not None}
    for name in ("metrics", "weighted_metrics"):
        if name in found:
            found[name] = _unnested(found[name])
    return {"optimizer": optimizer(form, backend == "jax") if isinstance(form, dict) else form, **found}


def optimizer(form: Form, new: bool = False) -> Form:
    """An optimizer's form; one that made other steps than Keras 3's gets a class of its own."""
    kind, config = form["class_name"].rpartition(">")[2], dict(form["config"])
    if kind.startswith("LossScaleOptimizer"):
        return _scaling(config)
    kind = {"rmsprop": "RMSprop"}.get(kind.lower(), kind[:1].upper() + kind[1:])
    newest = any(name in config for name in _ONLY_NEW)
    old = not newest and (not new or any(name in config for name in _DECAYS))
    given = {name: _plain(value) for name, value in config.items() if name not in _DROPPED}
    if "lr" in given:
        given["learning_rate"] = given.pop("lr")
    if given.get("epsilon", 0) is None:
        given["epsilon"] = settings.epsilon()
    decay = config.get("decay") or 0.0
    if old and kind == "Adagrad":
        given.setdefault("initial_accumulator_value", 0.0)
    if old and kind == "Nadam":
        given["schedule_decay"] = config.get("schedule_decay", decay)
    elif old and decay:
        given["decay"] = decay
    if old and (decay or kind in _OTHER_STEPS) and kind in _OF_KERAS_2:
        kind = _OF_KERAS_2[kind].__name__
    return {"module": "keras.optimizers", "class_name": kind, "config": given, "registered_name": None}


def _scaling(config: Form) -> Form:
    """An optimizer for 16-bit floats, around another one."""
    inner = config.get("inner_optimizer") or config["optimizer"]
    new = {"inner_optimizer": optimizer(inner)}
    for name, here in (("initial_scale", "initial_scale"), ("dynamic_growth_steps", "dynamic_growth_steps")):
        if config.get(name) is not None:
            new[here] = config[name]
    return {"module": "keras.optimizers", "class_name": "LossScaleOptimizer", "config": new, "registered_name": None}


def _plain(value: Any) -> Any:
    """A loss, a metric, a schedule, or several: objects in Keras 3's form, functions by their names."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if not isinstance(value.get("class_name"), str) or "config" not in value:
        return {name: _plain(item) for name, item in value.items()}
    kind, config = value["class_name"], value["config"]
    if kind in _WRAPPERS:
        return config["name"] if config.get("name") in ("accuracy", "acc") else _plain(config["fn"])
    if kind == "function":
        return value if value.get("module") not in (None, "builtins") else config
    if isinstance(config, dict):
        config = {name: _plain(item) for name, item in config.items() if name != "fn"}
        if config.get("name", "") is None:  # of schedules, which Keras 3 cannot call without one
            del config["name"]
        if "reduction" in config:
            config["reduction"] = _REDUCTIONS.get(config["reduction"], config["reduction"])
    kept = {name: value[name] for name in ("module", "registered_name") if value.get(name)}
    return {**kept, "class_name": kind, "config": config}


def _unnested(metrics: Any) -> Any:
    """The metrics of the only output, which tf.keras wrote as a list in a list."""
    if isinstance(metrics, list) and len(metrics) == 1 and isinstance(metrics[0], list):
        return metrics[0]
    return metrics
