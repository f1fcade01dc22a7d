#ifndef CTOML_H
#define CTOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// toml++ for Swift. A text becomes a flat list of values with paths and positions, or one error. No function throws.
// Every pointer is valid as long as its document.

#ifdef __cplusplus
extern "C" {
#endif

typedef enum : int32_t {
  CTOML_TABLE,
  CTOML_ARRAY,
  CTOML_STRING,
  CTOML_INTEGER,
  CTOML_FLOAT,
  CTOML_BOOLEAN,
  CTOML_DATETIME,
} ctoml_kind;

// One value. `path` is, for example, `server.port` or `providers[0].models[2]`; a segment that is not a bare key is
// quoted. A table or an array precedes its contents; siblings are in the order of the file. `text` is the value of a
// string, `integer` that of an integer or the length of an array. `line` and `column` count from 1.
typedef struct {
  const char *path;
  size_t path_count;
  const char *text;
  size_t text_count;
  int64_t integer;
  double real;
  bool boolean;
  ctoml_kind kind;
  uint32_t line;
  uint32_t column;
} ctoml_entry;

// An error of the parser, with its position.
typedef struct {
  const char *message;
  size_t message_count;
  uint32_t line;
  uint32_t column;
} ctoml_error;

typedef struct ctoml_document ctoml_document;

// Parses `count` bytes of UTF-8. Returns NULL only if there is not enough memory.
ctoml_document *ctoml_parse(const char *text, size_t count);

// Returns the error of the text, or NULL if it is TOML.
const ctoml_error *ctoml_error_of(const ctoml_document *document);

// Returns the number of values.
size_t ctoml_count(const ctoml_document *document);

// Returns the value at `index`, which must be less than the count.
ctoml_entry ctoml_entry_at(const ctoml_document *document, size_t index);

// Frees a document and everything in it.
void ctoml_free(ctoml_document *document);

#ifdef __cplusplus
}
#endif

#endif
