/* Convolutions of float32 images on CPU, called by XLA through its foreign function interface.

   x (images, height, width, channels) by kernel (window height, window width, channels, filters), any strides, no
   dilation. Windows of 3x3 with stride 1 and enough channels go through Winograd's transforms: F(4x4, 3x3), a quarter
   of the products. All others are direct. Both end in `product`, a block of a matrix product held in registers.

   Winograd, 1980; Lavin and Gray, 2015, arXiv:1509.09308. The points of interpolation are 0, +-1/sqrt(2), +-sqrt(2)
   and infinity: their errors are half of those of the usual 0, +-1, +-2 (Barabasz et al., 2018, arXiv:1803.10986). */

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "xla/ffi/api/c_api.h"

#if defined(__AVX512F__)
#define LANES 16
#define ROWS 8
#elif defined(__AVX__)
#define LANES 8
#define ROWS 6
#else
#define LANES 4
#define ROWS 8
#endif
#define COLUMNS (2 * LANES) /* of a block of a product */
#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int64_t size;

INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec v) { *(vec *)p = v; }
INLINE size least(size a, size b) { return a < b ? a : b; }
INLINE size most(size a, size b) { return a > b ? a : b; }
INLINE size ceiling(size a, size b) { return (a + b - 1) / b; }
INLINE size whole(size a, size b) { return ceiling(a, b) * b; }

INLINE vec load_some(const float *p, size n) {
  vec v = {0};
  if (n >= LANES) return load(p);
  memcpy(&v, p, n * sizeof(float));
  return v;
}

INLINE void store_some(float *p, vec v, size n) {
  if (n >= LANES) store(p, v);
  else memcpy(p, &v, n * sizeof(float));
}

/* ---- many cores: the caller works too, and waits only for what others have begun, so that no pool can block it */

typedef void Work(void *data, size item, size worker);

typedef struct {
  atomic_long next, done, workers, holders;
  size items;
  Work *work;
  void *data;
} Job;

static void drain(void *pointer) {
  Job *job = pointer;
  size item, worker = -1;
  while ((item = atomic_fetch_add(&job->next, 1)) < job->items) {
    if (worker < 0) worker = atomic_fetch_add(&job->workers, 1);
    job->work(job->data, item, worker);
    atomic_fetch_add(&job->done, 1);
  }
  if (atomic_fetch_sub(&job->holders, 1) == 1) free(job);
}

static size threads(XLA_FFI_CallFrame *frame) {
  int64_t count = 1;
  XLA_FFI_ThreadPool_NumThreads_Args args = {XLA_FFI_ThreadPool_NumThreads_Args_STRUCT_SIZE, NULL, frame->ctx, &count};
  XLA_FFI_Error *error = frame->api->XLA_FFI_ThreadPool_NumThreads(&args);
  if (error) {
    XLA_FFI_Error_Destroy_Args destroy = {XLA_FFI_Error_Destroy_Args_STRUCT_SIZE, NULL, error};
    frame->api->XLA_FFI_Error_Destroy(&destroy);
    return 1;
  }
  return most(count, 1);
}

/* Whether all was done: there may be no memory. */
static int parallel(XLA_FFI_CallFrame *frame, size items, Work *work, void *data) {
  size helpers = least(threads(frame), items) - 1;
  Job *job = malloc(sizeof(Job));
  if (!job) return 0;
  *job = (Job){.holders = helpers + 2, .items = items, .work = work, .data = data};
  for (size i = 0; i < helpers; i++) {
    XLA_FFI_ThreadPool_Schedule_Args args = {XLA_FFI_ThreadPool_Schedule_Args_STRUCT_SIZE, NULL, frame->ctx, drain, job};
    XLA_FFI_Error *error = frame->api->XLA_FFI_ThreadPool_Schedule(&args);
    if (error) {
      XLA_FFI_Error_Destroy_Args destroy = {XLA_FFI_Error_Destroy_Args_STRUCT_SIZE, NULL, error};
      frame->api->XLA_FFI_Error_Destroy(&destroy);
      atomic_fetch_sub(&job->holders, 1);
    }
  }
  drain(job);
  while (atomic_load(&job->done) < items) sched_yield();
  if (atomic_fetch_sub(&job->holders, 1) == 1) free(job);
  return 1;
}

static float *floats(size count) { return aligned_alloc(64, whole(count * sizeof(float), 64)); }

/* ---- a block of a matrix product: c[r, :] (+)= sum over leaps l and steps k of a[l, r, k] * b[l, k, :] */

typedef struct {
  const float *a, *b;
  float *c;
  size leaps, leap, depth, row, step, b_row, c_row;
} Block;

INLINE void block(const int rows, const int columns, const int unit_row, const int add, const Block *p) {
  vec sum[ROWS][2];
  const float *a0 = p->a, *b = p->b;
  const size row = unit_row ? 1 : p->row, step = unit_row ? p->step : 1, b_row = p->b_row, depth = p->depth;
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
    for (int v = 0; v < columns; v++) sum[r][v] = add ? load(p->c + r * p->c_row + v * LANES) : (vec){0};
  for (size l = 0; l < p->leaps; l++, a0 += p->leap) {
    const float *a = a0;
    for (size k = 0; k < depth; k++, a += step, b += b_row) {
      vec right[2];
#pragma GCC unroll 2
      for (int v = 0; v < columns; v++) right[v] = load(b + v * LANES);
#pragma GCC unroll 8
      for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int v = 0; v < columns; v++) sum[r][v] += a[r * row] * right[v];
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
    for (int v = 0; v < columns; v++) store(p->c + r * p->c_row + v * LANES, sum[r][v]);
}

#define CASE(rows) \
  case rows: \
    if (columns == 2) block(rows, 2, unit_row, add, p); \
    else block(rows, 1, unit_row, add, p); \
    break;

INLINE void block_of(int rows, const int columns, const int unit_row, const int add, const Block *p) {
  switch (rows) {
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if ROWS > 6
    CASE(7) CASE(8)
#endif
  }
}

/* Rows lie `row` apart and are summed along; the sum replaces c. */
static void product(int rows, int columns, const Block *p) {
  if (columns == 2) block_of(rows, 2, 0, 0, p);
  else block_of(rows, 1, 0, 0, p);
}

/* Rows lie side by side and are summed across, `step` apart; the sum is added to c. */
static void add_outer(int rows, int columns, const Block *p) {
  if (columns == 2) block_of(rows, 2, 1, 1, p);
  else block_of(rows, 1, 1, 1, p);
}

/* ---- one convolution */

typedef struct {
  size images, height, width, channels, window_height, window_width, filters, out_height, out_width;
  size stride_height, stride_width, top, left; /* top and left: rows and columns of zeros before x */
} Shape;

/* Vectors that hold some of the filters from `first` on: 1 or 2. */
INLINE int columns_at(size first, size filters) { return filters - first > LANES ? 2 : 1; }

/* ---- Winograd's transforms, of vectors over channels; s is the distance of the six elements */

#define A 0.70710678118654752f
#define B 1.4142135623730950f
enum { SIDE = 6, KEPT = 4, PLANES = SIDE * SIDE };

INLINE void transform_input(vec *t, const int s) {
  vec d0 = t[0], d1 = t[s], d2 = t[2 * s], d3 = t[3 * s], d4 = t[4 * s], d5 = t[5 * s];
  vec even_a = d4 - 2.0f * d2, odd_a = A * (d3 - 2.0f * d1), even_b = d4 - 0.5f * d2, odd_b = B * (d3 - 0.5f * d1);
  t[0] = d0 - 2.5f * d2 + d4;
  t[s] = even_a + odd_a;
  t[2 * s] = even_a - odd_a;
  t[3 * s] = even_b + odd_b;
  t[4 * s] = even_b - odd_b;
  t[5 * s] = d1 - 2.5f * d3 + d5;
}

INLINE void transform_output(vec *t, const int s) {
  vec sum_a = t[s] + t[2 * s], dif_a = A * (t[s] - t[2 * s]);
  vec sum_b = t[3 * s] + t[4 * s], dif_b = B * (t[3 * s] - t[4 * s]), last = t[5 * s];
  t[0] = t[0] + sum_a + sum_b;
  t[s] = dif_a + dif_b;
  t[2 * s] = 0.5f * sum_a + 2.0f * sum_b;
  t[3 * s] = 0.5f * dif_a + 2.0f * dif_b + last;
}

/* The transposed of `transform_output`: four elements to six. */
INLINE void transform_slope(vec *t, const int s) {
  vec y0 = t[0], y1 = t[s], y2 = t[2 * s], y3 = t[3 * s];
  vec even_a = y0 + 0.5f * y2, odd_a = A * (y1 + 0.5f * y3), even_b = y0 + 2.0f * y2, odd_b = B * (y1 + 2.0f * y3);
  t[s] = even_a + odd_a;
  t[2 * s] = even_a - odd_a;
  t[3 * s] = even_b + odd_b;
  t[4 * s] = even_b - odd_b;
  t[5 * s] = y3;
}

/* Three elements to six. */
INLINE void transform_kernel(vec *t, const int s) {
  vec g0 = t[0], g1 = t[s], g2 = t[2 * s];
  vec even_a = (-2.0f / 3) * g0 - (1.0f / 3) * g2, odd_a = (-2.0f / 3) * A * g1;
  vec even_b = (1.0f / 6) * g0 + (1.0f / 3) * g2, odd_b = (1.0f / 6) * B * g1;
  t[s] = even_a + odd_a;
  t[2 * s] = even_a - odd_a;
  t[3 * s] = even_b + odd_b;
  t[4 * s] = even_b - odd_b;
  t[5 * s] = g2;
}

/* The transposed of `transform_kernel`. */
INLINE void transform_kernel_slope(vec *t, const int s) {
  vec sum_a = t[s] + t[2 * s], dif_a = t[s] - t[2 * s], sum_b = t[3 * s] + t[4 * s], dif_b = t[3 * s] - t[4 * s];
  t[0] = t[0] - (2.0f / 3) * sum_a + (1.0f / 6) * sum_b;
  t[s] = (-2.0f / 3) * A * dif_a + (1.0f / 6) * B * dif_b;
  t[2 * s] = t[5 * s] - (1.0f / 3) * sum_a + (1.0f / 3) * sum_b;
}

/* Along the columns of a 6x6 array of which `from` x `from` are given, then along its rows. */
#define BOTH_WAYS(transform, t, from, to) \
  do { \
    _Pragma("GCC unroll 6") for (int i_ = 0; i_ < (from); i_++) transform(t + i_, SIDE); \
    _Pragma("GCC unroll 6") for (int i_ = 0; i_ < (to); i_++) transform(t + SIDE * i_, 1); \
  } while (0)

typedef struct {
  Shape of;
  const float *x, *kernel, *slope; /* of the three, two are given, and */
  float *y, *kernel_slope;         /* one of these */
  float *transformed, *scratch;    /* kernel or its gradient, for all planes; each worker's own */
  size down, across, tiles, together, x_row, y_row, x_plane, y_plane, each, parts;
} Tiles;

/* Where tile number `tile` of all images begins, in y. */
INLINE void place(const Tiles *job, size tile, size *image, size *row, size *column) {
  size per_image = job->down * job->across, within = tile % per_image;
  *image = tile / per_image;
  *row = within / job->across * KEPT;
  *column = within % job->across * KEPT;
}

/* A square of `side` x `side` pixels of images, zero where it reaches beyond them. */
INLINE void gather(vec *t, const int side, const float *x, size image, size row, size column, size height, size width,
                   size channels, size channel) {
  size n = channels - channel;
  const float *from = x + ((image * height + row) * width + column) * channels + channel;
  if (row >= 0 && column >= 0 && row + side <= height && column + side <= width && n >= LANES) {
    for (int i = 0; i < side; i++, from += width * channels)
      for (int j = 0; j < side; j++) t[SIDE * i + j] = load(from + j * channels);
    return;
  }
  for (int i = 0; i < side; i++, from += width * channels)
    for (int j = 0; j < side; j++) {
      int inside = row + i >= 0 && row + i < height && column + j >= 0 && column + j < width;
      t[SIDE * i + j] = inside ? load_some(from + j * channels, n) : (vec){0};
    }
}

INLINE void scatter_planes(const vec *t, float *to, size plane) {
#pragma GCC unroll 36
  for (int i = 0; i < PLANES; i++) store(to + i * plane, t[i]);
}

static void input_planes(const Tiles *job, size first, size count, float *to) {
  const Shape *s = &job->of;
  for (size i = 0; i < count; i++) {
    size image, row, column;
    place(job, first + i, &image, &row, &column);
    for (size c = 0; c < s->channels; c += LANES) {
      vec t[PLANES];
      gather(t, SIDE, job->x, image, row - s->top, column - s->left, s->height, s->width, s->channels, c);
      BOTH_WAYS(transform_input, t, SIDE, SIDE);
      scatter_planes(t, to + i * job->x_row + c, job->x_plane);
    }
  }
}

static void slope_planes(const Tiles *job, size first, size count, float *to) {
  const Shape *s = &job->of;
  for (size i = 0; i < count; i++) {
    size image, row, column;
    place(job, first + i, &image, &row, &column);
    for (size k = 0; k < s->filters; k += LANES) {
      vec t[PLANES];
      gather(t, KEPT, job->slope, image, row, column, s->out_height, s->out_width, s->filters, k);
      BOTH_WAYS(transform_slope, t, KEPT, SIDE);
      scatter_planes(t, to + i * job->y_row + k, job->y_plane);
    }
  }
}

/* From the products of all planes for up to two vectors of filters to y. */
static void output_of_planes(const Tiles *job, size first, size count, size filter, const float *from) {
  const Shape *s = &job->of;
  for (size i = 0; i < count; i++) {
    size image, row, column;
    place(job, first + i, &image, &row, &column);
    size rows = least(KEPT, s->out_height - row), columns = least(KEPT, s->out_width - column);
    for (size k = filter; k < least(filter + COLUMNS, s->filters); k += LANES) {
      vec t[PLANES];
#pragma GCC unroll 36
      for (int p = 0; p < PLANES; p++) t[p] = load(from + p * job->y_plane + i * COLUMNS + k - filter);
      BOTH_WAYS(transform_output, t, SIDE, KEPT);
      float *to = job->y + ((image * s->out_height + row) * s->out_width + column) * s->filters + k;
      for (size r = 0; r < rows; r++, to += s->out_width * s->filters)
        for (size c = 0; c < columns; c++) store_some(to + c * s->filters, t[SIDE * r + c], s->filters - k);
    }
  }
}

/* The transformed kernel: [block of filters][plane][channel][filter of the block]. */
static void kernel_planes(void *data, size item, size worker) {
  const Tiles *job = data;
  const Shape *s = &job->of;
  size row = s->channels * s->filters, filter = item * COLUMNS;
  (void)worker;
  for (size c = 0; c < s->channels; c++)
    for (size k = 0; k < COLUMNS; k += LANES) {
      vec t[PLANES];
      size n = s->filters - filter - k;
      for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
          const float *from = job->kernel + (3 * i + j) * row + c * s->filters + filter + k;
          t[SIDE * i + j] = n > 0 ? load_some(from, n) : (vec){0};
        }
      BOTH_WAYS(transform_kernel, t, 3, SIDE);
      scatter_planes(t, job->transformed + (item * PLANES * s->channels + c) * COLUMNS + k, s->channels * COLUMNS);
    }
}

static void convolve_tiles(void *data, size item, size worker) {
  const Tiles *job = data;
  const Shape *s = &job->of;
  size first = item * job->together, count = least(job->together, job->tiles - first);
  float *inputs = job->scratch + worker * job->each, *products = inputs + PLANES * job->x_plane;
  input_planes(job, first, count, inputs);
  for (size filter = 0; filter < s->filters; filter += COLUMNS) {
    for (int plane = 0; plane < PLANES; plane++) {
      const float *b = job->transformed + (filter / COLUMNS * PLANES + plane) * s->channels * COLUMNS;
      for (size i = 0; i < count; i += ROWS) {
        Block p = {.a = inputs + plane * job->x_plane + i * job->x_row, .b = b, .leaps = 1, .depth = s->channels,
                   .c = products + plane * job->y_plane + i * COLUMNS, .row = job->x_row, .b_row = COLUMNS,
                   .c_row = COLUMNS};
        product(least(ROWS, count - i), columns_at(filter, s->filters), &p);
      }
    }
    output_of_planes(job, first, count, filter, products);
  }
}

/* The gradient of the transformed kernel by one part of the tiles. */
static void correlate_tiles(void *data, size part, size worker) {
  const Tiles *job = data;
  const Shape *s = &job->of;
  float *inputs = job->scratch + worker * job->each, *slopes = inputs + PLANES * job->x_plane;
  size plane_size = s->channels * job->y_row;
  float *sums = job->transformed + part * PLANES * plane_size;
  memset(sums, 0, PLANES * plane_size * sizeof(float));
  size stop = job->tiles * (part + 1) / job->parts;
  for (size first = job->tiles * part / job->parts; first < stop; first += job->together) {
    size count = least(job->together, stop - first);
    input_planes(job, first, count, inputs);
    slope_planes(job, first, count, slopes);
    for (int plane = 0; plane < PLANES; plane++)
      for (size k = 0; k < s->filters; k += COLUMNS)
        for (size c = 0; c < s->channels; c += ROWS) {
          Block p = {.a = inputs + plane * job->x_plane + c, .b = slopes + plane * job->y_plane + k, .leaps = 1,
                     .depth = count, .c = sums + plane * plane_size + c * job->y_row + k, .step = job->x_row,
                     .b_row = job->y_row, .c_row = job->y_row};
          add_outer(least(ROWS, s->channels - c), columns_at(k, s->filters), &p);
        }
  }
}

/* The gradient of one channel of the kernel from those of the transformed one, all parts summed in order. */
static void kernel_slope_of_planes(void *data, size channel, size worker) {
  const Tiles *job = data;
  const Shape *s = &job->of;
  size plane_size = s->channels * job->y_row;
  (void)worker;
  for (size k = 0; k < s->filters; k += LANES) {
    vec t[PLANES];
    for (int i = 0; i < PLANES; i++) {
      const float *from = job->transformed + i * plane_size + channel * job->y_row + k;
      t[i] = load(from);
      for (size part = 1; part < job->parts; part++) t[i] += load(from + part * PLANES * plane_size);
    }
    BOTH_WAYS(transform_kernel_slope, t, SIDE, 3);
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) {
        float *to = job->kernel_slope + ((3 * i + j) * s->channels + channel) * s->filters + k;
        store_some(to, t[SIDE * i + j], s->filters - k);
      }
  }
}

/* Whether Winograd's way pays for its transforms, that of the kernel above all. */
static int winograd_pays(const Shape *s, size fewest_tiles) {
  size tiles = s->images * ceiling(s->out_height, KEPT) * ceiling(s->out_width, KEPT);
  return tiles >= fewest_tiles && s->window_height == 3 && s->window_width == 3 && s->stride_height == 1 && s->stride_width == 1 &&
         s->channels >= 8 && s->filters >= 8 && s->out_height >= 3 && s->out_width >= 3;
}

/* Room between planes keeps them from the same few lines of the cache. */
static Tiles tiles_of(const Shape *s, size y_row) {
  Tiles job = {.of = *s, .down = ceiling(s->out_height, KEPT), .across = ceiling(s->out_width, KEPT)};
  job.tiles = s->images * job.down * job.across;
  job.x_row = whole(s->channels, LANES);
  job.y_row = y_row;
  size room = 192 * 1024, per_tile = PLANES * (job.x_row + y_row); /* floats that stay in the second cache */
  job.together = most(least(room / per_tile / ROWS * ROWS, 64), ROWS);
  job.x_plane = job.together * job.x_row + LANES;
  job.y_plane = job.together * y_row + LANES;
  job.each = PLANES * (job.x_plane + job.y_plane);
  return job;
}

static int winograd(XLA_FFI_CallFrame *frame, const Shape *s, const float *x, const float *kernel, float *y) {
  Tiles job = tiles_of(s, COLUMNS);
  size blocks = ceiling(s->filters, COLUMNS), workers = threads(frame);
  job.together = least(job.together, whole(ceiling(job.tiles, workers), ROWS));
  job.x = x, job.kernel = kernel, job.y = y;
  job.transformed = floats(blocks * PLANES * s->channels * COLUMNS);
  job.scratch = floats(workers * job.each);
  int done = job.transformed && job.scratch && parallel(frame, blocks, kernel_planes, &job) &&
             parallel(frame, ceiling(job.tiles, job.together), convolve_tiles, &job);
  free(job.transformed);
  free(job.scratch);
  return done;
}

static int winograd_kernel_slope(XLA_FFI_CallFrame *frame, const Shape *s, const float *x, const float *slope, float *to) {
  Tiles job = tiles_of(s, whole(s->filters, LANES));
  job.parts = most(least(threads(frame), job.tiles / ROWS), 1);
  job.x = x, job.slope = slope, job.kernel_slope = to;
  job.transformed = floats(job.parts * PLANES * s->channels * job.y_row);
  job.scratch = floats(job.parts * job.each);
  int done = job.transformed && job.scratch && parallel(frame, job.parts, correlate_tiles, &job) &&
             parallel(frame, s->channels, kernel_slope_of_planes, &job);
  free(job.transformed);
  free(job.scratch);
  return done;
}

/* ---- direct convolution: a row of a window, and all its channels, lie side by side in x */

typedef struct {
  Shape of;                /* without padding */
  const float *x, *kernel; /* padded; its filters in blocks */
  const float *slope;
  float *y, *sums;
  size parts, y_row;
} Direct;

/* x with its zeros around, for all images; x itself where there are none. NULL where there is no memory. */
static const float *padded(Shape *s, const float *x) {
  size height = (s->out_height - 1) * s->stride_height + s->window_height;
  size width = (s->out_width - 1) * s->stride_width + s->window_width;
  if (!s->top && !s->left && height <= s->height && width <= s->width) return x;
  height = most(height, s->height + s->top), width = most(width, s->width + s->left);
  float *wide = floats(s->images * height * width * s->channels), *to = wide;
  if (!wide) return NULL;
  size row = width * s->channels, left = s->left * s->channels, kept = s->width * s->channels;
  for (size image = 0; image < s->images; image++) {
    memset(to, 0, s->top * row * sizeof(float));
    to += s->top * row;
    for (size i = 0; i < s->height; i++, to += row, x += kept) {
      memset(to, 0, left * sizeof(float));
      memcpy(to + left, x, kept * sizeof(float));
      memset(to + left + kept, 0, (row - left - kept) * sizeof(float));
    }
    size below = height - s->top - s->height;
    memset(to, 0, below * row * sizeof(float));
    to += below * row;
  }
  s->height = height, s->width = width, s->top = s->left = 0;
  return wide;
}

/* One row of y. */
static void convolve_row(void *data, size item, size worker) {
  const Direct *job = data;
  const Shape *s = &job->of;
  size image = item / s->out_height, row = item % s->out_height, depth = s->window_width * s->channels;
  const float *x = job->x + (image * s->height + row * s->stride_height) * s->width * s->channels;
  float *y = job->y + item * s->out_width * s->filters, kept[ROWS * COLUMNS];
  (void)worker;
  for (size filter = 0; filter < s->filters; filter += COLUMNS) {
    size n = least(s->filters - filter, COLUMNS);
    int columns = columns_at(filter, s->filters), fits = n == columns * LANES;
    for (size j = 0; j < s->out_width; j += ROWS) {
      int rows = least(ROWS, s->out_width - j);
      float *to = y + j * s->filters + filter;
      Block p = {.a = x + j * s->stride_width * s->channels, .b = job->kernel + filter * s->window_height * depth,
                 .c = fits ? to : kept, .leaps = s->window_height, .leap = s->width * s->channels, .depth = depth,
                 .row = s->stride_width * s->channels, .b_row = COLUMNS, .c_row = fits ? s->filters : COLUMNS};
      product(rows, columns, &p);
      for (int r = 0; !fits && r < rows; r++) memcpy(to + r * s->filters, kept + r * COLUMNS, n * sizeof(float));
    }
  }
}

static int direct(XLA_FFI_CallFrame *frame, const Shape *shape, const float *x, const float *kernel, float *y) {
  Direct job = {.of = *shape, .y = y};
  Shape *s = &job.of;
  size depth = s->window_height * s->window_width * s->channels, blocks = ceiling(s->filters, COLUMNS);
  float *packed = floats(blocks * depth * COLUMNS);
  job.x = padded(s, x), job.kernel = packed;
  for (size b = 0; packed && b < blocks; b++)
    for (size d = 0; d < depth; d++) {
      float *to = packed + (b * depth + d) * COLUMNS;
      size n = least(COLUMNS, s->filters - b * COLUMNS);
      memcpy(to, kernel + d * s->filters + b * COLUMNS, n * sizeof(float));
      memset(to + n, 0, (COLUMNS - n) * sizeof(float));
    }
  int done = packed && job.x && parallel(frame, s->images * s->out_height, convolve_row, &job);
  free(packed);
  if (job.x != x) free((void *)job.x);
  return done;
}

/* The kernel's gradient by one part of the rows of the slope. */
static void correlate_rows(void *data, size part, size worker) {
  const Direct *job = data;
  const Shape *s = &job->of;
  size depth = s->window_width * s->channels, all = s->images * s->out_height, x_row = s->width * s->channels;
  float *sums = job->sums + part * s->window_height * depth * job->y_row;
  (void)worker;
  memset(sums, 0, s->window_height * depth * job->y_row * sizeof(float));
  size stop = all * (part + 1) / job->parts, rows = most(4096 / (s->out_width * s->filters), 1), count;
  for (size at = all * part / job->parts; at < stop; at += count) {
    size image = at / s->out_height, row = at % s->out_height;
    count = least(least(rows, stop - at), s->out_height - row);
    const float *x = job->x + (image * s->height + row * s->stride_height) * x_row;
    for (size u = 0; u < s->window_height; u++)
      for (size d = 0; d < depth; d += ROWS)
        for (size k = 0; k < s->filters; k += COLUMNS) {
          Block p = {.a = x + u * x_row + d, .b = job->slope + at * s->out_width * job->y_row + k, .leaps = count,
                     .leap = s->stride_height * x_row, .depth = s->out_width, .step = s->stride_width * s->channels,
                     .b_row = job->y_row, .c = sums + (u * depth + d) * job->y_row + k, .c_row = job->y_row};
          add_outer(least(ROWS, depth - d), columns_at(k, s->filters), &p);
        }
  }
}

static int direct_kernel_slope(XLA_FFI_CallFrame *frame, const Shape *shape, const float *x, const float *slope, float *to) {
  Direct job = {.of = *shape, .slope = slope};
  Shape *s = &job.of;
  size depth = s->window_height * s->window_width * s->channels, pixels = s->images * s->out_height * s->out_width;
  job.x = padded(s, x);
  job.y_row = whole(s->filters, LANES);
  job.parts = least(threads(frame), s->images * s->out_height);
  job.sums = floats(job.parts * depth * job.y_row);
  float *wide = job.y_row == s->filters ? NULL : floats(pixels * job.y_row);
  int done = job.x && job.sums && (wide || job.y_row == s->filters);
  for (size i = 0; done && wide && i < pixels; i++) {
    memcpy(wide + i * job.y_row, slope + i * s->filters, s->filters * sizeof(float));
    memset(wide + i * job.y_row + s->filters, 0, (job.y_row - s->filters) * sizeof(float));
  }
  if (wide) job.slope = wide;
  done = done && parallel(frame, job.parts, correlate_rows, &job);
  for (size d = 0; done && d < depth; d++)
    for (size k = 0; k < s->filters; k++) {
      float sum = 0;
      for (size part = 0; part < job.parts; part++) sum += job.sums[(part * depth + d) * job.y_row + k];
      to[d * s->filters + k] = sum;
    }
  free(job.sums);
  free(wide);
  if (job.x != x) free((void *)job.x);
  return done;
}

/* ---- what XLA calls */

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
