/* MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256, long-term keys and USERHASH: the one file of this layer that calls a
 * crypto library. HMAC (RFC 2104) is put together here from the bare hash, because the library's own HMAC allocates per
 * call. mbedTLS 2.28 and 3.x differ in the names of the functions that return a result. */
#include "stun/stun_int.h"

#include <mbedtls/md5.h>
#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>

#include <string.h>

#if MBEDTLS_VERSION_NUMBER < 0x03000000
#define MD5_STARTS mbedtls_md5_starts_ret
#define MD5_UPDATE mbedtls_md5_update_ret
#define MD5_FINISH mbedtls_md5_finish_ret
#define SHA1_STARTS mbedtls_sha1_starts_ret
#define SHA1_UPDATE mbedtls_sha1_update_ret
#define SHA1_FINISH mbedtls_sha1_finish_ret
#define SHA256_STARTS mbedtls_sha256_starts_ret
#define SHA256_UPDATE mbedtls_sha256_update_ret
#define SHA256_FINISH mbedtls_sha256_finish_ret
#else
#define MD5_STARTS mbedtls_md5_starts
#define MD5_UPDATE mbedtls_md5_update
#define MD5_FINISH mbedtls_md5_finish
#define SHA1_STARTS mbedtls_sha1_starts
#define SHA1_UPDATE mbedtls_sha1_update
#define SHA1_FINISH mbedtls_sha1_finish
#define SHA256_STARTS mbedtls_sha256_starts
#define SHA256_UPDATE mbedtls_sha256_update
#define SHA256_FINISH mbedtls_sha256_finish
#endif

#define BLOCK_LEN 64 /* of MD5, SHA-1 and SHA-256 alike */
#define MD5_LEN 16

typedef enum hash_kind { HASH_MD5, HASH_SHA1, HASH_SHA256 } hash_kind;

typedef struct hash {
  hash_kind kind;
  bool failed;
  union {
    mbedtls_md5_context md5;
    mbedtls_sha1_context sha1;
    mbedtls_sha256_context sha256;
  } u;
} hash;

static void hash_start(hash *h, hash_kind kind) {
  h->kind = kind;
  switch (kind) {
  case HASH_MD5:
    mbedtls_md5_init(&h->u.md5);
    h->failed = MD5_STARTS(&h->u.md5) != 0;
    break;
  case HASH_SHA1:
    mbedtls_sha1_init(&h->u.sha1);
    h->failed = SHA1_STARTS(&h->u.sha1) != 0;
    break;
  case HASH_SHA256:
    mbedtls_sha256_init(&h->u.sha256);
    h->failed = SHA256_STARTS(&h->u.sha256, 0) != 0;
    break;
  }
}

static void hash_update(hash *h, const void *data, size_t n) {
  int rc = 0;
  switch (h->kind) {
  case HASH_MD5: rc = MD5_UPDATE(&h->u.md5, data, n); break;
  case HASH_SHA1: rc = SHA1_UPDATE(&h->u.sha1, data, n); break;
  case HASH_SHA256: rc = SHA256_UPDATE(&h->u.sha256, data, n); break;
  }
  if (rc != 0) h->failed = true;
}

/* Writes the digest, wipes the state; false when anything failed since the start. */
static bool hash_finish(hash *h, uint8_t *out) {
  int rc = 0;
  switch (h->kind) {
  case HASH_MD5:
    rc = MD5_FINISH(&h->u.md5, out);
    mbedtls_md5_free(&h->u.md5);
    break;
  case HASH_SHA1:
    rc = SHA1_FINISH(&h->u.sha1, out);
    mbedtls_sha1_free(&h->u.sha1);
    break;
  case HASH_SHA256:
    rc = SHA256_FINISH(&h->u.sha256, out);
    mbedtls_sha256_free(&h->u.sha256);
    break;
  }
  return rc == 0 && !h->failed;
}

static size_t hash_len(hash_kind kind) {
  switch (kind) {
  case HASH_MD5: return MD5_LEN;
  case HASH_SHA1: return WEFT_STUN_SHA1_LEN;
  case HASH_SHA256: return WEFT_STUN_SHA256_LEN;
  }
  return 0;
}

/* A long key is replaced by its hash (RFC 2104 section 2). */
static bool pad_key(hash_kind kind, uint8_t pad[BLOCK_LEN], const void *key, size_t key_len) {
  memset(pad, 0, BLOCK_LEN);
  if (key_len <= BLOCK_LEN) {
    if (key_len > 0) memcpy(pad, key, key_len);
    return true;
  }
  hash h;
  hash_start(&h, kind);
  hash_update(&h, key, key_len);
  return hash_finish(&h, pad);
}

static void xor_pad(uint8_t pad[BLOCK_LEN], uint8_t v) {
  for (size_t i = 0; i < BLOCK_LEN; i++) pad[i] ^= v;
}

/* HMAC over the header with its length field saying `body`, then data[4..end). */
static bool message_hmac(hash_kind kind, uint8_t *out, const void *key, size_t key_len, const uint8_t *data, size_t end,
                         size_t body) {
  uint8_t pad[BLOCK_LEN], inner[WEFT_STUN_SHA256_LEN], length[2];
  weft_wr w;
  weft_wr_init(&w, length, sizeof length);
  weft_wr_u16(&w, (uint16_t)body);
  if (!pad_key(kind, pad, key, key_len)) return false;
  hash h;
  hash_start(&h, kind);
  xor_pad(pad, 0x36);
  hash_update(&h, pad, BLOCK_LEN);
  hash_update(&h, data, 2);
  hash_update(&h, length, 2);
  hash_update(&h, data + 4, end - 4);
  bool ok = hash_finish(&h, inner);
  hash_start(&h, kind);
  xor_pad(pad, 0x36 ^ 0x5C);
  hash_update(&h, pad, BLOCK_LEN);
  hash_update(&h, inner, hash_len(kind));
  ok = hash_finish(&h, out) && ok;
  weft_wipe(pad, sizeof pad);
  weft_wipe(inner, sizeof inner);
  return ok;
}

static void put(weft_stun_writer *w, uint16_t type, hash_kind kind, const void *key, size_t key_len) {
  size_t n = hash_len(kind);
  uint8_t *at = weft_stun_writer_grow(w, type, n);
  if (at == NULL) return;
  size_t before = w->len - WEFT_STUN_ATTR_HEADER - n;
  if (!message_hmac(kind, at, key, key_len, w->buf, before, w->len - WEFT_STUN_HEADER_LEN)) w->failed = true;
}

void weft_stun_put_integrity(weft_stun_writer *w, const void *key, size_t key_len) {
  put(w, WEFT_STUN_MESSAGE_INTEGRITY, HASH_SHA1, key, key_len);
}

void weft_stun_put_integrity_sha256(weft_stun_writer *w, const void *key, size_t key_len) {
  put(w, WEFT_STUN_MESSAGE_INTEGRITY_SHA256, HASH_SHA256, key, key_len);
}

static int check(const weft_stun_msg *m, size_t at, const weft_stun_attr *a, hash_kind kind, const void *key,
                 size_t key_len) {
  uint8_t mac[WEFT_STUN_SHA256_LEN];
  size_t body = at + WEFT_STUN_ATTR_HEADER + a->len - WEFT_STUN_HEADER_LEN;
  if (!message_hmac(kind, mac, key, key_len, m->data, at, body)) return WEFT_EAUTH;
  return weft_ct_equal(mac, a->value, a->len) ? WEFT_OK : WEFT_EAUTH;
}

int weft_stun_check_integrity(const weft_stun_msg *m, const void *key, size_t key_len) {
  weft_stun_attr a;
  if (weft_stun_find(m, WEFT_STUN_MESSAGE_INTEGRITY, &a) != WEFT_OK) return WEFT_ENOTFOUND;
  if (a.len != WEFT_STUN_SHA1_LEN) return WEFT_EAUTH;
  return check(m, m->integrity_at, &a, HASH_SHA1, key, key_len);
}

int weft_stun_check_integrity_sha256(const weft_stun_msg *m, const void *key, size_t key_len) {
  weft_stun_attr a;
  if (weft_stun_find(m, WEFT_STUN_MESSAGE_INTEGRITY_SHA256, &a) != WEFT_OK) return WEFT_ENOTFOUND;
  /* RFC 8489 section 14.6: 16 to 32 bytes, a multiple of 4 */
  if (a.len < WEFT_STUN_SHA256_MIN || a.len > WEFT_STUN_SHA256_LEN || (a.len & 3) != 0) return WEFT_EAUTH;
  return check(m, m->integrity256_at, &a, HASH_SHA256, key, key_len);
}

static bool hash_joined(hash_kind kind, uint8_t *out, const char *a, const char *b, const char *c) {
  hash h;
  hash_start(&h, kind);
  hash_update(&h, a, strlen(a));
  hash_update(&h, ":", 1);
  hash_update(&h, b, strlen(b));
  if (c != NULL) {
    hash_update(&h, ":", 1);
    hash_update(&h, c, strlen(c));
  }
  return hash_finish(&h, out);
}

int weft_stun_long_term_key(uint8_t *out, size_t out_len, const char *user, const char *realm, const char *password) {
  if (out_len != MD5_LEN && out_len != WEFT_STUN_SHA256_LEN) return WEFT_EINVAL;
  hash_kind kind = out_len == MD5_LEN ? HASH_MD5 : HASH_SHA256;
  return hash_joined(kind, out, user, realm, password) ? WEFT_OK : WEFT_EINTERNAL;
}

int weft_stun_userhash(uint8_t out[32], const char *user, const char *realm) {
  return hash_joined(HASH_SHA256, out, user, realm, NULL) ? WEFT_OK : WEFT_EINTERNAL;
}
