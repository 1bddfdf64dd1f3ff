"""Which of Keras' cases are inapplicable, by name and with the reason."""

import fnmatch

# Patterns of `folder/file_test.py::Class::case`, or of whole files; the first that fits says why.
INAPPLICABLE = {
    "backend/tensorflow/*": "another backend",
    "backend/torch/*": "another backend",
    "backend/openvino/*": "another backend",
    "backend/jax/*": "how Keras uses JAX inside",
    "backend/tests/*": "how Keras' backends agree with each other",
    "backend/common/backend_utils_test.py*": "private helpers of the backends",
    "backend/common/thread_safe_test.py*": "Keras' global state",
    "backend/common/variables_test.py::*deferred*": "Keras' private ways of late initialization",
    "utils/tracking_test.py*": "Keras' private containers",
    "utils/backend_utils_test.py*": "another backend at run time",
    "utils/torch_utils_test.py*": "PyTorch modules as layers",
    "utils/code_stats_test.py*": "a private tool",
    "utils/module_utils_test.py*": "a private helper",
    "trainers/data_adapters/*": "Keras' private adapters",
    "trainers/epoch_iterator_test.py*": "Keras' private iterator",
    "trainers/compile_utils_test.py*": "Keras' private parts of `compile`",
    "testing/*": "Keras' test helpers",
    "export/*": "files of TensorFlow, OpenVINO and LiteRT",
    "distribution/*": "not there yet",
    "initializers/initializer_test.py::*_layout": "`keras.distribution` is not there yet",
    "*tf_data*": "objects of TensorFlow",
    "*tensorflow*": "objects of TensorFlow",
    "*ragged*": "ragged tensors of TensorFlow",
    "*torch*": "another backend",
    "tree/tree_test.py::*_multiple_structures_dmtree": "that dm-tree does not map Keras' private sets",
    "callbacks/orbax_checkpoint_test.py*": "needs Orbax, which is not installed with Keras",
    "callbacks/swap_ema_weights_test.py::*with_tf_distribute": "TensorFlow's distribution",
    "callbacks/tensorboard_test.py::*custom_summary": "objects of TensorFlow",
    "callbacks/remote_monitor_test.py::*RemoteMonitorWith*": "that `requests` sends it, which Tricera does not need",
    "callbacks/remote_monitor_test.py::*np_*": "that `requests` sends it, which Tricera does not need",
    "layers/layer_test.py::*call_context_arg*": "Keras' private `_register_call_context_args`",
    "layers/layer_test.py::*register_call_context*": "Keras' private `_register_call_context_args`",
    "layers/layer_test.py::*context_arg_propagation*": "Keras' private `_register_call_context_args`",
    "layers/layer_test.py::*remat*": "that Keras' private `remat` is called",
    "layers/layer_test.py::*not_implemented_error_*": "Keras' private methods",
    "layers/layer_test.py::LayerTest::test_layer_tracking": "Keras' private `_layers`",
    "layers/layer_test.py::LayerTest::test_layer_variable_tracking_correct": "Keras' private `_tracker`",
    "layers/layer_test.py::LayerTest::test_remove_weight": "Keras' private `_untrack_variable`",
    "layers/layer_test.py::LayerTest::test_stateless_call": "Keras' private `_build_at_init`",
    "layers/layer_test.py::LayerTest::test_trainable_init_arg": "Keras' private `_trainable_variables`",
    "layers/preprocessing/index_lookup_test.py*": "a private class",
    "layers/preprocessing/data_layer_test.py*": "a private class",
    "layers/preprocessing/image_preprocessing/*::*set_factor*": "a private method",
    "layers/preprocessing/image_preprocessing/cut_mix_test.py::*basic": "what a layer draws, in Keras' private form",
    "layers/preprocessing/image_preprocessing/mix_up_test.py::*_basic_functionality*": (
        "what a layer draws, in Keras' private form"
    ),
    "layers/preprocessing/image_preprocessing/mix_up_test.py::*_bounding_boxes": (
        "what a layer draws, in Keras' private form"
    ),
    "layers/preprocessing/image_preprocessing/random_contrast_test.py::*_with_value_range_*": (
        "what a layer draws, in Keras' private form"
    ),
    "layers/preprocessing/image_preprocessing/random_e*_test.py::*_basic": "what a layer draws, in Keras' private form",
    "layers/preprocessing/image_preprocessing/random_gaussian_blur_test.py::*_basic": (
        "what a layer draws, in Keras' private form"
    ),
    "layers/preprocessing/image_preprocessing/random_perspective_test.py::*_basic": (
        "what a layer draws, in Keras' private form"
    ),
    "layers/preprocessing/image_preprocessing/*::*_bounding_boxes_with_*": "what a layer draws, in Keras' private form",
    "layers/preprocessing/category_encoding_test.py::*test_encode_*": "a private method",
    "layers/attention/*::*_calculate_score*": "a private method",
    "layers/attention/*::*_compute_attention_*": "a private method",
    "layers/attention/*::*_skipped_for_subclass": "a private method",
    "layers/preprocessing/image_preprocessing/random_flip_test.py::RandomFlipTest::test_random_flip_*al": (
        "what a layer draws, in Keras' private form"
    ),
    "layers/layer_test.py::LayerTest::test_context_args_with*": "Keras' private `_register_call_context_args`",
    "layers/layer_test.py::LayerTest::test_autocast": "Keras' private `_build_at_init`",
    "layers/preprocessing/hashed_crossing_test.py::*_static_shape_preserved": "objects of TensorFlow",
    "layers/preprocessing/text_vectorization_test.py::*_sequence_length_from_dense": "objects of TensorFlow",
    "layers/preprocessing/image_preprocessing/rand_augment_test.py::*_graph_issue": "objects of TensorFlow",
    "layers/preprocessing/hashing_test.py::*_sparse_*": "sparse tensors",
    "layers/core/input_layer_test.py::*_sparse": "sparse tensors",
    "layers/rnn/bidirectional_test.py::*_fused_*_eligibility": "a private method",
    "layers/rnn/dropout_rnn_cell_test.py*": "a private class",
    "layers/core/*awq*": "Keras' private packing of weights",
    "layers/core/*gptq*": "Keras' private packing of weights",
    "layers/core/einsum_dense_test.py::*analyze_einsum_string*": "a private helper",
    "ops/node_test.py*": "Keras' private nodes",
    "ops/operation_utils_test.py*": "private helpers of operations",
    "ops/symbolic_arguments_test.py*": "private helpers of operations",
    "ops/numpy_test.py::*_broadcast_shapes_*": "a private helper",
    "ops/numpy_test.py::*_shape_*equal_*": "a private helper",
    "ops/core_test.py::*_check_output_spec": "a private method",
    "ops/operation_test.py::*rematerialized*": "that Keras' private `remat` is called",
    "ops/nn_test.py::*_check_shape_first_dim*": "a private method",
    "ops/*_sparse": "sparse tensors",
    "ops/core_test.py::CoreOpsStaticShapeTest::test_convert_to_tensor": "sparse tensors",
    "ops/nn_test.py::NNOps*ShapeTest::test_one_hot": "sparse tensors",
    "ops/nn_test.py::NNOps*ShapeTest::test_multi_hot": "sparse tensors",
    **dict.fromkeys(
        [f"ops/nn_test.py::NNOpsDtypeTest::test_{name}_*" for name in ("*_shrink", "threshold")],
        "compares with PyTorch, which is not installed with Keras",
    ),
    "regularizers/regularizers_test.py::ValidateFloatArgTest*": "a private helper",
    "metrics/*::*_dtype": "a private attribute",
    "optimizers/muon_test.py::*Newton_Schulz": "a private method",
    "optimizers/muon_test.py::*lr_adjust*": "a private method",
    "optimizers/optimizer_sparse_test.py*": "sparse tensors",
    "quantizers/awq_test.py::AWQAlgorithmTest::*": "a private helper",
    "quantizers/awq_test.py::AWQAccuracyTest::*": "a private class",
    "quantizers/gptq_core_test.py*": "a private helper",
    "quantizers/gptq_test.py::GPTQTest::*": "a private class",
    "utils/dtype_utils_test.py*": "a private helper",
    "quantizers/utils_test.py*": "a private helper",
    **dict.fromkeys(
        [
            f"quantizers/quantizers_test.py::{name}Test::*"
            for name in ("GPTQQuantizer", "ComputeScaleZero", "GroupedQuantizationParameters")
        ],
        "a private helper",
    ),
    "saving/saving_lib_test.py::Saving*IOStoreTest::*": "a private class",
    "utils/io_utils_test.py::*ask_to_proceed*": "a private helper",
    "utils/io_utils_test.py::*print_msg*": "a private helper",
    "utils/io_utils_test.py::*set_logging_verbosity*": "a private helper",
    "utils/naming_test.py*": "a private helper",
    "utils/python_utils_test.py*": "a private helper",
    "utils/file_utils_test.py::PathToStringTest*": "a private helper",
    "utils/file_utils_test.py::Resolve*": "a private helper",
    "utils/file_utils_test.py::IsLinkInDirTest*": "a private helper",
    "utils/file_utils_test.py::FilterSafePathsTest*": "a private helper",
    "utils/file_utils_test.py::TestValidateFile*": "a private helper",
    "utils/file_utils_test.py::IsRemotePathTest*": "a private helper",
    "utils/file_utils_test.py::TestRaiseIfNoGFile*": "a private helper",
    "datasets/npz_utils_test.py*": "a private helper",
    "legacy/saving/json_utils_test.py*": "a private helper",
    "models/variable_mapping_test.py*": "a private method",
    "backend/common/global_state_test.py*": "Keras' global state",
    "applications/applications_test.py::*_application_base_*": "weights of ImageNet, which it downloads",
    "applications/imagenet_utils_test.py::*_obtain_input_shape_*": "a private helper",
    "backend/common/symbolic_scope_test.py*": "a private class",
    "backend/common/variables_test.py::*_autocast*": "Keras' private `AutocastScope`",
    "backend/common/variables_test.py::*_convert_to_tensor*": "a private method",
    "backend/common/variables_test.py::*_variable_initialize": "a private method",
    "backend/common/variables_test.py::*_shape_equal_*": "a private helper",
    "backend/common/variables_test.py::*_standardize_shape_*": "a private helper",
    "backend/common/name_scope_test.py*": "what Keras' private `current_path` says",
    "backend/common/keras_tensor_test.py::*_method": "that Keras' private classes of operations are called",
    "backend/common/remat_test.py*": "that Keras' private `remat` is called",
    "backend/common/dtypes_test.py::*least_upper_bound*": "a private helper",
    "backend/common/dtypes_test.py::*lattice*": "a private helper",
    "backend/common/dtypes_test.py::*_weak_type_*": "a private helper",
    "dtype_policies/dtype_policy_test.py::*_by_str*": "a private helper",
    "*sparse_tensor*": "sparse tensors",
}


def inapplicable(name: str) -> str | None:
    """Why a case or a file does not count; None where it does."""
    return next((why for pattern, why in INAPPLICABLE.items() if fnmatch.fnmatchcase(name, pattern)), None)


# What is known to differ, where a failing case shows it: a pattern of what the failure says, and the reason.
KNOWN = {
    "*concrete value was not available*": "sizes that depend on values are not known before",
    "*into shape [[]-2*": "errors of another type, from JAX",
    "*transpose permutation*": "errors of another type, from JAX",
    "*index 5 is out of bounds*": "errors of another type, from JAX",
    **dict.fromkeys(
        [
            "*incompatible shapes*",
            "*Incompatible *",
            "*dot_general requires*",
            "*does not match previous terms*",
            "*boolean scalar*",
            "*cannot reshape array*",
            "*same leading dimension*",
            "*input channels must match*",
            "*too many values to unpack*",
            "*does not accept dtype*",
            "*must be integers*",
            "*not supported for input types*",
            "*jax.numpy.meshgrid*",
            "*takes 1 positional*",
            "*Shapes must be 1D*",
            "*cannot be interpreted as an integer*",
            "*remapped shapes*",
            "*is out of bounds for array*",
        ],
        "Keras gives a shape to what cannot be computed",
    ),
    "*Received:*does not match*": "messages have Tricera's form",
    "*does not match*": "messages have Tricera's form",
    "*did not match*": "messages have Tricera's form",
    "*Tricera has nothing for*": "a name, mostly a private one, that Tricera has not",
    "*has no attribute '_*": "a private attribute of Keras",
    "*'quantized_build'*": "a private method of quantized layers",
    "*not raised*": "Tricera takes more than Keras",
    "*DID NOT RAISE*": "Tricera takes more than Keras",
    "*DID NOT WARN*": "Keras' warnings",
    "*not triggered*": "Keras' warnings",
    "*has no attribute*": "an attribute of Keras that no documentation names",
    "*tensor_path*": "rows of embeddings are written where the projector reads them",
    "*unfinished*": "not ended in time",
    "*Not equal to tolerance*": "other numbers",
    "*Arrays are not*": "other numbers",
}


def known(why: str) -> str:
    """The reason that what a failure says falls under."""
    return next(
        (reason for pattern, reason in KNOWN.items() if fnmatch.fnmatchcase(why, pattern)), "not looked into yet"
    )
