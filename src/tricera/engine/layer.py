"""Layer: a callable object with weights. What `call` computes is the subclass'; what surrounds it is here."""

import functools
from collections.abc import Callable
from typing import Any

import jax
from jax import tree_util

from tricera import config
from tricera.engine import dtypes, graph, inputs, masking, naming, registry, scope
from tricera.engine.configured import argument_names, parameters, unknown_argument
from tricera.engine.graph import KerasTensor, Node
from tricera.engine.inputs import where
from tricera.engine.pure import stateless
from tricera.engine.weights import Weighted
from tricera.errors import ArgumentError, MissingAttribute, report

_SHAPES = ("input_shape", "input_dim", "input_length", "batch_input_shape", "batch_shape", "batch_size", "input_dtype")


class Layer(Weighted):
    """Base of all layers: a subclass computes in `call`, and makes its weights in `build` or `__init__`.

    Args:
        activity_regularizer: a function of the output whose value is added to the losses.
        trainable: whether training changes its weights.
        dtype: the dtype of weights and computation, or a DTypePolicy.
        autocast: whether float inputs are cast to the dtype of computation.
        name: unique in a model; made from the class where it is not given.
        kwargs: `input_shape` and its relatives, for the first layer of a Sequential model.

    Raises:
        TypeError: an argument does not exist.
    """

    tracked_as = "layer"
    noun = "layer"  # what messages call it
    supports_masking = False
    supports_jit = True  # said for programs that ask: everything is compiled
    stateless = False  # whether there is nothing to build, unless a subclass builds something
    config_if_set: tuple[str, ...] = ()  # arguments that the configuration leaves out where they are None

    def __new__(cls, *args: Any, **kwargs: Any):
        layer = super().__new__(cls)
        layer.__dict__.update(
            built=cls.stateless and cls.build is Layer.build,
            input_spec=None,
            autocast=True,
            activity_regularizer=None,
            _dtype_policy=config.dtype_policy(),
            _trainable=True,
            _losses=[],
            _inbound_nodes=[],
            _given_shape={},
            _initial_weights=None,
            _remat=scope.current().remat,
        )
        return layer

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        self._given_shape = {key: kwargs.pop(key) for key in _SHAPES if kwargs.get(key) is not None}
        self._initial_weights = kwargs.pop("weights", None)
        for key in kwargs:
            if key not in _SHAPES:
                known = argument_names(type(self)) | set(_SHAPES)
                raise ArgumentError(unknown_argument(type(self), key, known))
        if name is not None and not isinstance(name, str):
            raise ValueError(report("Argument `name` must be a string.", got=repr(name)))
        if not isinstance(trainable, bool):
            raise ValueError(report("Expected argument `trainable` to be a boolean.", got=repr(trainable)))
        self.name = name or naming.auto_name(type(self))
        self.activity_regularizer = registry.resolve("regularizer", activity_regularizer)
        self._trainable = trainable
        self.dtype_policy = dtype
        self.autocast = autocast

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            cls.build = _building(cls.build)  # type: ignore[method-assign]

    def __getattr__(self, attribute: str) -> Any:
        if attribute == "name":  # a subclass that does not call `super().__init__()`
            self.__dict__["name"] = naming.auto_name(type(self))
            return self.__dict__["name"]
        own = getattr(type(self), attribute, None)
        if isinstance(own, property):  # it raised an AttributeError of its own, which says more
            return own.__get__(self)
        raise MissingAttribute(f"{type(self).__name__!r} object", attribute, lambda: dir(self))

    # ---- dtypes

    @property
    def dtype_policy(self) -> Any:
        """In which dtype it computes, and in which it keeps its weights; may be set by name."""
        return self.__dict__["_dtype_policy"]

    @dtype_policy.setter
    def dtype_policy(self, dtype: Any) -> None:
        self.__dict__["_dtype_policy"] = dtypes.get_policy(dtype)

    @property
    def dtype(self) -> str:
        """The dtype of the weights."""
        return self.dtype_policy.at(self.path).variable_dtype

    variable_dtype = dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype that `call` computes in."""
        return self.dtype_policy.at(self.path).compute_dtype

    input_dtype = compute_dtype

    @property
    def quantization_mode(self) -> str | None:
        """How the weights are whole numbers of few bits, None where they are not."""
        return self.dtype_policy.at(self.path).quantization_mode

    @property
    def path(self) -> str:
        """The names of the layers around, where it was built, and its own."""
        return self.__dict__.get("_home") or "/".join(self._path())

    # ---- for subclasses

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape. Called once, before the first `call`."""
        self.built = True
        self.__dict__["_build_config"] = {"input_shape": input_shape}

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """What the layer computes."""
        what = f"Layer {type(self).__name__} does not have a `call()` method implemented."
        raise NotImplementedError(report(what, fix="define `call(self, inputs)` in it."))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the output: that of the input, unless a subclass knows better."""
        return previous_mask

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shape of the output for inputs of these shapes, found by tracing."""
        tensors = [_from_shape(shape, self.compute_dtype) for shape in (*args, *kwargs.values())]
        return inputs.shapes(self.compute_output_spec(*tensors))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The symbolic outputs for symbolic inputs: by tracing, or else by the subclass' `compute_output_shape`."""
        try:
            return graph.infer(self, args, kwargs)
        except Exception as error:
            own = type(self).compute_output_shape
            if isinstance(error, NotImplementedError) or own is Layer.compute_output_shape:
                raise
            spec = inputs.spec_of(type(self).call)
            args, kwargs = inputs.build_arguments(own, spec.bind(args, kwargs), spec.names)
            return _from_shape(self.compute_output_shape(*args, **kwargs), self.compute_dtype)

    def quantize(self, mode: Any = None, type_check: bool = True, config: Any = None) -> None:
        """Make the weights whole numbers of few bits: only Dense, EinsumDense and Embedding know how."""
        raise NotImplementedError(report(f"{where(self)} does not have a `quantize()` method implemented.", got=mode))

    # ---- calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = self._cast((args, kwargs))
        spec = inputs.spec_of(type(self).call)
        arguments = self._bind(spec, args, kwargs)
        inputs.check(self, next(iter(arguments.values()), None))
        self._build_once(arguments)
        if graph.any_symbolic(args, kwargs):
            return self._record(args, kwargs, arguments)
        kwargs = spec.fill_masks(arguments, kwargs)
        training = self._training(spec, arguments, kwargs)
        here = scope.current()
        outermost = here.losses is None
        if outermost:
            self._clear_losses()
        with scope.enter(
            path=self._path(),
            training=training,
            autocast=self.compute_dtype if self.autocast and self.compute_dtype != self.variable_dtype else None,
            losses=[] if outermost else here.losses,
            masks={} if here.masks is None else here.masks,
        ) as inner:
            outputs = self._guarded(args, kwargs, arguments)
            self._mask_outputs(arguments, outputs)
            if self.activity_regularizer is not None:
                for output in tree_util.tree_leaves(outputs):
                    self.add_loss(
                        self.activity_regularizer(output) / ((output.shape or (1,))[0] or 1)
                    )  # a sample's mean
            if outermost:
                for owner, loss in inner.losses or []:
                    owner._losses.append(loss)
        return outputs

    def _cast(self, tree: Any) -> Any:
        policy, autocast, dtype = self.dtype_policy, self.autocast, self.input_dtype

        def cast(x: Any) -> Any:
            if graph.is_symbolic_leaf(x) or not hasattr(x, "__array__"):
                return x
            converted = policy.convert_input(x, autocast, dtype)
            if converted is not x and (mask := masking.get_mask(x)) is not None:
                masking.set_mask(converted, mask)
            return converted

        return tree_util.tree_map(cast, tree, is_leaf=graph.is_symbolic_leaf)

    def _bind(self, spec: inputs.CallSpec, args: tuple, kwargs: dict) -> dict[str, Any]:
        told = None if spec.has_training else kwargs.pop("training", None)  # for the layers inside
        try:
            bound = spec.bind(args, kwargs)
            return bound if told is None else {**bound, "training": told}
        except TypeError as error:
            got = f"{_brief(args)} {_brief(kwargs)}"
            raise TypeError(report(f"{where(self)}: {error}.", expected=f"call{spec.signature}", got=got)) from None

    def _training(self, spec: inputs.CallSpec, arguments: dict, kwargs: dict) -> bool | None:
        """Whether this is training: what the call says, else the scope; told to `call` if it wants to know."""
        training = arguments.get("training")
        if training is None:
            training = scope.current().training
            if spec.has_training and training is not None:
                kwargs["training"] = training
        return training

    def _guarded(self, args: tuple, kwargs: dict, arguments: dict[str, Any]) -> Any:
        try:
            return self.call(*args, **kwargs) if self._remat is None else self._remat.call(self, args, kwargs)
        except Exception as error:
            if not any(note.startswith("in ") for note in getattr(error, "__notes__", ())):  # the innermost says it
                error.add_note(f"in {where(self)} (path {self.path!r}), called with {_brief(arguments)}")
            raise

    def _mask_outputs(self, arguments: dict[str, Any], outputs: Any) -> None:
        first = next(iter(arguments.values()), None)
        leaves = tree_util.tree_leaves(outputs)
        if not self.supports_masking or all(masking.get_mask(leaf) is not None for leaf in leaves):
            return
        given = arguments.get("mask")
        masks = self.compute_mask(first, inputs.carried(first) if given is None else given)
        if masks is not None:
            flat = tree_util.tree_leaves(masks, is_leaf=lambda x: x is None)
            for output, mask in zip(leaves, flat, strict=False):
                if mask is not None:
                    masking.set_mask(output, mask)

    def _record(self, args: tuple, kwargs: dict, arguments: dict[str, Any]) -> Any:
        spec = inputs.spec_of(type(self).call)
        outputs = self.compute_output_spec(*args, **spec.fill_masks(arguments, kwargs))
        outputs = Node(self, args, kwargs, outputs).outputs
        self._mask_symbolic(arguments, outputs)
        return outputs

    def _mask_symbolic(self, arguments: dict[str, Any], outputs: Any) -> None:
        """Carry masks along symbolic tensors, for those who ask for them; `Function` computes them anew."""
        first = next(iter(arguments.values()), None)
        previous = inputs.carried(first)
        has_own = type(self).compute_mask is not Layer.compute_mask
        if self.supports_masking and (has_own or tree_util.tree_leaves(previous, is_leaf=graph.is_symbolic_leaf)):
            masks = self.compute_mask(first, previous)
            flat = tree_util.tree_leaves(masks, is_leaf=lambda x: x is None or graph.is_symbolic_leaf(x))
            for output, mask in zip(tree_util.tree_leaves(outputs, is_leaf=graph.is_symbolic_leaf), flat, strict=False):
                if mask is not None:
                    output._keras_mask = mask

    # ---- building

    def _build_once(self, arguments: dict[str, Any]) -> None:
        if not self.built:
            args, kwargs = inputs.build_arguments(type(self).build, arguments, inputs.spec_of(type(self).call).names)
            self.build(*args, **kwargs)
            self.built = True

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build for the shapes that `get_build_config` gave."""
        if config.get("input_shape") is not None:
            self.build(config["input_shape"])
        elif "shapes_dict" in config:
            self.build(**config["shapes_dict"])

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes that the layer was built for, where it has a `build` of its own."""
        return None if type(self).build is Layer.build else self.__dict__.get("_build_config")

    # ---- graph

    @property
    def input(self) -> Any:
        """The symbolic input of the layer's first use."""
        node = self._first_node("input")
        return node.args[0] if len(node.args) == 1 and not node.kwargs else node.input_tensors

    @property
    def output(self) -> Any:
        """The symbolic output of the layer's first use."""
        return self._first_node("output").outputs

    def _first_node(self, what: str) -> Node:
        if not self._inbound_nodes:
            raise AttributeError(
                report(
                    f"{where(self)} has never been called and thus has no defined {what}.",
                    fix="call it on an `Input`, or put it into a Sequential model with an `Input`.",
                )
            )
        return self._inbound_nodes[0]

    @property
    def input_shape(self) -> Any:
        """The shape of the symbolic input."""
        return inputs.shapes(self.input)

    @property
    def output_shape(self) -> Any:
        """The shape of the symbolic output."""
        return inputs.shapes(self.output)

    # ---- functions

    def stateless_call(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> tuple:
        """The call as a function of the variables' values: `(outputs, new non-trainable values[, losses])`."""
        if not self.built:
            raise ValueError(
                report(f"{where(self)} must be built before `stateless_call`.", fix="call it on data once.")
            )
        own, others = self.trainable_variables, self.non_trainable_variables
        losses: list[Any] = []
        with stateless([*own, *others], [*trainable_variables, *non_trainable_variables], losses=losses) as table:
            outputs = self(*args, **kwargs)
            found = self.losses if return_losses else []
        new = [table[variable] for variable in others]
        return (outputs, new, found) if return_losses else (outputs, new)

    # ---- configuration

    def get_config(self) -> dict[str, Any]:
        config = {"name": self.name, "trainable": self.trainable, "dtype": registry.serialize(self.dtype_policy)}
        silent = {*_BASE, *self._given_shape}
        silent |= {name for name in (*_SHAPES, *self.config_if_set) if self._arguments.get(name) is None}
        own = type(self).__init__ is not Layer.__init__ and "activity_regularizer" in parameters(type(self).__init__)
        if self.activity_regularizer is None and not own:
            silent.add("activity_regularizer")
        arguments = {"activity_regularizer": self.activity_regularizer, **self._configured()}
        return {**config, **{k: registry.serialize(v) for k, v in arguments.items() if k not in silent}}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


_BASE = ("name", "trainable", "dtype", "autocast", "kwargs", "weights")


def _building(build: Callable) -> Callable:
    """`build` in the layer's name scope, with real arrays even while something is traced; notes the shapes."""

    @functools.wraps(build)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> None:
        if self.__dict__.get("_building"):  # `super().build(...)`
            build(self, *args, **kwargs)
            return
        self.__dict__["_building"] = True
        self.__dict__["_home"] = "/".join(self._path())
        try:
            with scope.enter(path=self._path(), values=None, autocast=None), jax.ensure_compile_time_eval():
                build(self, *args, **kwargs)
        finally:
            del self.__dict__["_building"]
        self.built = True
        self.__dict__["_build_config"] = {"input_shape": args[0]} if args else {"shapes_dict": kwargs}
        if self._initial_weights is not None:
            weights, self._initial_weights = self._initial_weights, None
            self.set_weights(weights)

    return wrapped


def _from_shape(shape: Any, dtype: str) -> Any:
    if isinstance(shape, dict):
        return {name: _from_shape(item, dtype) for name, item in shape.items()}
    if shape is None or (isinstance(shape, list | tuple) and all(n is None or isinstance(n, int) for n in shape)):
        return None if shape is None else KerasTensor(shape, dtype)
    return type(shape)([_from_shape(item, dtype) for item in shape])


def _brief(value: Any) -> str:
    if inputs.is_tensor(value):
        return f"{value.dtype}{list(graph.known(value.shape))}"
    if isinstance(value, dict):
        return ", ".join(f"{name}={_brief(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_brief, value))})"
    return repr(value)
