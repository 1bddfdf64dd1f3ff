"""Muon: the momentum of a matrix made orthogonal; Adam for everything else."""

from typing import Any

from tricera import expressions
from tricera.engine.registry import register
from tricera.engine.variable import Variable
from tricera.optimizers.adam import adam
from tricera.optimizers.gradient import norm
from tricera.optimizers.optimizer import Optimizer, hyperparameters


@register("optimizer")
class Muon(Optimizer):
    """A matrix steps along its momentum with all singular values near 1; other arrays take Adam's step.

    Args:
        adam_beta_1, adam_beta_2, epsilon, adam_weight_decay: of Adam's part, whose rate is `rate * adam_lr_ratio`.
        exclude_layers: regular expressions; what they are found in, by path, is Adam's.
        exclude_embeddings: whether embeddings are Adam's.
        muon_a, muon_b, muon_c: the polynomial `a x + b x^3 + c x^5` that drives singular values towards 1.
        ns_steps: how often it is applied.
        rms_rate: the step's root mean square, about that of Adam's steps; None not to scale it.

    Reference: Jordan et al., 2024, "Muon: An optimizer for hidden layers in neural networks"; `rms_rate`: Liu et
    al., 2025, arXiv:2502.16982.
    """

    @hyperparameters
    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Any = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
    ):
        self.exclude_layers = exclude_layers or []

    def build_slots(self) -> None:
        for variable, slots in zip(self._trainable_variables, self._slots, strict=True):
            if not variable.overwrite_with_gradient:
                names = ("momentum", "velocity") if self._should_use_adamw(variable) else ("momentum",)
                slots += [self.add_variable_from_reference(variable, name) for name in names]

    def _should_use_adamw(self, variable: Variable) -> bool:
        embedding = self.exclude_embeddings and "embedding" in variable.path.lower()
        excluded = any(expressions.search(keyword, variable.path) for keyword in self.exclude_layers)
        return len(variable.shape) != 2 or embedding or excluded

    def decay_of(self, variable: Variable) -> float | None:
        return self.adam_weight_decay if self._should_use_adamw(variable) else self.weight_decay

    def update(self, p: Any, g: Any, *slots: Any, rate: Any, step: Any) -> tuple[Any, ...]:
        if len(slots) == 2:
            b1, b2, rate = self.adam_beta_1, self.adam_beta_2, rate * self.adam_lr_ratio
            return adam(p, g, *slots, b1=b1, b2=b2, epsilon=self.epsilon, rate=rate, t=step)
        m = self.momentum * slots[0] + g
        o = self._orthogonal(g + self.momentum * m if self.nesterov else m)
        return p - rate * self._scale(p.shape) * o, m

    def _scale(self, shape: Any) -> float:
        return 1 if self.rms_rate is None else max(shape) ** 0.5 * self.rms_rate

    def _orthogonal(self, x: Any) -> Any:
        """`U V^T` of `x = U S V^T`, nearly, by Newton and Schulz' iteration."""
        tall = x.shape[0] > x.shape[1]
        x = x.T if tall else x
        x = x / (norm(x) + 1e-7)
        for _ in range(self.ns_steps):
            a = x @ x.T
            x = self.muon_a * x + (self.muon_b * a + self.muon_c * a @ a) @ x
        return x.T if tall else x
