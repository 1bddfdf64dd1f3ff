/* What XLA calls on CPU through its foreign function interface: convolutions and products of float32, rows of anything.
   And what Python calls by itself, without its lock: words of texts, images read at other places. */

#include <math.h>

#include "threads.h"

#include "dense.h"
#include "rows.h"
#include "warp.h"
#include "words.h"

/* Convolutions of x (images, height, width, channels) by kernel (window height, window width, channels, filters), any
   strides, no dilation. Windows of 3x3 with stride 1 and enough channels go through Winograd's transforms, all others
   directly. */
typedef struct {
  size images, height, width, channels, window_height, window_width, filters, out_height, out_width;
  size stride_height, stride_width, top, left; /* top and left: rows and columns of zeros before x */
} Shape;

#include "direct.h"
#include "winograd.h"

static XLA_FFI_Error *failure(XLA_FFI_CallFrame *frame, const char *message, XLA_FFI_Error_Code code) {
  XLA_FFI_Error_Create_Args args = {XLA_FFI_Error_Create_Args_STRUCT_SIZE, NULL, message, code};
  return frame->api->XLA_FFI_Error_Create(&args);
}

/* XLA asks a handler for its version before it runs it. */
static int asked_for_version(XLA_FFI_CallFrame *frame) {
  XLA_FFI_Extension_Base *extension = frame->extension_start;
  if (!extension || extension->type != XLA_FFI_Extension_Metadata) return 0;
  XLA_FFI_Metadata *metadata = ((XLA_FFI_Metadata_Extension *)extension)->metadata;
  metadata->api_version.major_version = XLA_FFI_API_MAJOR;
  metadata->api_version.minor_version = XLA_FFI_API_MINOR;
  metadata->traits = 0;
  return 1;
}

/* Attributes come sorted by name. */
static int64_t attribute(XLA_FFI_CallFrame *frame, int index) {
  return *(int64_t *)((XLA_FFI_Scalar *)frame->attrs.attrs[index])->value;
}

static Shape shape_of(XLA_FFI_CallFrame *frame, const XLA_FFI_Buffer *x, const XLA_FFI_Buffer *kernel, const XLA_FFI_Buffer *y) {
  return (Shape){.images = x->dims[0], .height = x->dims[1], .width = x->dims[2], .channels = x->dims[3],
                 .window_height = kernel->dims[0], .window_width = kernel->dims[1], .filters = kernel->dims[3],
                 .out_height = y->dims[1], .out_width = y->dims[2], .left = attribute(frame, 0),
                 .stride_height = attribute(frame, 1), .stride_width = attribute(frame, 2), .top = attribute(frame, 3)};
}

typedef int Run(XLA_FFI_CallFrame *frame, const Shape *s, const float *x, const float *other, float *to);

static XLA_FFI_Error *run(XLA_FFI_CallFrame *frame, const Shape *s, size fewest_tiles, Run *fast, Run *plain) {
  XLA_FFI_Buffer *x = frame->args.args[0], *other = frame->args.args[1], *to = frame->rets.rets[0];
  Run *chosen = winograd_pays(s, fewest_tiles) ? fast : plain;
  if (chosen(frame, s, x->data, other->data, to->data)) return NULL;
  return failure(frame, "out of memory in a convolution", XLA_FFI_Error_Code_RESOURCE_EXHAUSTED);
}

/* (x, kernel) -> y */
XLA_FFI_Error *tricera_conv(XLA_FFI_CallFrame *frame) {
  if (asked_for_version(frame)) return NULL;
  Shape s = shape_of(frame, frame->args.args[0], frame->args.args[1], frame->rets.rets[0]);
  return run(frame, &s, 24, winograd, direct);
}

/* (x, slope of y) -> slope of kernel */
XLA_FFI_Error *tricera_conv_kernel_slope(XLA_FFI_CallFrame *frame) {
  if (asked_for_version(frame)) return NULL;
  Shape s = shape_of(frame, frame->args.args[0], frame->rets.rets[0], frame->args.args[1]);
  return run(frame, &s, 64, winograd_kernel_slope, direct_kernel_slope);
}

static XLA_FFI_Error *run_dense(XLA_FFI_CallFrame *frame, int across) {
  XLA_FFI_Buffer *x = frame->args.args[0], *right = frame->args.args[1], *to = frame->rets.rets[0];
  Dense d = {.x = x->data, .right = right->data, .to = to->data, .samples = x->dims[0], .features = x->dims[1],
             .units = right->dims[1], .rows = to->dims[0], .depth = right->dims[0], .across = across};
  if (dense(frame, &d)) return NULL;
  return failure(frame, "out of memory in a product", XLA_FFI_Error_Code_RESOURCE_EXHAUSTED);
}

/* (x, weights) -> y */
XLA_FFI_Error *tricera_product(XLA_FFI_CallFrame *frame) {
  if (asked_for_version(frame)) return NULL;
  return run_dense(frame, 0);
}

/* (x, slope of y) -> slope of weights */
XLA_FFI_Error *tricera_product_slope(XLA_FFI_CallFrame *frame) {
  if (asked_for_version(frame)) return NULL;
  return run_dense(frame, 1);
}

/* (x, order, start) -> the rows of x that order names from start on */
XLA_FFI_Error *tricera_take(XLA_FFI_CallFrame *frame) {
  if (asked_for_version(frame)) return NULL;
  XLA_FFI_Buffer *x = frame->args.args[0], *order = frame->args.args[1], *start = frame->args.args[2];
  XLA_FFI_Buffer *to = frame->rets.rets[0];
  take(x->data, (int32_t *)order->data + *(int32_t *)start->data, attribute(frame, 0), to->dims[0], to->data);
  return NULL;
}
