"""A student trained on targets and on what its teacher says."""

import numpy as np
import pytest

import tricera
from tricera import distillation, layers
from tricera.distillation import Distiller, FeatureDistillation, LogitsDistillation

RNG = np.random.default_rng(0)
X = RNG.standard_normal((16, 4)).astype("float32")
Y = np.eye(3, dtype="float32")[RNG.integers(0, 3, 16)]
TEACHER, STUDENT = RNG.standard_normal((16, 3)).astype("float32"), RNG.standard_normal((16, 3)).astype("float32")


def network(k, seed, name):
    inputs = k.Input((4,))
    hidden = k.layers.Dense(8, "relu", name="hidden")(inputs)
    model = k.Model(inputs, k.layers.Dense(3, name="out")(hidden), name=name)
    rng = np.random.default_rng(seed)
    model.set_weights([rng.standard_normal(w.shape) * 0.3 for w in model.get_weights()])
    return model


def distiller(k, weight=0.4, rate=0.1):
    d = k.distillation
    distances = [d.LogitsDistillation(2.0, "mse"), d.FeatureDistillation("mse", "hidden", "hidden")]
    model = d.Distiller(network(k, 1, "teacher"), network(k, 2, "student"), distances, [0.7, 0.3], weight)
    loss = k.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(k.optimizers.SGD(rate), loss=loss, metrics=["accuracy"])
    return model


def test_training_is_that_of_keras(keras):
    ours, theirs = distiller(tricera), distiller(keras)
    histories = [model.fit(X, Y, epochs=2, batch_size=8, shuffle=False, verbose=0).history for model in (ours, theirs)]
    assert set(histories[0]) == set(histories[1])
    for name, values in histories[1].items():
        np.testing.assert_allclose(histories[0][name], values, rtol=1e-4, err_msg=name)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(ours.predict(X, verbose=0), theirs.predict(X, verbose=0), rtol=1e-4, atol=1e-5)
    found, wanted = (model.evaluate(X, Y, verbose=0, return_dict=True) for model in (ours, theirs))
    assert found == pytest.approx(wanted, rel=1e-4)


def test_the_teacher_stays_and_the_student_learns():
    model = distiller(tricera, weight=0.0)
    before = model.teacher.get_weights()
    history = model.fit(X, Y, epochs=50, verbose=0).history
    assert history["distillation_loss"][-1] < 0.5 * history["distillation_loss"][0]
    assert history["student_loss"] == [0.0] * 50
    assert model.student.trainable and not model.teacher.trainable
    assert all(map(np.array_equal, before, model.teacher.get_weights()))


def test_softened_outputs_as_hinton_has_them():
    def softened(x):
        e = np.exp(x / 3)
        return e / e.sum(-1, keepdims=True)

    p, q = softened(TEACHER), softened(STUDENT)
    wanted = 9 * np.mean(np.sum(p * np.log(p / q), -1))
    for loss in ("kl_divergence", tricera.losses.KLDivergence()):
        np.testing.assert_allclose(LogitsDistillation(3.0, loss).compute_loss(TEACHER, STUDENT), wanted, rtol=1e-5)


def test_one_loss_for_all_outputs_or_a_nest_like_them(keras):
    outputs = [TEACHER, STUDENT], [STUDENT, TEACHER]
    ours, theirs = (k.distillation.FeatureDistillation(["mse", "mae"]) for k in (tricera, keras))
    np.testing.assert_allclose(ours.compute_loss(*outputs), theirs.compute_loss(*outputs), rtol=1e-6)
    same = FeatureDistillation(["mse", "mse"]).compute_loss(*outputs)
    np.testing.assert_allclose(FeatureDistillation("mse").compute_loss(*outputs), same)


def test_a_regularizer_of_the_student_counts():
    def loss(**options):
        teacher = network(tricera, 1, "teacher")
        student = tricera.Sequential([tricera.Input((4,)), layers.Dense(3, kernel_initializer="ones", **options)])
        model = Distiller(teacher, student, LogitsDistillation(), student_loss_weight=1.0)
        model.compile("sgd", "mse")
        return model.evaluate(X, Y, verbose=0)[0]

    np.testing.assert_allclose(loss(kernel_regularizer=tricera.regularizers.L2(0.1)) - loss(), 1.2, rtol=1e-4)


def test_files_go_both_ways(keras, tmp_path):
    ours = distiller(tricera)
    ours.fit(X, Y, verbose=0)
    ours.save(tmp_path / "ours.keras")
    again = tricera.models.load_model(tmp_path / "ours.keras")
    assert [type(loss) for loss in again.distillation_losses] == [LogitsDistillation, FeatureDistillation]
    assert again.evaluate(X, Y, verbose=0) == pytest.approx(ours.evaluate(X, Y, verbose=0))
    read = keras.models.load_model(tmp_path / "ours.keras")
    np.testing.assert_allclose(read.predict(X, verbose=0), ours.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    read.save(tmp_path / "theirs.keras")
    back = tricera.models.load_model(tmp_path / "theirs.keras")
    np.testing.assert_allclose(back.predict(X, verbose=0), ours.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    assert back.student_loss_weight == 0.4  # Keras compiles no model that has a `compile` of its own


def test_subclassed_models_teach_by_what_they_return():
    class Subclassed(tricera.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, inputs):
            return self.dense(inputs)

    model = Distiller(Subclassed(), Subclassed(), LogitsDistillation())
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    with pytest.raises(ValueError) as error:
        Distiller(Subclassed(), Subclassed(), FeatureDistillation(teacher_layer_name="dense"))
    assert str(error.value) == (
        "FeatureDistillation: The teacher is a subclassed model, whose layers are reached by nobody else.\n"
        "  got:      teacher_layer_name='dense'\n"
        "  fix:      make it a functional or a Sequential model with an `Input`, or leave the layer's name out."
    )


REFUSED = {
    "LogitsDistillation: `temperature` must be positive.\n  got:      0": lambda t, s: LogitsDistillation(0),
    "FeatureDistillation: At least one loss must be non-`None`.\n  got:      None": (
        lambda t, s: FeatureDistillation(None)
    ),
    "Distiller: The teacher must be a keras.Model.\n  got:      'it'": lambda t, s: Distiller(
        "it", s, LogitsDistillation()
    ),
    "Distiller: `distillation_losses` make no sense.\n"
    "  expected: a DistillationLoss, or a list of them\n"
    "  got:      ['mse']": lambda t, s: Distiller(t, s, "mse"),
    "Distiller: The number of `distillation_loss_weights` must match that of `distillation_losses`.\n"
    "  expected: 1\n"
    "  got:      2": lambda t, s: Distiller(t, s, LogitsDistillation(), [1.0, 2.0]),
    "Distiller: `student_loss_weight` must be between 0.0 and 1.0.\n  got:      2": lambda t, s: Distiller(
        t, s, LogitsDistillation(), student_loss_weight=2
    ),
    "Distiller: The output shapes of teacher and student are incompatible.\n"
    "  expected: the teacher's, (None, 3)\n"
    "  got:      the student's, (None, 2)": lambda t, s: Distiller(
        t, tricera.Sequential([tricera.Input((4,)), layers.Dense(2)]), LogitsDistillation()
    ),
    "Distiller: 'loss' cannot be `None`.\n"
    "  got:      student_loss_weight=0.5\n"
    "  fix:      give the student's loss, or set `student_loss_weight=0`.": lambda t, s: Distiller(
        t, s, LogitsDistillation()
    ).compile("sgd"),
    "LogitsDistillation: The outputs of teacher and student don't have the same nested structure.\n"
    "  expected: the teacher's, PyTreeDef([*])\n"
    "  got:      the student's, PyTreeDef(*)": lambda t, s: LogitsDistillation().compute_loss([TEACHER], STUDENT),
    "LogitsDistillation: There are as many losses as outputs, or one for all of them.\n"
    "  expected: 1 or 1\n"
    "  got:      2": lambda t, s: LogitsDistillation(loss=["mse", "mae"]).compute_loss(TEACHER, STUDENT),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_makes_no_sense(message):
    with pytest.raises(ValueError) as error:
        REFUSED[message](network(tricera, 1, "teacher"), network(tricera, 2, "student"))
    assert str(error.value) == message


def test_a_loss_of_ones_own_says_what_it_computes():
    with pytest.raises(NotImplementedError, match="does not define `compute_loss`"):
        distillation.DistillationLoss().compute_loss(TEACHER, STUDENT)
