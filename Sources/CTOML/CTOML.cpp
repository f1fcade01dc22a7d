// Some texts, such as `[.a]`, break an assertion of toml++ 3.3. With NDEBUG, the compiler would assume that it holds.
// Here a broken assertion throws an exception, in debug and release builds.
#undef NDEBUG
namespace {
struct broken_assumption {};
}
#define TOML_ASSERT(expr)                   \
  do {                                      \
    if (!(expr)) throw broken_assumption{}; \
  } while (false)

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#define TOML_MAX_NESTED_VALUES 64
#include <toml++/impl/forward_declarations.h>

// An `é` between two keys reaches code that toml++ calls unreachable; the right result there is false.
#pragma push_macro("TOML_UNREACHABLE")
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE return false
#include <toml++/impl/unicode.h>
#pragma pop_macro("TOML_UNREACHABLE")
#include <toml++/toml.h>

#include "CTOML.h"

#include <algorithm>
#include <cctype>
#include <new>
#include <string>
#include <vector>

namespace {

// The largest number of dots in a key. toml++ limits nested values but not dotted keys, and frees both recursively.
constexpr unsigned dots_max = 16;

// The total size of all paths, in bytes. The name of a table repeats in each of its keys.
constexpr size_t path_bytes_max = 16 << 20;

struct entry {
  std::string path, text;
  ctoml_entry value;
};

}  // namespace

struct ctoml_document {
  std::vector<entry> entries;
  std::string message;
  ctoml_error error{};
  size_t path_bytes = 0;

  void fail(std::string_view why, toml::source_position where) {
    message = why;
    error = {message.data(), message.size(), where.line, where.column};
  }
};

namespace {

// Returns the position of the first key with more dots than `dots_max`, if there is one. Skips strings and comments.
std::optional<toml::source_position> too_deep(std::string_view text) {
  unsigned dots = 0;
  toml::source_position position{1, 0};
  for (size_t i = 0; i < text.size(); ++i, ++position.column) {
    switch (char c = text[i]) {
      case '\n': position = {position.line + 1, 0}; [[fallthrough]];
      case ',': dots = 0; break;
      case '.': if (++dots > dots_max) return toml::source_position{position.line, position.column + 1}; break;
      case '#': while (i + 1 < text.size() && text[i + 1] != '\n') ++i; break;
      case '"':
      case '\'': {
        bool triple = i + 2 < text.size() && text[i + 1] == c && text[i + 2] == c;
        for (i += triple ? 3 : 1; i < text.size(); ++i) {
          bool escapes = text[i] == '\\' && c == '"';
          if (escapes && ++i == text.size()) break;
          if (text[i] == '\n') { if (!triple) break; position = {position.line + 1, 0}; }
          if (escapes) continue;
          if (text[i] != c) continue;
          if (!triple) break;
          if (i + 2 >= text.size() || text[i + 1] != c || text[i + 2] != c) continue;
          // Up to two quotes may precede the three closing ones.
          for (i += 2; i + 1 < text.size() && text[i + 1] == c; ++i) {}
          break;
        }
        break;
      }
      default: break;
    }
  }
  return {};
}

// Returns a key as in a file: bare, or quoted so that its dots do not separate segments.
std::string written(std::string_view key) {
  auto bare = [](char c) { return isalnum((unsigned char)c) || c == '_' || c == '-'; };
  if (!key.empty() && std::all_of(key.begin(), key.end(), bare)) return std::string(key);
  std::string out = "\"";
  for (char c : key) {
    if (c == '"' || c == '\\') out += '\\';
    out += (unsigned char)c < 0x20 || c == 0x7f ? '?' : c;
  }
  return out += '"';
}

// Appends a value and its contents. `dots_max` and TOML_MAX_NESTED_VALUES limit the depth. Returns false after an
// error.
bool walk(ctoml_document &out, const toml::node &node, const std::string &path, toml::source_position position) {
  out.path_bytes += path.size();
  if (out.path_bytes > path_bytes_max) return out.fail("the keys are too long in total", position), false;
  entry it{path, {}, {}};
  it.value.line = position.line;
  it.value.column = position.column;
  if (auto *table = node.as_table()) {
    it.value.kind = CTOML_TABLE;
    out.entries.push_back(std::move(it));
    std::vector<std::pair<const toml::key *, const toml::node *>> children;
    for (auto &&[key, child] : *table) children.push_back({&key, &child});
    auto before = [](toml::source_position a, toml::source_position b) {
      return a.line != b.line ? a.line < b.line : a.column < b.column;
    };
    std::stable_sort(children.begin(), children.end(), [&](auto &a, auto &b) {
      return before(a.first->source().begin, b.first->source().begin);
    });
    for (auto [key, child] : children) {
      std::string name = written(key->str());
      if (!walk(out, *child, path.empty() ? name : path + "." + name, key->source().begin)) return false;
    }
    return true;
  }
  if (auto *array = node.as_array()) {
    it.value.kind = CTOML_ARRAY;
    it.value.integer = (int64_t)array->size();
    out.entries.push_back(std::move(it));
    for (size_t i = 0; i < array->size(); ++i) {
      const toml::node &child = (*array)[i];
      if (!walk(out, child, path + "[" + std::to_string(i) + "]", child.source().begin)) return false;
    }
    return true;
  }
  if (auto *text = node.as_string()) it.text = text->get(), it.value.kind = CTOML_STRING;
  else if (auto *integer = node.as_integer()) it.value.integer = integer->get(), it.value.kind = CTOML_INTEGER;
  else if (auto *real = node.as_floating_point()) it.value.real = real->get(), it.value.kind = CTOML_FLOAT;
  else if (auto *flag = node.as_boolean()) it.value.boolean = flag->get(), it.value.kind = CTOML_BOOLEAN;
  else it.value.kind = CTOML_DATETIME;
  out.entries.push_back(std::move(it));
  return true;
}

// Parses a text into its values or its error.
void read(ctoml_document &out, std::string_view text) {
  if (auto position = too_deep(text)) return out.fail("a key has too many dots", *position);
  toml::parse_result result = toml::parse(text);
  if (!result) return out.fail(result.error().description(), result.error().source().begin);
  if (!walk(out, result.table(), "", {1, 1})) out.entries.clear();
}

// Returns whether a text breaks an assertion of toml++.
bool breaks(std::string_view text) {
  try {
    toml::parse_result result = toml::parse(text);
    return false;
  } catch (const broken_assumption &) {
    return true;
  }
}

// Returns the line that breaks an assertion: the last line of the shortest prefix of the text that does.
uint32_t broken_line(std::string_view text) {
  std::vector<size_t> ends;
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n') ends.push_back(i + 1);
  auto is_before = [&](size_t end) { return !breaks(text.substr(0, end)); };
  return (uint32_t)(std::partition_point(ends.begin(), ends.end(), is_before) - ends.begin()) + 1;
}

}  // namespace

extern "C" ctoml_document *ctoml_parse(const char *text, size_t count) {
  auto *out = new (std::nothrow) ctoml_document;
  if (!out) return nullptr;
  std::string_view view(count ? text : "", count);
  try {
    try {
      read(*out, view);
    } catch (const broken_assumption &) {
      out->fail("a key or a value is malformed", {broken_line(view), 1});
    }
    return out;
  } catch (...) {
    delete out;
    return nullptr;
  }
}

extern "C" const ctoml_error *ctoml_error_of(const ctoml_document *document) {
  return document->error.message ? &document->error : nullptr;
}

extern "C" size_t ctoml_count(const ctoml_document *document) { return document->entries.size(); }

extern "C" ctoml_entry ctoml_entry_at(const ctoml_document *document, size_t index) {
  const entry &it = document->entries[index];
  ctoml_entry value = it.value;
  value.path = it.path.data();
  value.path_count = it.path.size();
  value.text = it.text.data();
  value.text_count = it.text.size();
  return value;
}

extern "C" void ctoml_free(ctoml_document *document) { delete document; }
