"""`tf.function`, steps in Keras 2's form, and loops over data sets."""

import numpy as np
import pytest

import tricera as keras
from tricera.legacy import tensorflow as tf

X = np.random.default_rng(0).normal(size=(48, 6)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, 48)
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def body(cls=keras.Sequential):
    keras.utils.set_random_seed(1)
    return cls(
        [keras.layers.Input((6,)), keras.layers.Dense(8, "tanh", kernel_regularizer="l2"), keras.layers.Dense(3)]
    )


def test_a_compiled_loop_does_what_fit_does():
    reference = body()
    reference.compile(keras.optimizers.Adam(0.01), LOSS)
    reference.fit(X, Y, batch_size=16, epochs=2, shuffle=False, verbose=0)
    model, optimizer = body(), keras.optimizers.Adam(0.01)
    traced = []

    @tf.function
    def step(x, y):
        traced.append(x)
        with tf.GradientTape() as tape:
            loss = LOSS(y, model(x, training=True)) + sum(model.losses)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_weights), model.trainable_weights, strict=True)
        )
        return {"loss": loss, "what": "a text"}

    for _ in range(2):
        for x, y in tf.data.Dataset.from_tensor_slices((X, Y)).batch(16):
            logs = step(x, y)
    assert len(traced) == 2 and logs["what"] == "a text" and logs["loss"].numpy() > 0  # found variables, then compiled
    for found, expected in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_each_structure_shape_and_number_is_a_program_of_its_own():
    traced = []

    class Counter(tf.Module):
        def __init__(self):
            super().__init__()
            self.count = tf.Variable(0.0)

        @tf.function
        def add(self, x, times=1):
            traced.append(times)
            self.count.assign_add(tf.reduce_sum(x) * times)
            return tf.random.normal(()), self.count

    one, other = Counter(), Counter()
    draws = [float(one.add(tf.ones(3))[0]) for _ in range(3)]
    assert len(set(draws)) == 3 and len(traced) == 2
    one.add(tf.ones(3), times=2)
    other.add(tf.ones(4))
    assert one.count.numpy() == 3 * 3 + 6 and other.count.numpy() == 4 and one.variables == (one.count,)


def test_python_that_needs_values_runs_as_it_is():
    total = tf.Variable(0.0)

    @tf.function
    def halve(x, data):
        turns = 0
        while x > 1:
            x, turns = x / 2, turns + 1
        for row in data:
            total.assign_add(tf.reduce_sum(row))
        return turns

    assert halve(tf.constant(8.0), tf.data.Dataset.range(4).batch(2)) == 3
    assert total.numpy() == 6
    tf.config.run_functions_eagerly(True)
    try:
        assert tf.function(lambda x: float(x))(tf.constant(2.0)) == 2
    finally:
        tf.config.run_functions_eagerly(False)


class Own(keras.Sequential):
    """The step of Keras' guide for TensorFlow."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


class Older(keras.Sequential):
    """The same of an earlier Keras."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
        self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
        self.compiled_metrics.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


class Above(keras.Sequential):
    """A step that leaves the work to the built-in one."""

    def train_step(self, data):
        return super().train_step(data)

    def test_step(self, data):
        return {"twice": super().test_step(data)["loss"] * 2}


@pytest.mark.parametrize("cls", [Own, Older, Above])
@pytest.mark.parametrize("eagerly", [False, True])
def test_a_step_of_keras_2_trains_as_the_built_in_one(cls, eagerly):
    models = [body(), body(cls)]
    histories = []
    for model in models:
        model.compile(keras.optimizers.Adam(0.01), LOSS, metrics=["accuracy"], run_eagerly=eagerly)
        histories.append(model.fit(X, Y, batch_size=16, epochs=2, shuffle=False, verbose=0).history)
    assert histories[1].keys() == {"loss", "accuracy"}
    for name, values in histories[1].items():
        np.testing.assert_allclose(values, histories[0][name], rtol=1e-4)
    np.testing.assert_allclose(models[1].predict(X, verbose=0), models[0].predict(X, verbose=0), rtol=1e-4, atol=1e-5)
    twice = models[1].evaluate(X, Y, verbose=0, return_dict=True)
    loss = models[0].evaluate(X, Y, verbose=0, return_dict=True)["loss"]
    np.testing.assert_allclose(twice["twice"] / 2 if cls is Above else twice["loss"], loss, rtol=1e-4)


class Gan(keras.Model):
    """Two models with two optimizers, random numbers without a seed, metrics of its own, and no `call`."""

    def __init__(self):
        super().__init__()
        self.generator = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(6)])
        self.discriminator = keras.Sequential(
            [keras.layers.Input((6,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1)]
        )
        self.seen = tf.Variable(0, trainable=False)

    def compile(self, d_optimizer, g_optimizer):
        super().compile()
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.d_loss_metric = keras.metrics.Mean(name="d_loss")

    @property
    def metrics(self):
        return [self.d_loss_metric]

    def train_step(self, real):
        batch = tf.shape(real)[0]
        noise = tf.random.normal(shape=(batch, 2))
        labels = tf.concat([tf.ones((batch, 1)), tf.zeros((batch, 1))], axis=0)
        loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
        both = tf.concat([self.generator(noise), real], axis=0)
        with tf.GradientTape() as tape:
            d_loss = loss_fn(labels, self.discriminator(both))
        grads = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(zip(grads, self.discriminator.trainable_weights, strict=True))
        with tf.GradientTape() as tape:
            g_loss = loss_fn(tf.zeros((batch, 1)), self.discriminator(self.generator(noise)))
        grads = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights, strict=True))
        self.seen.assign_add(1)
        self.d_loss_metric.update_state(d_loss)
        return {"d_loss": self.d_loss_metric.result(), "g_loss": g_loss, "noise": noise[0, 0]}


def test_a_model_of_models():
    keras.utils.set_random_seed(0)
    gan = Gan()
    gan.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.02))
    before = gan.generator.get_weights()[0]
    history = gan.fit(tf.data.Dataset.from_tensor_slices(X).batch(16), epochs=2, verbose=0).history
    assert history.keys() == {"d_loss", "g_loss", "noise"} and len(set(history["noise"])) == 2
    assert gan.seen.numpy() == 6 and int(gan.d_optimizer.iterations) == 6 == int(gan.g_optimizer.iterations)
    assert not np.allclose(before, gan.generator.get_weights()[0])
    history = gan.fit(X, epochs=1, batch_size=16, verbose=0).history
    assert gan.seen.numpy() == 9 and np.isfinite(history["d_loss"]).all()
