"""How many cyclists will pass tomorrow? A stacked LSTM and an LSTM with attention, on two weeks of days."""

import numpy as np
from found import FOLDER, file

import tricera as keras
from tricera import layers
from tricera.preprocessing.scaling import StandardScaler
from tricera.visualization import figure as figures

COLUMNS = ["y", "temp", "rain", "sun", "wind", "is_weekend", "Monday", "Friday", "Saturday", "Sunday"]
WINDOW, EPOCHS, SHOWN = 14, 30, 90


def series():
    """Days with a count, weather and weekday; the first column is what to forecast."""
    if path := file("csv/auckland_cycling*.csv", "Auckland's count of cyclists", "a made-up weekly rhythm"):
        table = np.genfromtxt(path, delimiter=",", names=True, dtype=None, encoding="utf8")
        return np.stack([table[name].astype(float) for name in COLUMNS], -1)
    day = np.arange(2000)
    mean = 1000 + 300 * np.sin(day * 2 * np.pi / 365) + 200 * (day % 7 < 5)
    return np.stack([np.random.default_rng(0).normal(mean, 60), day % 7 < 5], -1)


def stacked(features):
    stack = [layers.LSTM(32, return_sequences=True), layers.LSTM(32), layers.Dense(1)]
    return keras.Sequential([keras.Input((WINDOW, features)), *stack], name="stacked")


def attentive(features):
    days = keras.Input((WINDOW, features))
    states = layers.LSTM(32, return_sequences=True)(days)
    last = layers.Lambda(lambda x: x[:, -1:])(states)
    both = layers.Concatenate()([layers.Attention(name="attention")([last, states]), last])
    return keras.Model(days, layers.Dense(1)(layers.Flatten()(both)), name="attentive")


def main():
    keras.utils.set_random_seed(0)
    table = series()
    scaler = StandardScaler().fit(table[: (split := int(0.8 * len(table)))])
    scaled = scaler.transform(table)
    windows = np.stack([scaled[i : i + WINDOW] for i in range(len(scaled) - WINDOW)])
    x, x_test, y = windows[: split - WINDOW], windows[split - WINDOW :], scaled[WINDOW:split, :1]
    figure, axis = figures.new(8, 3.6)
    axis.plot(table[split : split + SHOWN, 0], color="black", label="counted")
    for build, color in ((stacked, figures.ORANGE), (attentive, figures.BLUE)):
        model = build(table.shape[1])
        model.compile("adam", "mse")
        model.fit(x, y, batch_size=64, epochs=EPOCHS, verbose=0)
        days = model.predict(x_test, verbose=0) * scaler.deviation[0] + scaler.mean[0]  # the scaler's inverse
        off = abs(days[:, 0] - table[split:, 0]).mean()
        axis.plot(days[:SHOWN, 0], color=color, label=f"{model.name} LSTM, off by {off:.0f} on average")
    axis.set(title="Cyclists a day, forecast the day before", xlabel="day of the test time", ylim=(0, None))
    axis.legend(frameon=False, ncols=3, loc="lower center", fontsize=9)
    figures.finish(figure, FOLDER / "forecast.png")


if __name__ == "__main__":
    main()
