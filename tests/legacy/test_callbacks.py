"""Callbacks as Keras 1 and 2 made them."""

from tests.legacy.test_habits import run

BODY = r"""
import os, tempfile
from keras.callbacks import BaseLogger, ModelCheckpoint, ProgbarLogger, TensorBoard
folder = tempfile.mkdtemp()
model = models.Sequential([Dense(1, input_shape=(2,))])
model.compile('sgd', 'mse')
x, y = np.ones((4, 2)), np.ones((4, 1))
callbacks = [BaseLogger(), ProgbarLogger(count_mode='samples'), ModelCheckpoint(folder + '/{epoch}.h5', period=2),
             TensorBoard(folder + '/logs', histogram_freq=1, batch_size=32, write_grads=False, embeddings_freq=1,
                         embeddings_layer_names=['a'], embeddings_metadata='meta.tsv', embeddings_data=x)]
model.fit(x, y, epochs=5, verbose=0, callbacks=callbacks, validation_data=(x, y))
assert sorted(os.listdir(folder)) == ['2.h5', '4.h5', 'logs'], os.listdir(folder)
"""


def test_arguments_that_callbacks_took():
    run(BODY, generation=2)
