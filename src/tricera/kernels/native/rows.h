/* Rows of an array, wherever they lie in memory. */

#define AHEAD 2 /* rows that are asked of memory before they are copied, each up to so many bytes: */
#define ASKED 4096

static void take(const char *x, const int32_t *rows, size bytes, size count, char *to) {
  for (size i = 0; i < count; i++, to += bytes) {
    const char *later = x + rows[least(i + AHEAD, count - 1)] * bytes;
    for (size at = 0; at < least(bytes, ASKED); at += 64) __builtin_prefetch(later + at);
    memcpy(to, x + rows[i] * bytes, bytes);
  }
}
