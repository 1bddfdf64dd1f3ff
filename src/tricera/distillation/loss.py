"""How far a student is from its teacher."""

from typing import Any

import jax

from tricera import losses, ops
from tricera.engine.configured import Configured
from tricera.engine.registry import register
from tricera.errors import abstract, report


class DistillationLoss(Configured):
    """Base: a subclass says how far outputs are apart, in `compute_loss`."""

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        """The distance, a number."""
        raise abstract(self, "compute_loss")

    def validate_outputs(self, teacher_outputs: Any, student_outputs: Any) -> None:
        """Raise ValueError unless the outputs are nested alike."""
        teacher, student = (jax.tree.structure(outputs) for outputs in (teacher_outputs, student_outputs))
        if teacher != student:
            what = f"{type(self).__name__}: The outputs of teacher and student don't have the same nested structure."
            raise ValueError(report(what, expected=f"the teacher's, {teacher}", got=f"the student's, {student}"))

    def validate_model_compatibility(self, teacher: Any, student: Any) -> None:
        """Raise ValueError if these models cannot be compared."""


class _Distance(DistillationLoss):
    """Base: a loss between outputs, or a nest of them like the outputs."""

    loss: Any

    def _adopt(self, loss: Any) -> None:
        if not jax.tree.leaves(loss):
            raise ValueError(report(f"{type(self).__name__}: At least one loss must be non-`None`.", got=repr(loss)))
        self.loss = jax.tree.map(losses.get, loss)

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        self.validate_outputs(teacher_outputs, student_outputs)
        teacher, student, loss = map(jax.tree.leaves, (teacher_outputs, student_outputs, self.loss))
        if len(loss) not in (1, len(teacher)):
            what = f"{type(self).__name__}: There are as many losses as outputs, or one for all of them."
            raise ValueError(report(what, expected=f"1 or {len(teacher)}", got=len(loss)))
        every = loss * len(teacher) if len(loss) == 1 else loss
        distances = [self.distance(*each) for each in zip(every, teacher, student, strict=True)]
        return sum(distances[1:], start=distances[0])

    def distance(self, loss: Any, teacher: Any, student: Any) -> Any:
        """The loss of one output."""
        return ops.mean(loss(teacher, student))


@register("distillation")
class FeatureDistillation(_Distance):
    """The loss between what a layer of the teacher and one of the student give: `loss(teacher, student)`.

    Args:
        loss: a loss or its name; of several outputs, one for all or a nest like them.
        teacher_layer_name, student_layer_name: the layers; None for what the model returns.

    Reference: Romero et al., 2014, "FitNets", arXiv:1412.6550.
    """

    def __init__(self, loss="mse", teacher_layer_name=None, student_layer_name=None):
        self._adopt(loss)
        self.teacher_layer_name, self.student_layer_name = teacher_layer_name, student_layer_name

    def validate_model_compatibility(self, teacher: Any, student: Any) -> None:
        """Raise ValueError unless the models are graphs that have these layers."""
        for role, model, name in (
            ("teacher", teacher, self.teacher_layer_name),
            ("student", student, self.student_layer_name),
        ):
            if name is None:
                continue
            if not hasattr(model, "inputs"):
                what = (
                    f"FeatureDistillation: The {role} is a subclassed model, whose layers are reached by nobody else."
                )
                fix = "make it a functional or a Sequential model with an `Input`, or leave the layer's name out."
                raise ValueError(report(what, got=f"{role}_layer_name={name!r}", fix=fix))
            model.get_layer(name)


@register("distillation")
class LogitsDistillation(_Distance):
    """The loss between softened outputs: `T^2 * KL(softmax(teacher / T), softmax(student / T))`.

    Another loss than Kullback and Leibler's is computed of the logits themselves: `loss(teacher / T, student / T)`.

    Args:
        temperature: T, above 0: the higher, the more the student learns of the classes that are less likely.
        loss: a loss or its name; of several outputs, one for all or a nest like them.

    Reference: Hinton et al., 2015, arXiv:1503.02531.
    """

    def __init__(self, temperature=3.0, loss="kl_divergence"):
        if not temperature > 0:
            raise ValueError(report("LogitsDistillation: `temperature` must be positive.", got=temperature))
        self.temperature = temperature
        self._adopt(loss)

    def distance(self, loss: Any, teacher: Any, student: Any) -> Any:
        teacher, student = teacher / self.temperature, student / self.temperature
        if loss is losses.kl_divergence or isinstance(loss, losses.KLDivergence):
            return self.temperature**2 * ops.mean(loss(ops.softmax(teacher), ops.softmax(student)))
        return super().distance(loss, teacher, student)
