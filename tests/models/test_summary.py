import re

import pytest

from tricera import layers, models, ops

pytestmark = pytest.mark.usefixtures("fresh_names")


def stack(L, M, Ops):
    return M.Sequential(
        [
            L.Input((28, 28, 1)),
            L.Conv2D(4, 3, activation="relu"),
            L.MaxPooling2D(),
            L.BatchNormalization(),
            L.Flatten(),
            L.Dropout(0.5),
            L.Dense(10),
        ]
    )


def shared(L, M, Ops):
    dense, a, b = L.Dense(3, name="shared"), L.Input((4,), name="a"), L.Input((4,), name="b")
    x = L.Concatenate()([dense(a), dense(b)]) + 1.0
    y = Ops.sum(x, axis=1, keepdims=True)
    return M.Model([a, b], {"o": Ops.concatenate([L.Add()([y, x]), x], axis=-1)[:, :5], "p": y})


def chain(L, M, Ops):
    x = L.Input((4,))
    return M.Model(x, Ops.relu(L.Dense(3)(x)) * 2.0, name="chain")


def nested(L, M, Ops):
    inner, a, b = M.Sequential([L.Input((4,)), L.Dense(3), L.Dense(2)]), L.Input((4,)), L.Input((4,))
    frozen = M.Model(a, L.Dense(2)(inner(a)))
    frozen.trainable = False
    return M.Model(b, L.Add()([frozen(b), inner(b)]))


def unbuilt(L, M, Ops):
    return M.Sequential([L.Dense(3), L.Embedding(3, 2)], name="later")


def text(model, **kwargs):
    printed = []
    model.summary(print_fn=printed.append, **kwargs)
    assert len(printed) == 1
    return printed[0]


@pytest.mark.parametrize("make", [stack, shared, chain, nested, unbuilt])
def test_the_text_is_that_of_keras(keras, make):
    ours, theirs = make(layers, models, ops), make(keras.layers, keras.models, keras.ops)
    assert text(ours) == text(theirs)
    wide = {"expand_nested": True, "show_trainable": True, "line_length": 100}
    assert text(ours, **wide) == text(theirs, **wide)


def test_the_optimizer_is_counted_as_in_keras(keras):
    texts = []
    for L, M in ((layers, models), (keras.layers, keras.models)):
        model = M.Sequential([L.Input((2,)), L.Dense(3), L.Dense(2), L.Dense(1)], name="m")
        model.compile("adam", "mse")
        model.optimizer.build(model.trainable_variables)
        texts.append(text(model, layer_range=["dense_1", "dense_1"], positions=[0.5, 0.7, 1.0]))
    assert texts[0] == texts[1]
    assert " Optimizer params: 42 (" in texts[0] and "dense_2" not in texts[0]


def test_a_subclass_shows_its_layers():
    class Net(models.Model):
        def __init__(self):
            super().__init__(name="net")
            self.hidden, self.out = layers.Dense(3, name="hidden"), layers.Dense(1, name="out")

        def call(self, x):
            return self.out(self.hidden(x))

    net = Net()
    assert text(net).count("0 (unbuilt)") == 2
    net.build((None, 2))
    rows = re.findall(r"│ (\S+) \(Dense\) +│ (.+?) +│ +(\d+) │", text(net))
    assert rows == [("hidden", "(None, 3)", "9"), ("out", "(None, 1)", "4")]


def test_layers_that_build_nothing_themselves_show_their_shapes():
    class Head(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(10)

        def call(self, x):
            return {"inner": self.inner(x)}

    class Net(models.Model):
        def __init__(self):
            super().__init__()
            self.head = Head()

        def call(self, x):
            return self.head(x)

    net = Net()
    net(ops.ones((1, 16)))
    assert re.search(r"│ head \(Head\) +│ \(1, 10\) +│ +170 │", text(net))


def test_the_whole_text(capsys):
    models.Sequential([layers.Input((784,)), layers.Dense(64), layers.Dense(10)]).summary()
    expected = """
Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ dense (Dense)                   │ (None, 64)             │        50,240 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense_1 (Dense)                 │ (None, 10)             │           650 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 50,890 (198.79 KB)
 Trainable params: 50,890 (198.79 KB)
 Non-trainable params: 0 (0.00 B)
"""
    assert capsys.readouterr().out == expected.lstrip("\n")


def test_what_cannot_be_shown():
    model = models.Sequential([layers.Input((2,)), layers.Dense(3)])
    with pytest.raises(ValueError) as narrow:
        text(model, line_length=10)
    assert str(narrow.value) == (
        "Insufficient console width to print summary.\n  got:      10 characters\n  fix:      `line_length=88`."
    )
    with pytest.raises(ValueError) as nowhere:
        text(model, layer_range=["dense", "conv"])
    assert str(nowhere.value) == ("`layer_range`: no layer's name matches 'conv'.\n  expected: one of dense")
    with pytest.raises(ValueError, match="must be the names of two layers"):
        text(model, layer_range=["dense"])
