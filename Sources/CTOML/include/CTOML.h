#ifndef CTOML_H
#define CTOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// toml++ for Swift: parses a text into a flat list of values with paths and positions, or into one error. No function
// throws. Borrowed memory is valid for the lifetime of its document.

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

// One value. `path` reads `server.port` or `providers[0].models[2]`; a segment that is no bare key is quoted.
// A table or an array comes before what it holds; siblings come in the order of the file. `text` is the
// value of a string, `integer` that of an integer or the length of an array. `line` and `column` count from 1.
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

// Why a text is not TOML, and where.
typedef struct {
  const char *message;
  size_t message_count;
  uint32_t line;
  uint32_t column;
} ctoml_fault;

typedef struct ctoml_document ctoml_document;

// Parses `count` bytes of UTF-8. NULL only when there is no memory.
ctoml_document *ctoml_parse(const char *text, size_t count);

// The fault of the text, or NULL when it was TOML.
const ctoml_fault *ctoml_fault_of(const ctoml_document *document);

// The number of values.
size_t ctoml_count(const ctoml_document *document);

// The value at `index`, which must be less than the count.
ctoml_entry ctoml_entry_at(const ctoml_document *document, size_t index);

void ctoml_free(ctoml_document *document);

#ifdef __cplusplus
}
#endif

#endif
