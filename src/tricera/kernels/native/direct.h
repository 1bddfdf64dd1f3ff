/* Convolution by any window: a row of a window, and all its channels, lie side by side in x. */

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
