#ifndef CSQLITE_SHIM_H
#define CSQLITE_SHIM_H

// SQLite for Swift: its C API, and typed functions for what it has as macros and variadic functions.

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/vfs.h>

// Binds text that SQLite copies.
static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *bytes, int count) {
  return sqlite3_bind_text(statement, index, bytes, count, SQLITE_TRANSIENT);
}

// Makes a connection refuse what no ledger needs: extensions, edits of the schema's own tables, and functions that a
// schema of a stranger may call.
static inline bool csqlite_harden(sqlite3 *database) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, (int *)0) == SQLITE_OK &&
         sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0) == SQLITE_OK &&
         sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0) == SQLITE_OK;
}

// Returns the number of the file system of a path, as in statfs(2), or -1 with errno.
static inline int64_t csqlite_file_system(const char *path) {
  struct statfs system;
  return statfs(path, &system) == 0 ? (int64_t)(uint32_t)system.f_type : -1;
}

#endif
