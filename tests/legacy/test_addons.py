"""Packages that others wrote for Keras, unmodified: realistic programs, in processes of their own."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tricera

SOURCE = str(Path(__file__).parents[2] / "src")
DATA = "import numpy as np\nimport keras\nX = np.random.default_rng(0).random((12, 4)).astype('float32')\n"
SCIKERAS = """
from scikeras.wrappers import KerasClassifier, KerasRegressor
from sklearn.model_selection import GridSearchCV
import pickle
y = np.array(['a', 'b'] * 6)

def make(hidden, meta):
    inputs = keras.layers.Input((meta['n_features_in_'],))
    hidden = keras.layers.Dense(hidden, activation='relu')
    return keras.Sequential([inputs, hidden, keras.layers.Dense(1, activation='sigmoid')])

c = KerasClassifier(make, hidden=3, loss='binary_crossentropy', optimizer='adam', optimizer__learning_rate=0.01,
                    metrics=['accuracy'], epochs=2, verbose=0).fit(X, y)
assert set(c.predict(X)) <= {'a', 'b'} and c.predict_proba(X).shape == (12, 2) and len(c.history_['accuracy']) == 2
assert abs(float(c.model_.optimizer.learning_rate) - 0.01) < 1e-6
assert (pickle.loads(pickle.dumps(c)).predict_proba(X) == c.predict_proba(X)).all()
best = GridSearchCV(c, {'hidden': [2, 5]}, cv=2).fit(X, y)
assert best.best_estimator_.model_.layers[0].units == best.best_params_['hidden']
model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
assert KerasRegressor(model, loss='mse', epochs=1, verbose=0, random_state=3).fit(X, X[:, 0]).predict(X).shape == (12,)
"""
TUNER = """
import keras_tuner
y = (X[:, 0] > 0.5).astype('int32')

def build(hp):
    model = keras.Sequential([keras.layers.Input((4,))])
    for i in range(hp.Int('layers', 1, 2)):
        model.add(keras.layers.Dense(hp.Int(f'units_{i}', 2, 4), activation=hp.Choice('act', ['relu', 'tanh'])))
    model.add(keras.layers.Dense(1, activation='sigmoid'))
    rate = hp.Float('lr', 1e-3, 1e-1, sampling='log')
    model.compile(keras.optimizers.Adam(rate), 'binary_crossentropy', metrics=['accuracy'])
    return model

options = dict(overwrite=True, directory='tuned', seed=1)
search = keras_tuner.RandomSearch(build, objective='val_accuracy', max_trials=2, project_name='random', **options)
search.search(X, y, epochs=1, validation_split=0.5, verbose=0)
best, = search.get_best_models(1)
assert best.layers[0].units == search.get_best_hyperparameters()[0].get('units_0')
assert len(best.evaluate(X, y, verbose=0)) == 2
band = keras_tuner.Hyperband(build, objective='val_loss', max_epochs=2, factor=2, project_name='band', **options)
band.search(X, y, validation_split=0.5, verbose=0)
assert 2 <= band.get_best_hyperparameters()[0].get('units_0') <= 4
"""
TCN = """
from tensorflow.keras.layers import Dense, Input
from tensorflow.keras.models import Model, load_model
from tcn import TCN
x = X[:, :, None]
inputs = Input((4, 1))
steps = TCN(nb_filters=3, return_sequences=True, use_batch_norm=True, dilations=(1, 2), padding='same')(inputs)
last = TCN(nb_filters=2, kernel_size=2, dilations=(1, 2), dropout_rate=0.1, use_layer_norm=True)(steps)
model = Model(inputs, Dense(1)(last))
model.compile('adam', 'mse')
before = model.get_weights()
model.fit(x, X[:, 0], epochs=1, verbose=0)
assert any((old != new).any() for old, new in zip(before, model.get_weights()))
model.save('m.keras')
again = load_model('m.keras', custom_objects={'TCN': TCN})
assert np.allclose(again.predict(x, verbose=0), model.predict(x, verbose=0))
assert model.layers[2].receptive_field == 7
"""


def run(program, folder):
    (folder / "program.py").write_text(DATA + program)
    command = [sys.executable, "-m", "tricera", "--keras", "3", "program.py"]
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert "old spellings" not in done.stderr  # what a package says is not the program's


@pytest.mark.parametrize("package, program", [("scikeras", SCIKERAS), ("keras_tuner", TUNER), ("tcn", TCN)])
def test_an_addon(package, program, tmp_path):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    if package == "keras_tuner" and not hasattr(tricera.applications, "efficientnet"):
        pytest.skip("keras_tuner asks for applications.efficientnet when it is imported")
    run(program, tmp_path)
