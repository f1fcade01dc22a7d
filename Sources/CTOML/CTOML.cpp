// toml++ 3.3 asserts what some texts break, such as `[.a]`, and with NDEBUG it lets the compiler assume it.
// Here such a text leaves the parser by an exception, in every kind of build.
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

// It also calls unreachable what `é` between two keys reaches; "no" is the answer meant there.
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

// Dots that one key may have. toml++ bounds nested values but not dotted keys, and frees them recursively.
constexpr unsigned dots_max = 16;

// Bytes that all paths may have together: a long table name repeats in each of its keys.
constexpr size_t path_bytes_max = 16 << 20;

struct entry {
  std::string path, text;
  ctoml_entry value;
};

}  // namespace

struct ctoml_document {
  std::vector<entry> entries;
  std::string message;
  ctoml_fault fault{};
  size_t path_bytes = 0;

  void refuse(std::string_view why, toml::source_position where) {
    message = why;
    fault = {message.data(), message.size(), where.line, where.column};
  }
};

namespace {

// The place of the first key with more dots than `dots_max`, or nothing. Strings and comments are skipped.
std::optional<toml::source_position> too_deep(std::string_view text) {
  unsigned dots = 0;
  toml::source_position place{1, 0};
  for (size_t i = 0; i < text.size(); ++i, ++place.column) {
    switch (char c = text[i]) {
      case '\n': place = {place.line + 1, 0}; [[fallthrough]];
      case ',': dots = 0; break;
      case '.': if (++dots > dots_max) return toml::source_position{place.line, place.column + 1}; break;
      case '#': while (i + 1 < text.size() && text[i + 1] != '\n') ++i; break;
      case '"':
      case '\'': {
        bool triple = i + 2 < text.size() && text[i + 1] == c && text[i + 2] == c;
        for (i += triple ? 3 : 1; i < text.size(); ++i) {
          bool escapes = text[i] == '\\' && c == '"';
          if (escapes && ++i == text.size()) break;
          if (text[i] == '\n') { if (!triple) break; place = {place.line + 1, 0}; }
          if (escapes) continue;
          if (text[i] != c) continue;
          if (!triple) break;
          if (i + 2 >= text.size() || text[i + 1] != c || text[i + 2] != c) continue;
          // Up to two quotes may stand just before the three that close.
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

// A key as it would be written: bare, or quoted so that its dots are not taken for ours.
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

// Writes down a value and what it holds. The depth is bounded by `dots_max` and TOML_MAX_NESTED_VALUES.
bool walk(ctoml_document &out, const toml::node &node, const std::string &path, toml::source_position place) {
  out.path_bytes += path.size();
  if (out.path_bytes > path_bytes_max) return out.refuse("too many long keys", place), false;
  entry it{path, {}, {}};
  it.value.line = place.line;
  it.value.column = place.column;
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

// Parses a text into its values or its fault.
void read(ctoml_document &out, std::string_view text) {
  if (auto place = too_deep(text)) return out.refuse("a key has too many dots", *place);
  toml::parse_result result = toml::parse(text);
  if (!result) return out.refuse(result.error().description(), result.error().source().begin);
  if (!walk(out, result.table(), "", {1, 1})) out.entries.clear();
}

// Whether toml++ trips over a text rather than reading or refusing it.
bool trips(std::string_view text) {
  try {
    toml::parse_result result = toml::parse(text);
    return false;
  } catch (const broken_assumption &) {
    return true;
  }
}

// The line that toml++ trips over: the last of the shortest beginning of the text that it trips over.
uint32_t tripping_line(std::string_view text) {
  std::vector<size_t> ends;
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n') ends.push_back(i + 1);
  auto is_before = [&](size_t end) { return !trips(text.substr(0, end)); };
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
      out->refuse("a key or a value is malformed", {tripping_line(view), 1});
    }
    return out;
  } catch (...) {
    delete out;
    return nullptr;
  }
}

extern "C" const ctoml_fault *ctoml_fault_of(const ctoml_document *document) {
  return document->fault.message ? &document->fault : nullptr;
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
