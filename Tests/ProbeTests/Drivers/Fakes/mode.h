// The file name selects a library's behavior, as in `fake+DEVICES=8+MIG.so`, so that each fake is built once.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

// Returns the text after a word in the file name; null if the word is missing.
static const char *mode(const char *word) {
  Dl_info self;
  if (!dladdr((void *)mode, &self)) return 0;
  for (const char *at = strchr(self.dli_fname, '+'); at; at = strchr(at + 1, '+')) {
    size_t length = strlen(word);
    if (!strncmp(at + 1, word, length) && strchr("+=.", at[1 + length])) return at + 1 + length;
  }
  return 0;
}

// Returns the number after a word and `=`.
__attribute__((unused)) static int mode_number(const char *word, int otherwise) {
  const char *text = mode(word);
  return text && *text == '=' ? atoi(text + 1) : otherwise;
}
