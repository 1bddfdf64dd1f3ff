"""Recurrent layers, their cells, and the layers that wrap others along time."""

# ruff: noqa: F401
from tricera.layers.rnn.lstm import LSTM, LSTMCell
from tricera.layers.rnn.rnn import RNN
from tricera.layers.rnn.stacked import StackedRNNCells
