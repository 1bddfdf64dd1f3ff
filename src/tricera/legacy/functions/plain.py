"""Functions of lists and of functions that Keras 1 and 2 had in `generic_utils` and in `engine`."""

import inspect

import numpy as np

from tricera.errors import did_you_mean, report


def to_list(x, allow_tuple=False):
    """A list as it is, else a list with `x` alone; a tuple as a list where that is allowed."""
    if isinstance(x, list):
        return x
    return list(x) if allow_tuple and isinstance(x, tuple) else [x]


_to_list = to_list


def unpack_singleton(x):
    """The element of a list of one, else the list."""
    return x[0] if len(x) == 1 else x


def is_all_none(iterable_or_element):
    """Whether it is None, or holds nothing else."""
    return all(each is None for each in to_list(iterable_or_element, allow_tuple=True))


_is_all_none = is_all_none


def object_list_uid(object_list):
    """A text that tells these objects, in this order, from others."""
    return ", ".join(str(abs(id(each))) for each in to_list(object_list))


_object_list_uid = object_list_uid


def has_arg(fn, name, accept_all=False):
    """Whether a function takes an argument by this name; by `**kwargs` only where that is said to do."""
    found = inspect.signature(fn).parameters
    if name in found:
        return found[name].kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return accept_all and any(p.kind is p.VAR_KEYWORD for p in found.values())


def getargspec(fn):
    """The names of the arguments of a function, and their defaults."""
    return inspect.getfullargspec(fn)


def slice_arrays(arrays, start=None, stop=None):
    """Rows of each array of a list, or of one: from `start` to `stop`, or those whose indices `start` lists."""
    if isinstance(arrays, list):
        return [None if each is None else slice_arrays(each, start, stop) for each in arrays]
    if arrays is None:
        return [None]
    if hasattr(start, "__len__"):
        return arrays[start.tolist() if isinstance(start, np.ndarray) else start]
    return arrays[start:stop]


_slice_arrays = slice_arrays


def slice_X(X, start=None, stop=None):
    """`slice_arrays`, as Keras 1 called it."""
    return slice_arrays(X, start, stop)


_slice_X = slice_X


def make_batches(size, batch_size):
    """The first row of each batch, and the one after its last."""
    return [(first, min(size, first + batch_size)) for first in range(0, size, batch_size)]


_make_batches = make_batches


def batch_shuffle(index_array, batch_size):
    """The indices with whole batches in a new order; a last, smaller one stays last."""
    whole = len(index_array) // batch_size * batch_size
    batches = np.random.permutation(np.asarray(index_array[:whole]).reshape(-1, batch_size))  # noqa: NPY002
    return np.append(batches.ravel(), index_array[whole:])


_batch_shuffle = batch_shuffle


def transpose_shape(shape, target_format, spatial_axes):
    """A shape with its channels where `target_format` has them."""
    if target_format != "channels_first":
        return shape
    return type(shape)([*shape[: spatial_axes[0]], shape[-1], *(shape[axis] for axis in spatial_axes)])


def check_for_unexpected_keys(name, input_dict, expected_values):
    """Raise ValueError if a dict has other keys than the expected ones."""
    unknown = set(input_dict) - set(expected_values)
    if unknown:
        raise ValueError(report(f"Unknown entries in {name} dictionary.", expected=list(expected_values), got=unknown))


def get_from_module(identifier, module_params, module_name, instantiate=False, kwargs=None):
    """What a module has by this name, made if that is asked for; what is no text stays.

    Raises:
        ValueError: it has nothing of that name.
    """
    if isinstance(identifier, dict):
        kwargs, identifier, instantiate = identifier, identifier.pop("name"), True
    if not isinstance(identifier, str):
        return identifier
    found = module_params.get(identifier)
    if not found:
        fix = did_you_mean(identifier, filter(str.isidentifier, module_params))
        raise ValueError(report(f"Invalid {module_name}: {identifier}", fix=fix))
    return found(**(kwargs or {})) if instantiate else found


def make_tuple(*args):
    """The arguments as a tuple."""
    return args


def is_sequence(seq):
    """Whether it gives batches by number."""
    return hasattr(seq, "__getitem__") and hasattr(seq, "__len__") and not isinstance(seq, list | tuple | np.ndarray)


def is_generator_or_sequence(x):
    """Whether it gives batches, one after the other or by number."""
    return inspect.isgenerator(x) or is_sequence(x)


def iter_sequence_infinite(seq):
    """The batches of a sequence, again and again."""
    while True:
        yield from seq


class Reduction:
    """What losses of tf.keras may do with the values of a batch."""

    AUTO = SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    NONE, SUM = "none", "sum"

    @classmethod
    def all(cls):
        """Each of them."""
        return cls.AUTO, cls.NONE, cls.SUM


class SequenceEnqueuer:
    """Batches in the order of their source; `fit` prepares its own ahead, and needs no queue.

    Args:
        sequence: what gives batches by number, or a generator.
    """

    def __init__(self, sequence, use_multiprocessing=False, wait_time=None, random_seed=None, shuffle=False, **kwargs):
        self.sequence, self.shuffle, self._runs = sequence, shuffle, False

    def start(self, *args, **kwargs):
        """Begin."""
        self._runs = True

    def is_running(self):
        """Whether it has begun, and was not stopped."""
        return self._runs

    def stop(self, timeout=None):
        """End."""
        self._runs = False

    def get(self):
        """The batches: those of a sequence without end."""
        return iter(self.sequence) if not is_sequence(self.sequence) else self._again()

    def _again(self):
        while True:
            count = len(self.sequence)
            yield from (self.sequence[i] for i in (np.random.permutation(count) if self.shuffle else range(count)))  # noqa: NPY002
            getattr(self.sequence, "on_epoch_end", lambda: None)()


GeneratorEnqueuer = OrderedEnqueuer = SequenceEnqueuer
