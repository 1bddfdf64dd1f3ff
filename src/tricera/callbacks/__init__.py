"""What happens beside training: records, checkpoints, stops, learning rates, the progress bar."""

from tricera import errors
from tricera.callbacks.average import SwapEMAWeights as SwapEMAWeights
from tricera.callbacks.backup import BackupAndRestore as BackupAndRestore
from tricera.callbacks.callback import Callback as Callback
from tricera.callbacks.callback import LambdaCallback as LambdaCallback
from tricera.callbacks.checkpoint.model import ModelCheckpoint as ModelCheckpoint
from tricera.callbacks.checkpoint.orbax import OrbaxCheckpoint as OrbaxCheckpoint
from tricera.callbacks.dispatch import CallbackList as CallbackList
from tricera.callbacks.progress import ProgbarLogger as ProgbarLogger
from tricera.callbacks.rate import LearningRateScheduler as LearningRateScheduler
from tricera.callbacks.rate import ReduceLROnPlateau as ReduceLROnPlateau
from tricera.callbacks.record import CSVLogger as CSVLogger
from tricera.callbacks.record import History as History
from tricera.callbacks.remote import RemoteMonitor as RemoteMonitor
from tricera.callbacks.stop import EarlyStopping as EarlyStopping
from tricera.callbacks.stop import TerminateOnNaN as TerminateOnNaN
from tricera.callbacks.tensorboard import TensorBoard as TensorBoard

__getattr__ = errors.missing(__name__, globals())
