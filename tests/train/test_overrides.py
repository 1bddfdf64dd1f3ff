"""Steps, losses and metrics that users write, in Keras' JAX form, and loops of their own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tricera
from tricera import layers

X = np.random.default_rng(0).normal(size=(24, 6)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, 24)


def body(k):
    k.utils.set_random_seed(1)
    return [
        k.layers.Input((6,)),
        k.layers.Dense(8, activation="relu"),
        k.layers.Dropout(0.2),
        k.layers.BatchNormalization(),
        k.layers.Dense(3, activation="softmax"),
    ]


def fitted(k, methods, **compiled):
    """What a Sequential model with these methods gives."""
    model = type("Own", (k.Sequential,), methods(k))(body(k))
    model.compile("sgd", "sparse_categorical_crossentropy", **compiled)
    history = dict(model.fit(X, Y, epochs=2, batch_size=8, verbose=0).history)
    return history, model.evaluate(X, Y, verbose=0, return_dict=True), model.predict(X, verbose=0)


def own_loss(k):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return k.ops.mean(k.ops.square(k.ops.one_hot(y, 3) - y_pred)) + (0.1 if training else 0.0)

    return {"compute_loss": compute_loss}


def older_loss(k):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        return k.Sequential.compute_loss(self, x, y, y_pred, sample_weight) * 2

    return {"compute_loss": compute_loss}


def own_metrics(k):
    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        logs = k.Sequential.compute_metrics(self, x, y, y_pred, sample_weight)
        return {**logs, "highest": k.ops.max(y_pred)}

    return {"compute_metrics": compute_metrics}


def updated(model, metrics, loss, y, y_pred):
    """Logs and values of the metrics, as Keras' guide to custom steps does it."""
    logs, new = {}, []
    for metric in model.metrics:
        values = metrics[len(new) : len(new) + len(metric.variables)]
        seen = (loss,) if metric.name == "loss" else (y, y_pred)
        values = metric.stateless_update_state(values, *seen)
        result = metric.stateless_result(values)
        logs.update(result if isinstance(result, dict) else {metric.name: result})
        new += values
    return logs, new


def own_steps(k):
    def train_step(self, state, data):
        trainable, others, optimizer, metrics = state
        x, y, sample_weight = k.utils.unpack_x_y_sample_weight(data)
        gradient = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
        (_, aux), gradients = gradient(
            trainable, others, metrics, x, y, sample_weight, training=True, optimizer_variables=optimizer
        )
        loss, y_pred, others, metrics = aux
        gradients = [g * 0.5 for g in gradients]
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
        logs, metrics = updated(self, metrics, loss, y, y_pred)
        return logs, (trainable, others, optimizer, metrics)

    def test_step(self, state, data):
        trainable, others, metrics = state
        x, y = data
        y_pred, others = self.stateless_call(trainable, others, x, training=False)
        logs, metrics = updated(self, metrics, jnp.mean(y_pred), y, y_pred)
        return logs, (trainable, others, metrics)

    def predict_step(self, state, data):
        outputs, others = self.stateless_call(*state, data, training=False)
        return outputs * 2, others

    return {"train_step": train_step, "test_step": test_step, "predict_step": predict_step}


def same(ours, theirs, rtol=1e-4):
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-5)


@pytest.mark.parametrize("methods", [own_loss, older_loss, own_metrics, own_steps])
def test_overrides_are_followed_as_in_keras(keras, methods):
    same(*(fitted(k, methods, metrics=["accuracy"]) for k in (tricera, keras)))


def test_a_loss_with_updates_of_the_users_still_feeds_the_metrics():
    def compute_loss_and_updates(self, *args, **kwargs):
        loss, (plain, *rest) = tricera.Sequential.compute_loss_and_updates(self, *args, **kwargs)
        return loss, (plain + 1.0, *rest)

    own, _, _ = fitted(tricera, lambda k: {"compute_loss_and_updates": compute_loss_and_updates}, metrics=["accuracy"])
    plain, _, _ = fitted(tricera, lambda k: {}, metrics=["accuracy"])
    np.testing.assert_allclose(own["loss"], np.add(plain["loss"], 1), rtol=1e-5)
    np.testing.assert_allclose(own["accuracy"], plain["accuracy"])


def test_a_loop_of_ones_own_under_jit(keras):
    def run(k):
        model, loss = k.Sequential(body(k)), k.losses.SparseCategoricalCrossentropy()
        optimizer, accuracy = k.optimizers.Adam(0.01), k.metrics.SparseCategoricalAccuracy()
        optimizer.build(model.trainable_variables)

        def compute(trainable, others, x, y):
            y_pred, others = model.stateless_call(trainable, others, x, training=True)
            return loss(y, y_pred), (others, y_pred)

        @jax.jit
        def step(state, x, y):
            trainable, others, inner, seen = state
            (value, (others, y_pred)), gradients = jax.value_and_grad(compute, has_aux=True)(trainable, others, x, y)
            trainable, inner = optimizer.stateless_apply(inner, gradients, trainable)
            return value, (trainable, others, inner, accuracy.stateless_update_state(seen, y, y_pred))

        groups = (model.trainable_variables, model.non_trainable_variables, optimizer.variables, accuracy.variables)
        state = tuple([v.value for v in group] for group in groups)
        losses = []
        for _ in range(3):
            value, state = step(state, X, Y)
            losses.append(float(value))
        for group, values in zip(groups, state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        return losses, float(accuracy.result()), model.predict(X, verbose=0)

    same(run(tricera), run(keras))


def test_two_models_that_train_against_each_other(keras):
    def run(k):
        k.utils.set_random_seed(1)
        judge = k.Sequential([k.layers.Input((6,)), k.layers.Dense(8), k.layers.Dense(1, activation="sigmoid")])
        judge.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
        maker = k.Sequential([k.layers.Input((4,)), k.layers.Dense(6)])
        judge.trainable = False
        noise = k.Input((4,))
        both = k.Model(noise, judge(maker(noise)))
        both.compile("sgd", "binary_crossentropy")
        losses = []
        for _ in range(3):
            judge.trainable = True
            losses += judge.train_on_batch(X[:8], np.ones((8, 1)))
            losses += judge.train_on_batch(maker.predict(X[:8, :4], verbose=0), np.zeros((8, 1)))
            judge.trainable = False
            before = judge.get_weights()
            losses.append(both.train_on_batch(X[:8, :4], np.ones((8, 1))))
            for a, b in zip(before, judge.get_weights(), strict=True):
                np.testing.assert_array_equal(a, b)
        return losses, judge.get_weights(), maker.get_weights()

    ours, theirs = run(tricera), run(keras)
    same(ours, theirs)


def test_an_optimizer_of_another_model_is_refused():
    optimizer = tricera.optimizers.SGD()
    for units in (2, 3):
        model = tricera.Sequential([layers.Input((6,)), layers.Dense(units, name=f"head_{units}")], name="m")
        model.compile(optimizer, "mse")
        if units == 2:
            model.train_on_batch(X, X[:, :2])
    with pytest.raises(ValueError) as error:
        model.train_on_batch(X, X[:, :3])
    assert str(error.value) == (
        "SGD was built for other variables.\n"
        "  expected: m/head_2/kernel, shape (6, 2)\n"
        "  got:      shape (6, 3)\n"
        "  fix:      give each model an optimizer of its own."
    )
