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

/* Four channels from `index` on, of which the last ones may be another pixel's, or of another kind. */
INLINE four taken(const void *image, size index, size left, int bytes) {
  four found = {0};
  if (bytes) {
    const uint8_t *from = (const uint8_t *)image + index;
    int32_t some = 0;
    if (LITTLE_ENDIAN_MACHINE && left - index >= 4) memcpy(&some, from, sizeof(some));
    else for (size k = 0; k < least(4, left - index); k++) some |= (uint32_t)from[k] << 8 * k;
    /* Compilers convert vectors of bytes one by one. */
    return __builtin_convertvector(((four_ints){some, some, some, some} >> (four_ints){0, 8, 16, 24}) & 255, four);
  }
  const float *from = (const float *)image + index;
  if (left - index >= 4) memcpy(&found, from, sizeof(found));
  else memcpy(&found, from, (left - index) * sizeof(float));
  return found;
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
        four p = taken(image, (upper + column.near) * channels + k, all, bytes);
        four q = taken(image, (upper + column.far) * channels + k, all, bytes);
        four r = taken(image, (lower + column.near) * channels + k, all, bytes);
        four s = taken(image, (lower + column.far) * channels + k, all, bytes);
        four top = p * (1 - column.share) + q * column.share, bottom = r * (1 - column.share) + s * column.share;
        four found = top * (1 - row.share) + bottom * row.share;
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
