/* Vectors of floats, and a block of a matrix product held in registers: what every kernel here ends in. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

/* Vectors that hold some of the columns from `first` on: 1 or 2. */
INLINE int columns_at(size first, size columns) { return columns - first > LANES ? 2 : 1; }

static float *floats(size count) { return aligned_alloc(64, whole(count * sizeof(float), 64)); }

/* c[r, :] (+)= sum over leaps l and steps k of a[l, r, k] * b[l, k, :] */
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

/* The same; the sum replaces c. */
static void outer(int rows, int columns, const Block *p) {
  if (columns == 2) block_of(rows, 2, 1, 0, p);
  else block_of(rows, 1, 1, 0, p);
}
