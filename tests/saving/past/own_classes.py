"""Classes of a user's own, for either Keras: parts in lists, dicts and attributes that are also the model's layers."""


def net(keras):
    """A model of classes that are registered with this Keras."""
    layers, register = keras.layers, keras.saving.register_keras_serializable("own")

    @register
    class Block(layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.parts = [layers.Dense(units, name="a"), layers.Dense(units)]
            self.by = {"x": layers.Dense(units), "y": layers.LayerNormalization()}

        def build(self, shape):
            self.scale = self.add_weight(name="scale", shape=(shape[-1],))
            super().build(shape)

        def call(self, x):
            for part in self.parts:
                x = part(x * self.scale)
            return self.by["y"](self.by["x"](x))

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    @register
    class Net(keras.Model):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.first, self.blocks = layers.Dense(units), [Block(units), Block(units)]
            self.tail = keras.Sequential([layers.Dense(units), layers.BatchNormalization()])
            self.recurrent = layers.RNN([layers.LSTMCell(units), layers.GRUCell(units)])
            self.heads = {"one": layers.Dense(1), "two": layers.Dense(2)}

        def call(self, x, training=False):
            x = self.first(x)
            for block in self.blocks:
                x = block(x)
            x = self.recurrent(self.tail(x, training=training)[:, None])
            return self.heads["one"](x), self.heads["two"](x)

        def get_config(self):
            return {"units": self.units}

    return Net()
