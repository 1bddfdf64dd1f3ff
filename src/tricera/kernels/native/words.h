/* Words of texts, and runs of neighbouring words, as their numbers in a vocabulary. Texts are bytes. */

#define DROPPED -1
#define BETWEEN -2 /* words */

typedef struct {
  const int16_t *becomes; /* of each of 256 bytes: another one, or one of the above */
  const int64_t *runs;    /* lengths of the runs of words that have numbers */
  const char *known;      /* the vocabulary, end to end */
  const int64_t *ends;    /* of its tokens */
  int32_t *slots;         /* hash table of tokens: a power of two places, -1 where there is none */
  const int32_t *numbers; /* of the tokens */
  int64_t run_lengths, tokens, last_slot;
  int32_t unknown;
} Vocabulary;

/* FNV-1a, a letter after the other. */
#define EMPTY_HASH 14695981039346656037u
INLINE uint64_t with_letter(uint64_t hash, unsigned char letter) { return (hash ^ letter) * 1099511628211u; }

static uint64_t hash_of(const char *letters, size count) {
  uint64_t hash = EMPTY_HASH;
  for (size i = 0; i < count; i++) hash = with_letter(hash, letters[i]);
  return hash;
}

/* The place of a token in the hash table, or the free place where it belongs. */
static size slot_of(const Vocabulary *v, const char *letters, size count, uint64_t hash) {
  for (size slot = (hash ^ hash >> 32) & v->last_slot;; slot = (slot + 1) & v->last_slot) {
    int32_t token = v->slots[slot];
    if (token < 0) return slot;
    size begin = token ? v->ends[token - 1] : 0;
    if (v->ends[token] - begin == count && !memcmp(v->known + begin, letters, count)) return slot;
  }
}

void tricera_words_index(Vocabulary *v) {
  for (size token = 0; token < v->tokens; token++) {
    size begin = token ? v->ends[token - 1] : 0;
    size count = v->ends[token] - begin;
    v->slots[slot_of(v, v->known + begin, count, hash_of(v->known + begin, count))] = token;
  }
}

typedef struct {
  size begin;
  uint64_t hash;
} Word;

/* Writes the words of a text, a space after each, and where each begins, then the end; how many there are. */
static size split(const int16_t *becomes, const char *text, const char *end, char *letters, Word *words) {
  size count = 0, at = 0, begin = 0;
  uint64_t hash = EMPTY_HASH;
  while (text <= end) {
    int16_t letter = text < end ? becomes[(unsigned char)*text] : BETWEEN;
    text++;
    if (letter != BETWEEN) { /* one that is dropped is written over, without a branch */
      letters[at] = letter;
      hash = letter < 0 ? hash : with_letter(hash, letter);
      at += letter >= 0;
    } else if (at > begin) {
      words[count++] = (Word){begin, hash};
      letters[at++] = ' ';
      begin = at;
      hash = EMPTY_HASH;
    }
  }
  words[count].begin = begin;
  return count;
}

/* The numbers of each text in a row of `width`, the rest of it filled; the length of the longest row, or -1 without memory.
   Without `to` nothing is written. */
int64_t tricera_words(const Vocabulary *v, const char *texts, const int64_t *text_ends, int64_t count, int64_t width,
                      int32_t filling, int32_t *to) {
  size longest = 0, longest_row = 0;
  for (size i = 0; i < count; i++) longest = most(longest, text_ends[i] - (i ? text_ends[i - 1] : 0));
  char *letters = malloc(longest + 2);
  Word *words = malloc((longest / 2 + 2) * sizeof(Word));
  if (!letters || !words) longest_row = -1;
  for (size i = 0; longest_row >= 0 && i < count; i++) {
    size found = split(v->becomes, texts + (i ? text_ends[i - 1] : 0), texts + text_ends[i], letters, words), at = 0;
    for (size r = 0; r < v->run_lengths; r++) {
      size run = v->runs[r];
      for (size word = 0; word + run <= found && !(to && at == width); word++, at++) {
        if (!to) continue;
        const char *first = letters + words[word].begin;
        size length = words[word + run].begin - 1 - words[word].begin;
        int32_t token = v->slots[slot_of(v, first, length, run == 1 ? words[word].hash : hash_of(first, length))];
        to[i * width + at] = token < 0 ? v->unknown : v->numbers[token];
      }
    }
    longest_row = most(longest_row, at);
    for (; to && at < width; at++) to[i * width + at] = filling;
  }
  free(letters);
  free(words);
  return longest_row;
}
