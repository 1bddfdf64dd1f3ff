"""Distiller: trains a student on the targets and on what its teacher says."""

from collections.abc import Sequence
from typing import Any

from tricera import ops
from tricera.distillation.loss import DistillationLoss
from tricera.engine.registry import register
from tricera.errors import report
from tricera.metrics import Mean
from tricera.models import Functional, Model


@register("distillation")
@register("model")
class Distiller(Model):
    """Trains `student` to make `w * its own loss + (1 - w) * (distances from teacher)` small; the teacher stays.

    Called, it is the student. Logs have `student_loss`, `distillation_loss` and `total_loss`.

    Args:
        teacher: a trained model; it is set to `trainable=False`.
        student: a model with the same inputs and outputs.
        distillation_losses: one `DistillationLoss`, or a list of them.
        distillation_loss_weights: the weight of each of them; 1 where None.
        student_loss_weight: w, from 0 to 1; where it is 0, targets are not looked at, and `compile` needs no loss.

    Raises:
        ValueError: the models do not fit each other, or a weight makes no sense.

    Reference: Hinton et al., 2015, arXiv:1503.02531.
    """

    def __init__(
        self,
        teacher,
        student,
        distillation_losses,
        distillation_loss_weights=None,
        student_loss_weight=0.5,
        name="distiller",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        several = isinstance(distillation_losses, list | tuple)
        self.distillation_losses = list(distillation_losses) if several else [distillation_losses]
        weights = distillation_loss_weights
        weights = [1.0] * len(self.distillation_losses) if weights is None else weights
        self.distillation_loss_weights = list(weights) if isinstance(weights, list | tuple) else [weights]
        self.student_loss_weight = student_loss_weight
        self._check(teacher, student)
        self.teacher, self.student = teacher, student
        teacher.trainable = False
        self.student_loss_tracker = Mean(name="student_loss")
        self.distillation_loss_tracker = Mean(name="distillation_loss")
        self.total_loss_tracker = Mean(name="total_loss")

    def _check(self, teacher: Any, student: Any) -> None:
        for role, model in (("teacher", teacher), ("student", student)):
            if not isinstance(model, Model):
                raise ValueError(report(f"Distiller: The {role} must be a keras.Model.", got=repr(model)))
        losses, weights = self.distillation_losses, self.distillation_loss_weights
        if not losses or not all(isinstance(loss, DistillationLoss) for loss in losses):
            expected = "a DistillationLoss, or a list of them"
            raise ValueError(
                report("Distiller: `distillation_losses` make no sense.", expected=expected, got=repr(losses))
            )
        if len(weights) != len(losses):
            what = "Distiller: The number of `distillation_loss_weights` must match that of `distillation_losses`."
            raise ValueError(report(what, expected=len(losses), got=len(weights)))
        if not 0 <= self.student_loss_weight <= 1:
            what = "Distiller: `student_loss_weight` must be between 0.0 and 1.0."
            raise ValueError(report(what, got=self.student_loss_weight))
        for what in ("input", "output"):
            shapes = [getattr(model, f"{what}_shape", None) for model in (teacher, student)]
            if None not in shapes and shapes[0] != shapes[1]:
                text = f"Distiller: The {what} shapes of teacher and student are incompatible."
                raise ValueError(
                    report(text, expected=f"the teacher's, {shapes[0]}", got=f"the student's, {shapes[1]}")
                )
        for loss in losses:
            loss.validate_model_compatibility(teacher, student)

    def compile(self, optimizer="adam", loss=None, metrics=None, **kwargs):
        """As of `Model`.

        Raises:
            ValueError: there is no loss, although the student's has a weight.
        """
        if loss is None and self.student_loss_weight > 0:
            what = "Distiller: 'loss' cannot be `None`."
            fix = "give the student's loss, or set `student_loss_weight=0`."
            raise ValueError(report(what, got=f"student_loss_weight={self.student_loss_weight}", fix=fix))
        super().compile(optimizer, loss=loss, metrics=metrics, **kwargs)

    def call(self, inputs, training=None):
        if not self.teacher.built:
            self.teacher(inputs, training=False)
        return self.student(inputs, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The weighted sum of the student's loss, regularizers' included, and of the distances."""
        w, total = self.student_loss_weight, 0.0
        if w > 0:
            loss = super().compute_loss(x, y, y_pred, sample_weight, training)
            self.student_loss_tracker.update_state(loss)
            total = total + w * loss
        if w < 1:
            distance = self._distance(x, y_pred, training)
            self.distillation_loss_tracker.update_state(distance)
            total = total + (1 - w) * distance
        self.total_loss_tracker.update_state(total)
        return total

    def _distance(self, x: Any, y_pred: Any, training: bool) -> Any:
        taught = _results(self.teacher, [_layer(loss, "teacher") for loss in self.distillation_losses], x, None, False)
        names = [_layer(loss, "student") for loss in self.distillation_losses]
        learned = _results(self.student, names, x, y_pred, training)
        every = zip(self.distillation_loss_weights, self.distillation_losses, taught, learned, strict=True)
        return sum(weight * loss.compute_loss(ops.stop_gradient(t), s) for weight, loss, t, s in every)


def _layer(loss: DistillationLoss, role: str) -> str | None:
    """The name of the layer that a loss looks at; None for the model's result."""
    return getattr(loss, f"{role}_layer_name", None)


def _results(model: Model, names: Sequence[str | None], x: Any, result: Any, training: bool) -> list[Any]:
    """What these layers of a model give for `x`; for None `result`, or, where that is None, what the model gives."""
    if result is None or any(names):
        layers = [model.get_layer(name).output for name in names if name]
        run = Functional(model.input, [model.output, *layers], name="results") if layers else model
        found = run(x, training=training)
        own, *inner = found if layers else [found]
        result = own if result is None else result
    given = iter(inner if any(names) else ())
    return [next(given) if name else result for name in names]
