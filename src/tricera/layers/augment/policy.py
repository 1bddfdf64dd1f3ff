"""Augmentations that choose among others at random."""

import functools
from typing import Any

import jax
from jax import lax, tree_util
from jax import numpy as jnp

from tricera import random
from tricera.engine.registry import register
from tricera.layers.arguments import check_choice, check_positive
from tricera.layers.augment.augment import Augment
from tricera.layers.augment.colour import (
    AutoContrast,
    Equalization,
    RandomBrightness,
    RandomColorDegeneration,
    RandomContrast,
    RandomPosterization,
    RandomSharpness,
    Solarization,
)
from tricera.layers.augment.geometry import RandomRotation, RandomShear, RandomTranslation

_MOVES = (RandomShear, RandomTranslation, RandomRotation)
_COLOURS = (RandomBrightness, RandomColorDegeneration, RandomContrast, RandomSharpness)
_LEVELS = (RandomPosterization, Solarization, AutoContrast, Equalization)


class _Policy(Augment):
    """Base: several layers, of which `_apply` runs the one that an index says, the others not."""

    def _compose(self, kinds: tuple[type[Augment], ...]) -> None:
        check_choice(self, ("nearest", "bilinear"), interpolation=self.interpolation)
        twice = dict.fromkeys((RandomShear, RandomTranslation, Solarization), (self.factor, self.factor))
        strengths = {**twice, RandomPosterization: (max(1, int(8 * self.factor[1])),)}
        shared = {"dtype": self.dtype_policy, "data_format": self.data_format}
        self._steps = []
        for kind in kinds:
            options = {"interpolation": self.interpolation} if kind in _MOVES else {"value_range": self.value_range}
            if kind.always:
                self._steps.append(kind(**options, **shared))
            else:
                strength = strengths.get(kind, (self.factor,))
                self._steps.append(kind(*strength, **options, **shared, seed=self.seed_generator.seed))

    def _apply(self, part: str, index: Any, drawn: list[Any], x: Any) -> Any:
        """What the layer of this index makes of `"images"` or the like; beyond the last one, `x` itself."""

        def branch(step: Augment, transformation: Any) -> Any:
            def run(x: Any) -> Any:
                made = getattr(step, f"transform_{part}")(x, transformation, True)
                return tree_util.tree_map(lambda new, old: new.astype(old.dtype), made, x)

            return run

        branches = [branch(step, each) for step, each in zip(self._steps, drawn, strict=True)]
        return lax.switch(index, [*branches, lambda x: x], x)


@register("layer")
class RandAugment(_Policy):
    """`num_ops` of eleven augmentations one after another, the same ones for the whole batch.

    Args:
        num_ops: how many.
        factor: how strong each is, from 0 to 1.

    Reference: Cubuk et al., 2019, arXiv:1909.13719.
    """

    moves = True

    def __init__(
        self,
        value_range=(0, 255),
        num_ops=2,
        factor=0.5,
        interpolation="bilinear",
        seed=None,
        data_format=None,
        **kwargs,
    ):
        self._adopt(locals())
        check_positive(self, num_ops=num_ops)
        self._compose((*_MOVES, *_COLOURS, *_LEVELS))

    def _draws(self, shape, seed):
        images = jax.ShapeDtypeStruct(shape, "float32")
        chosen = random.randint((self.num_ops,), 0, len(self._steps), seed=seed)
        return {"chosen": chosen, "drawn": [step.get_random_transformation(images, True, seed) for step in self._steps]}

    def _all(self, part: str, x: Any, drawn: Any) -> Any:
        for index in drawn["chosen"]:
            x = self._apply(part, index, drawn["drawn"], x)
        return x

    _images = functools.partialmethod(_all, "images")
    _labelled_boxes = functools.partialmethod(_all, "bounding_boxes")
    _masks = functools.partialmethod(_all, "segmentation_masks")


@register("layer")
class AugMix(_Policy):
    """`w x + (1 - w) * (the mean of several chains of augmentations of x)`, with weights drawn for the batch.

    Args:
        num_chains: how many chains.
        chain_depth: how many augmentations, or nothings, stand in each.
        factor: how strong each is, from 0 to 1.
        alpha: of the Dirichlet distribution of the chains' weights, and of the beta distribution of `w`.
        all_ops: whether brightness, colour, contrast and sharpness are changed, too.

    Reference: Hendrycks et al., 2019, arXiv:1912.02781.
    """

    def __init__(
        self,
        value_range=(0, 255),
        num_chains=3,
        chain_depth=3,
        factor=0.3,
        alpha=1.0,
        all_ops=True,
        interpolation="bilinear",
        seed=None,
        data_format=None,
        **kwargs,
    ):
        self._adopt(locals())
        check_positive(self, num_chains=num_chains, chain_depth=chain_depth)
        self._compose((*_MOVES, *_LEVELS, *(_COLOURS if all_ops else ())))

    def _draws(self, shape, seed):
        steps, batch = (self.num_chains, self.chain_depth), shape[0]
        shares = random.gamma((self.num_chains,), self.alpha, seed=seed)
        weight = random.beta((), self.alpha, self.alpha, seed=seed)
        all_at_once = batch * steps[0] * steps[1], *shape[-3:-1], 1
        drawn = [step._draws(all_at_once, seed) for step in self._steps]
        return {
            "chosen": random.randint(steps, 0, len(self._steps) + 1, seed=seed),
            "drawn": tree_util.tree_map(lambda x: x.reshape(*steps, batch), drawn),
            "shares": shares / jnp.sum(shares),
            "weight": weight,
        }

    def _images(self, x, drawn):
        return self._clipped(self._mixed("images", x, drawn))

    def _masks(self, x, drawn):
        return self._mixed("segmentation_masks", x.astype(self.compute_dtype), drawn)

    def _mixed(self, part: str, x: Any, drawn: dict[str, Any]) -> Any:
        def step(x: Any, each: Any) -> tuple[Any, None]:
            return self._apply(part, *each, x), None

        def chain(total: Any, each: Any) -> tuple[Any, None]:
            share, *draws = each
            return total + share.astype(x.dtype) * lax.scan(step, x, tuple(draws))[0], None

        chains = drawn["shares"], drawn["chosen"], drawn["drawn"]
        mean, _ = lax.scan(chain, jnp.zeros_like(x), chains)
        weight = drawn["weight"].astype(x.dtype)
        return weight * x + (1 - weight) * mean
