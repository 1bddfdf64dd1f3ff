/* Convolution by windows of 3x3, stride 1, with a quarter of the products: F(4x4, 3x3).

   Winograd, 1980; Lavin and Gray, 2015, arXiv:1509.09308. The points of interpolation are 0, +-1/sqrt(2), +-sqrt(2)
   and infinity, with half the errors of the usual 0, +-1, +-2 (Barabasz et al., 2018, arXiv:1803.10986). The 36
   elements of a transformed tile lie in 36 planes, each of which is one matrix product. The transforms work on
   vectors over channels; in them s is the distance of the elements. */

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
