#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

// The libcurl API for Swift: opaque handles in place of void pointers, and one typed setter per type of value in
// place of the variadic curl_easy_setopt.

#define CURL_STRICTER 1
#include <curl/curl.h>
#include <openssl/ssl.h>

static inline CURLcode curl_easy_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode curl_easy_set_size(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode curl_easy_set_text(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode curl_easy_set_pointer(CURL *easy, CURLoption option, const void *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode curl_easy_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode curl_easy_set_url(CURL *easy, CURLU *value) {
  return curl_easy_setopt(easy, CURLOPT_CURLU, value);
}

// Reads the trusted certificates, once per process: `file`, or what libcurl was built with if it is NULL, and the folders
// `folders`, separated by colons and hashed as by `openssl rehash`, if it is not NULL. libcurl would read them for each
// multi handle, about 20 ms each time. Returns NULL if they cannot be read.
static inline void *curl_tls_read_trusted(const char *file, const char *folders) {
  const char *path = file ? file : curl_version_info(CURLVERSION_NOW)->cainfo;
  X509_STORE *store = path ? X509_STORE_new() : NULL;
  if (store && (X509_STORE_load_file(store, path) != 1 || (folders && X509_STORE_load_path(store, folders) != 1))) {
    X509_STORE_free(store);
    store = NULL;
  }
  return store;
}

// Returns a store that trusts nothing.
static inline void *curl_tls_trust_nothing(void) { return X509_STORE_new(); }

static CURLcode curl_tls_use_trusted(CURL *easy, void *context, void *store) {
  (void)easy;
  SSL_CTX_set1_cert_store((SSL_CTX *)context, (X509_STORE *)store);
  return CURLE_OK;
}

// Trusts the certificates in `store`, in place of those that libcurl would read, also for a proxy's certificate: libcurl
// calls the function for each TLS connection.
static inline CURLcode curl_easy_set_trusted(CURL *easy, void *store) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, curl_tls_use_trusted);
  if (!code) code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, store);
  if (!code) code = curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
  if (!code) code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
  if (!code) code = curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, NULL);
  return code ? code : curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
}

static inline CURLcode curl_easy_set_share(CURL *easy, CURLSH *value) {
  return curl_easy_setopt(easy, CURLOPT_SHARE, value);
}

// A callback and its context are set together, so that neither can be forgotten.
typedef size_t (*curl_bytes_callback)(char *bytes, size_t size, size_t count, void *context);
typedef curl_socket_t (*curl_opensocket)(void *context, curlsocktype purpose, struct curl_sockaddr *address);
typedef int (*curl_closesocket)(void *context, curl_socket_t socket);

static inline CURLcode curl_easy_set_write(CURL *easy, curl_bytes_callback callback, void *context) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, callback);
  return code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
}

static inline CURLcode curl_easy_set_header(CURL *easy, curl_bytes_callback callback, void *context) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, callback);
  return code ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
}

static inline CURLcode curl_easy_set_read(
    CURL *easy, curl_bytes_callback read, curl_seek_callback seek, curl_prereq_callback request, void *context) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_READFUNCTION, read);
  if (!code) code = curl_easy_setopt(easy, CURLOPT_READDATA, context);
  if (!code) code = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, request);
  if (!code) code = curl_easy_setopt(easy, CURLOPT_PREREQDATA, context);
  if (!code) code = curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek);
  return code ? code : curl_easy_setopt(easy, CURLOPT_SEEKDATA, context);
}

static inline CURLcode curl_easy_set_sockets(
    CURL *easy, curl_opensocket open, void *open_context, curl_closesocket close, void *close_context) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open);
  if (!code) code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, open_context);
  if (!code) code = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close);
  return code ? code : curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, close_context);
}

static inline CURLMcode curl_multi_set_socket(CURLM *multi, curl_socket_callback callback, void *context) {
  CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
  return code ? code : curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}

static inline CURLMcode curl_multi_set_timer(CURLM *multi, curl_multi_timer_callback callback, void *context) {
  CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
  return code ? code : curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}

static inline CURLMcode curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

static inline CURLSHcode curl_share_ssl_sessions(CURLSH *share) {
  return curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

static inline CURLcode curl_easy_get_private(CURL *easy, void **context) {
  return curl_easy_getinfo(easy, CURLINFO_PRIVATE, context);
}

// Connects through the proxy at the URL `proxy`, for all hosts, or through none if it is NULL. Either way libcurl reads no
// environment variables.
static inline CURLcode curl_easy_set_proxy(CURL *easy, const char *proxy) {
  CURLcode code = curl_easy_setopt(easy, CURLOPT_PROXY, proxy ? proxy : "");
  return code ? code : curl_easy_setopt(easy, CURLOPT_NOPROXY, proxy ? "" : "*");
}

// Returns the status of the proxy's response to CONNECT, or 0 if there was none.
static inline long curl_easy_get_connect_status(CURL *easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
  return status;
}

// Returns whether a SOCKS proxy rejected the user and password, or requires some.
static inline int curl_easy_get_socks_login_failed(CURL *easy) {
  long error = 0;
  curl_easy_getinfo(easy, CURLINFO_PROXY_ERROR, &error);
  return error == CURLPX_USER_REJECTED || error == CURLPX_NO_AUTH;
}

// Returns the number of bytes of the request body that were sent.
static inline size_t curl_easy_get_uploaded(CURL *easy) {
  curl_off_t count = 0;
  curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &count);
  return count < 0 ? 0 : (size_t)count;
}

// Returns the easy handle of the next finished transfer of a multi handle, or NULL if there is none.
static inline CURL *curl_multi_next_done(CURLM *multi, CURLcode *result) {
  int left;
  CURLMsg *message;
  while ((message = curl_multi_info_read(multi, &left)))
    if (message->msg == CURLMSG_DONE) {
      *result = message->data.result;
      return message->easy_handle;
    }
  return NULL;
}

#endif
