"""Windows of a time series."""

from tricera.utils.series import timeseries_dataset_from_array as timeseries_dataset_from_array
