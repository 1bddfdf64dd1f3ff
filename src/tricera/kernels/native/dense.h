/* Products of x (samples, features): by weights (features, units), and for their gradient, with a slope (samples, units).

   Both are sums of `depth` rows of `right`, times what x has for a row of the result: along a row of x, or across. */

typedef struct {
  const float *x, *right;
  float *last, *to; /* last: the columns of right that fill no vectors, with zeros beside them */
  size samples, features, units, rows, depth;
  int across;
} Dense;

#define ITEM (2 * ROWS)  /* rows of the result in one item of work */
#define ALONE (1 << 21) /* multiplications that are no work for several threads */

INLINE void block_of_dense(const Dense *d, size row, size column, size rows) {
  size n = least(d->units - column, COLUMNS);
  int fits = n % LANES == 0, columns = columns_at(column, d->units);
  float kept[ROWS * COLUMNS], *to = d->to + row * d->units + column;
  Block p = {.a = d->x + row * (d->across ? 1 : d->features), .b = fits ? d->right + column : d->last,
             .b_row = fits ? d->units : COLUMNS, .c = fits ? to : kept, .c_row = fits ? d->units : COLUMNS,
             .leaps = 1, .depth = d->depth, .row = d->features, .step = d->features};
  if (d->across) outer(rows, columns, &p);
  else product(rows, columns, &p);
  for (size r = 0; !fits && r < rows; r++) memcpy(to + r * d->units, kept + r * COLUMNS, n * sizeof(float));
}

static void rows_of_dense(void *data, size item, size worker) {
  const Dense *d = data;
  size stop = least(d->rows, (item + 1) * ITEM);
  (void)worker;
  for (size column = 0; column < d->units; column += COLUMNS)
    for (size row = item * ITEM; row < stop; row += ROWS) block_of_dense(d, row, column, least(ROWS, stop - row));
}

static int dense(XLA_FFI_CallFrame *frame, Dense *d) {
  size items = ceiling(d->rows, ITEM), rest = d->units % COLUMNS;
  int done = 1;
  if (rest % LANES) {
    d->last = floats(d->depth * COLUMNS);
    if (!d->last) return 0;
    for (size i = 0; i < d->depth; i++) {
      float *to = d->last + i * COLUMNS;
      memcpy(to, d->right + (i + 1) * d->units - rest, rest * sizeof(float));
      memset(to + rest, 0, (COLUMNS - rest) * sizeof(float));
    }
  }
  if (d->samples * d->features * d->units > ALONE) done = parallel(frame, items, rows_of_dense, d);
  else
    for (size item = 0; item < items; item++) rows_of_dense(d, item, 0);
  free(d->last);
  return done;
}
