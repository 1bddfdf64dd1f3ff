/* Images read at other places: each pixel (row, column) at (c + a row + b column, f + d row + e column), bilinearly. */

typedef enum { NEAREST, CONSTANT, REFLECT, WRAP } Beyond; /* the edges */

typedef struct {
  const void *images;   /* (count, height, width, channels) of bytes or floats */
  const double *maps;   /* (count, 2, 3): a b c, d e f */
  const uint8_t *flips; /* (count, 2): whether rows, whether columns are read in reverse */
  float *to;
  int64_t height, width, channels, bytes, beyond;
  float value; /* beyond the edges, if that is constant */
} Warp;

#define LITTLE_ENDIAN_MACHINE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

typedef float four __attribute__((vector_size(16)));
typedef int32_t four_ints __attribute__((vector_size(16)));

/* Products are rounded before they are added, as everywhere outside of C: where a pixel lies on an edge depends on it. So
   no compiler may see the sum: it would fuse both. */
static __attribute__((noinline)) void multiples(double factor, size count, int reversed, double *to) {
  for (size i = 0; i < count; i++) to[i] = factor * (double)(reversed ? count - 1 - i : i);
}

/* Where a place beyond the edges is read, in 0 ... last. */
static double back(double place, size length, Beyond beyond) {
  double last = length - 1;
  if (beyond == REFLECT) {
    place = fmod(place + 0.5, 2 * length);
    place = (place < 0 ? place + 2 * length : place) - 0.5;
    if (place > last + 0.5) place = 2 * length - 1 - place;
  } else if (beyond == WRAP && last) { /* the first and the last pixel are the same place, as in SciPy */
    double turns = trunc(place / last);
    if (place < 0) place -= (turns - 1) * last;
    else if (place > last) place -= turns * last;
  }
  return place > last ? last : place > 0 ? place : 0; /* no number is the first */
}

/* Four channels from `index` on, of which the last ones may be the next pixel's; after `end` there are none. */
INLINE four taken(const void *image, size index, size end, int bytes, int all_there) {
  four found = {0};
  if (bytes) {
    const uint8_t *from = (const uint8_t *)image + index;
    int32_t some = 0;
    if (all_there) memcpy(&some, from, sizeof(some));
    else for (size k = 0; k < least(4, end - index); k++) some |= (uint32_t)from[k] << 8 * k;
    /* Compilers convert vectors of bytes one by one. */
    return __builtin_convertvector(((four_ints){some, some, some, some} >> (four_ints){0, 8, 16, 24}) & 255, four);
  }
  const float *from = (const float *)image + index;
  if (all_there) memcpy(&found, from, sizeof(found));
  else memcpy(&found, from, least(4, end - index) * sizeof(float));
  return found;
}

typedef struct { size near, far; } Pair; /* neighbours in a row */

INLINE four mixed(const void *image, Pair upper, Pair lower, float h, float v, size end, int bytes, int all_there) {
  four p = taken(image, upper.near, end, bytes, all_there), q = taken(image, upper.far, end, bytes, all_there);
  four r = taken(image, lower.near, end, bytes, all_there), s = taken(image, lower.far, end, bytes, all_there);
  return (p * (1 - h) + q * h) * (1 - v) + (r * (1 - h) + s * h) * v;
}

typedef struct { int32_t near, far; float share; } Place; /* two neighbours, and how much the far one counts */

INLINE Place place_of(double at, size length) {
  int32_t near = at;
  return (Place){near, near + (near + 1 < length), at - near};
}

/* One image; `tables` has room for 2 (width + height) numbers, `line` for a row and 4 floats. */
INLINE void warp_image(const Warp *w, size number, int bytes, size channels, double *tables, float *line) {
  size height = w->height, width = w->width, all = height * width * channels;
  const void *image = (const char *)w->images + number * all * (bytes ? 1 : sizeof(float));
  const double *m = w->maps + 6 * number;
  const uint8_t *flips = w->flips + 2 * number;
  double *a = tables, *d = a + height, *b = d + height, *e = b + width;
  multiples(m[0], height, flips[0], a), multiples(m[3], height, flips[0], d);
  multiples(m[1], width, flips[1], b), multiples(m[4], width, flips[1], e);
  for (size i = 0; i < height; i++) {
    double c = m[2] + a[i], f = m[5] + d[i];
    for (size j = 0; j < width; j++) {
      double y = c + b[j], x = f + e[j];
      int inside = y >= 0 && y <= height - 1 && x >= 0 && x <= width - 1;
      if (!inside) {
        if (w->beyond == CONSTANT) {
          for (size k = 0; k < channels; k++) line[j * channels + k] = w->value;
          continue;
        }
        y = back(y, height, w->beyond), x = back(x, width, w->beyond);
      }
      Place row = place_of(y, height), column = place_of(x, width);
      size upper = row.near * width, lower = row.far * width;
      for (size k = 0; k < channels; k += 4) {
        Pair above = {(upper + column.near) * channels + k, (upper + column.far) * channels + k};
        Pair below = {(lower + column.near) * channels + k, (lower + column.far) * channels + k};
        four found = LITTLE_ENDIAN_MACHINE && below.far + 4 <= all
                         ? mixed(image, above, below, column.share, row.share, all, bytes, 1)
                         : mixed(image, above, below, column.share, row.share, all, bytes, 0);
        memcpy(line + j * channels + k, &found, sizeof(found)); /* what is too much is written over by the next */
      }
    }
    memcpy(w->to + number * all + i * width * channels, line, width * channels * sizeof(float));
  }
}

/* The images from `first` on, before `end`; whether there was memory. */
int tricera_warp(const Warp *w, int64_t first, int64_t end) {
  double *tables = malloc(2 * (w->width + w->height) * sizeof(double));
  float *line = malloc((w->width * w->channels + 4) * sizeof(float));
  int there = tables && line;
  for (size number = first; there && number < end; number++) {
    if (w->bytes && w->channels == 3) warp_image(w, number, 1, 3, tables, line);
    else if (w->bytes) warp_image(w, number, 1, w->channels, tables, line);
    else if (w->channels == 3) warp_image(w, number, 0, 3, tables, line);
    else warp_image(w, number, 0, w->channels, tables, line);
  }
  free(tables);
  free(line);
  return there;
}
