#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

// libcrypto for Swift: the four functions that the gateway needs, without macros and deprecated contexts.

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Writes the SHA-256 of `count` bytes to the 32 bytes at `out`. Returns false if libcrypto has no SHA-256.
static inline bool copenssl_sha256(const uint8_t *bytes, size_t count, uint8_t *out) {
  return SHA256(count ? bytes : (const uint8_t *)"", count, out) != NULL;
}

// Writes the HMAC-SHA256 to the 32 bytes at `out`. An empty key is a pointer to no bytes, because NULL would mean the last
// key.
static inline bool copenssl_hmac_sha256(const uint8_t *key, size_t key_count, const uint8_t *bytes, size_t count,
                                        uint8_t *out) {
  unsigned int written = 0;
  if (key_count > INT32_MAX) return false;
  return HMAC(EVP_sha256(), key_count ? key : (const uint8_t *)"", (int)key_count,
              count ? bytes : (const uint8_t *)"", count, out, &written) != NULL &&
         written == 32;
}

// Writes `count` random bytes to `out`. Returns false if the system has no entropy.
static inline bool copenssl_random(uint8_t *out, size_t count) {
  return count <= INT32_MAX && RAND_bytes(out, (int)count) == 1;
}

// Returns whether two sequences of `count` bytes are equal, in a time that depends only on `count`.
static inline bool copenssl_equal(const uint8_t *a, const uint8_t *b, size_t count) {
  return count == 0 || CRYPTO_memcmp(a, b, count) == 0;
}

#endif
