#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

// libcrypto for Swift: the four calls the gateway needs, without the macros and the deprecated contexts.

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// SHA-256 of `count` bytes into 32 bytes at `out`; false when libcrypto has no SHA-256 to give.
static inline bool copenssl_sha256(const uint8_t *bytes, size_t count, uint8_t *out) {
  return SHA256(count ? bytes : (const uint8_t *)"", count, out) != NULL;
}

// HMAC-SHA256 into 32 bytes at `out`. An empty key is a pointer to nothing: NULL would mean "the last key".
static inline bool copenssl_hmac_sha256(const uint8_t *key, size_t key_count, const uint8_t *bytes, size_t count,
                                        uint8_t *out) {
  unsigned int written = 0;
  if (key_count > INT32_MAX) return false;
  return HMAC(EVP_sha256(), key_count ? key : (const uint8_t *)"", (int)key_count,
              count ? bytes : (const uint8_t *)"", count, out, &written) != NULL &&
         written == 32;
}

// `count` unpredictable bytes into `out`; false when the system has no entropy.
static inline bool copenssl_random(uint8_t *out, size_t count) {
  return count <= INT32_MAX && RAND_bytes(out, (int)count) == 1;
}

// Whether two runs of `count` bytes are the same, in a time that depends on `count` only.
static inline bool copenssl_equal(const uint8_t *a, const uint8_t *b, size_t count) {
  return count == 0 || CRYPTO_memcmp(a, b, count) == 0;
}

#endif
