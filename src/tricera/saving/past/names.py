"""What Keras 1 and 2 called classes and arguments, and what Keras 3 calls them."""

# ---- classes

CLASSES = {
    "AtrousConv1D": "Conv1D",
    "AtrousConv2D": "Conv2D",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Container": "Functional",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "Deconv2D": "Conv2DTranspose",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3DTranspose": "Conv3DTranspose",
    "DropoutV1": "Dropout",
    "GRUCellV1": "GRUCell",
    "GRUCellV2": "GRUCell",
    "GRUV1": "GRU",
    "GRUV2": "GRU",
    "LSTMCellV1": "LSTMCell",
    "LSTMCellV2": "LSTMCell",
    "LSTMV1": "LSTM",
    "LSTMV2": "LSTM",
    "Model": "Functional",
    "Network": "Functional",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "SyncBatchNormalization": "BatchNormalization",
    "TimeDistributedDense": "Dense",
    "UnifiedGRU": "GRU",
    "UnifiedLSTM": "LSTM",
    # dtype policies
    "Policy": "DTypePolicy",
    "PolicyV1": "DTypePolicy",
    # initializers of tf.keras
    "ConstantV2": "Constant",
    "GlorotNormalV2": "GlorotNormal",
    "GlorotUniformV2": "GlorotUniform",
    "HeNormalV2": "HeNormal",
    "HeUniformV2": "HeUniform",
    "IdentityV2": "Identity",
    "LecunNormalV2": "LecunNormal",
    "LecunUniformV2": "LecunUniform",
    "OnesV2": "Ones",
    "OrthogonalV2": "Orthogonal",
    "RandomNormalV2": "RandomNormal",
    "RandomUniformV2": "RandomUniform",
    "TruncatedNormalV2": "TruncatedNormal",
    "VarianceScalingV2": "VarianceScaling",
    "ZerosV2": "Zeros",
    # regularizers of Keras 1, losses
    "ActivityRegularizer": "L1L2",
    "L1L2Regularizer": "L1L2",
    "WeightRegularizer": "L1L2",
    "CosineProximity": "CosineSimilarity",
}

MERGE_MODES = {  # of Keras 1's Merge
    "sum": "Add",
    "mul": "Multiply",
    "concat": "Concatenate",
    "ave": "Average",
    "max": "Maximum",
    "dot": "Dot",
    "cos": "Dot",
}

ACTIVATIONS = {"hard_sigmoid": "hard_sigmoid_v2", "softmax_v2": "softmax", "swish": "silu"}

# ---- arguments

ARGUMENTS = {  # of whatever class
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "depthwise_init": "depthwise_initializer",
    "pointwise_init": "pointwise_initializer",
    "bias": "use_bias",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "dropout_U": "recurrent_dropout",
    "dropout_W": "dropout",
    "atrous_rate": "dilation_rate",
    "filter_length": "kernel_size",
    "inner_activation": "recurrent_activation",
    "inner_init": "recurrent_initializer",
    "init": "kernel_initializer",
    "nb_filter": "filters",
    "output_dim": "units",
    "p": "rate",
    "pool_length": "pool_size",
    "sigma": "stddev",
    "stride": "strides",
    "subsample": "strides",
    "subsample_length": "strides",
}

ARGUMENTS_OF = {  # where a class has another name for it
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    "Embedding": {
        "W_constraint": "embeddings_constraint",
        "W_regularizer": "embeddings_regularizer",
        "init": "embeddings_initializer",
        "output_dim": "output_dim",
    },
    "L1": {"l": "l1"},
    "L2": {"l": "l2"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "MaxoutDense": {"nb_feature": "pieces"},
    "PReLU": {"init": "alpha_initializer"},
    "UpSampling1D": {"length": "size"},
    "MaxNorm": {"m": "max_value"},
    "Lambda": {"bias": "bias"},
}

VALUES = {"data_format": {"tf": "channels_last", "th": "channels_first", "default": "channels_last"}}

WINDOWS = (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3"))  # arguments that became `kernel_size`

# Arguments that say how something was computed or which input was declared, not what; and those that mean nothing
# where they have the given value.
MEANINGLESS = {"consume_less", "fused", "implementation", "truncate_gradient", "input_dtype", "cache_enabled"} | {
    "rng_type",
    "force_generator",
    "batch_input_shape",
    "batch_shape",
    "input_shape",
    "input_length",
    "custom_name",
    "theano_mode",
}
MEANINGLESS_IF = {
    "dropout": (0, None),
    "time_major": (False, None),
    "ragged": (False, None),
    "renorm": (False, None),
    "renorm_clipping": (None,),
    "renorm_momentum": (0.99, None),
    "virtual_batch_size": (None,),
    "adjustment": (None,),
    "synchronized": (False, True),
    "experimental_autocast": (True,),
    "num_constants": (None, 0),
    "zero_output_for_mask": (False,),
}
# Layers whose configuration in Keras 1 did not say where the channels stand.
UNORDERED = {"UpSampling2D", "UpSampling3D", "ZeroPadding2D", "ZeroPadding3D", "Cropping2D", "Cropping3D"}
# Left over from a base class: the class does not act on them.
UNUSED = {
    "DepthwiseConv1D": {"filters", "groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"},
    "DepthwiseConv2D": {"filters", "groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"},
    "SeparableConv1D": {"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"},
    "SeparableConv2D": {"groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"},
    "Conv1DTranspose": {"groups"},
    "Conv2DTranspose": {"groups", "output_shape"},
    "Conv3DTranspose": {"groups", "output_shape"},
    "ConvLSTM1D": {"groups", "return_runtime"},
    "ConvLSTM2D": {"groups", "return_runtime"},
    "ConvLSTM3D": {"groups", "return_runtime"},
    "Discretization": {"trainable"},
    "MultiHeadAttention": {"softmax_robust_masking", "query_shape", "key_shape", "value_shape"},
    "LSTM": {"return_runtime"},
    "GRU": {"return_runtime"},
    "SimpleRNN": {"return_runtime"},
}
