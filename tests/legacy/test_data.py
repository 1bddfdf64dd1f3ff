"""Data as Keras 1 and 2 read them."""

from tests.legacy.test_habits import run

BODY = r"""
from keras.callbacks import Callback
inputs = [layers.Input((3,)), layers.Input((3,))]
model = models.Model(inputs, Dense(1)(layers.add(inputs)))
model.compile('sgd', 'mse')

class Source(Callback):
    def on_train_begin(self, logs=None):
        self.told = getattr(self, 'told', 0) + 1
        self.model.stop_training, self.size = False, 4

    def batches(self):
        while True:
            yield [np.ones((self.size, 3))] * 2, np.ones((self.size, 1))

source = Source()
for told in (1, 2):
    model.fit_generator(source.batches(), steps_per_epoch=2, verbose=0, callbacks=[source])
    assert source.told == told
class Seen(Callback):
    def on_epoch_end(self, epoch, logs=None):
        assert [array.shape for array in self.validation_data] == [(2, 3), (2, 3), (2, 1), (2,)]
        assert self.model.validation_data is self.validation_data

x, y = [np.ones((4, 3))] * 2, np.ones((4, 1))
model.fit(x, y, validation_split=0.5, callbacks=[Seen()], verbose=0)
model.fit(x, y, validation_data=([array[:2] for array in x], y[:2]), callbacks=[Seen()], verbose=0)

def named():
    while True:
        yield {**{name: np.ones((4, 3)) for name in model.input_names}, 'text': np.array(['a'] * 4)}, np.ones((4, 1))

model.fit_generator(named(), steps_per_epoch=2, verbose=0, validation_data=next(named()))
assert model.predict([np.ones((2, 3)), np.ones((5, 3))]).shape == (2, 1)
"""


def test_generators_are_read_after_callbacks_begin_and_the_first_array_says_how_many_samples():
    run(BODY, generation=2)


BATCH = r"""
from keras import backend as K
from keras.layers import Input, Lambda, Merge
x = Input(batch_shape=(4, 3))
model = models.Model(x, Lambda(lambda x: x + K.random_normal((4, 3)))(x))
model.compile('sgd', 'mse')
model.fit(np.ones((8, 3)), np.ones((8, 3)), batch_size=4, verbose=0)
assert model.predict(np.ones((8, 3)), batch_size=4).shape == (8, 3)
first, shared = [models.Sequential([Dense(2, input_dim=3)]) for _ in range(2)]
joined = models.Sequential([Merge([first, shared], mode='sum')])
again = models.Sequential([Merge([joined, shared], mode='concat')])
assert again.predict([np.ones((2, 3))] * 2).shape == (2, 4)
"""


def test_batches_of_one_size_and_branches_that_share_an_input():
    run(BATCH, generation=1)
