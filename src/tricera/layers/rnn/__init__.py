"""Recurrent layers, their cells, and the layers that wrap others along time."""

# ruff: noqa: F401
from tricera.layers.rnn.bidirectional import Bidirectional
from tricera.layers.rnn.convlstm import ConvLSTM1D, ConvLSTM2D, ConvLSTM3D
from tricera.layers.rnn.distributed import TimeDistributed
from tricera.layers.rnn.gru import GRU, GRUCell
from tricera.layers.rnn.lstm import LSTM, LSTMCell
from tricera.layers.rnn.rnn import RNN
from tricera.layers.rnn.simple import SimpleRNN, SimpleRNNCell
from tricera.layers.rnn.stacked import StackedRNNCells
