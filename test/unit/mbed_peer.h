/* A peer made of mbedTLS alone, its own record protection included: what our side is checked against.
 *
 *   mbed_peer m;
 *   mbed_peer_init(&m, MBEDTLS_SSL_IS_SERVER, cert, &rng);
 *   mbedtls_ssl_conf_... (&m.conf, ...)          before the first mbed_peer_input
 *   mbed_peer_input(&m, data, len);               NULL: start
 *   m.out[0..m.out_n)                             datagrams it sent; mbed_peer_clear(&m)
 */
#ifndef TEST_UNIT_MBED_PEER_H
#define TEST_UNIT_MBED_PEER_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dtls/aead.h"
#include "dtls/cert.h"
#include "dtls/mbed.h"

#define MBED_OUT 32

typedef struct mbed_peer {
  mbedtls_ssl_context ssl;
  mbedtls_ssl_config conf;
  weft_rng rng;
  bool set_up, over;
  int error;
  const uint8_t *in;
  size_t in_len;
  uint8_t out[MBED_OUT][2048];
  size_t out_len[MBED_OUT], out_n;
  uint8_t got[4096];
  size_t got_len;
  mbedtls_ssl_srtp_profile srtp[2];
} mbed_peer;

static inline int mbed_send(void *ctx, const unsigned char *data, size_t len) {
  mbed_peer *m = ctx;
  ck_assert_uint_lt(m->out_n, MBED_OUT);
  memcpy(m->out[m->out_n], data, len);
  m->out_len[m->out_n++] = len;
  return (int)len;
}

static inline int mbed_recv(void *ctx, unsigned char *dst, size_t cap) {
  mbed_peer *m = ctx;
  if (!m->in) return MBEDTLS_ERR_SSL_WANT_READ;
  ck_assert_uint_le(m->in_len, cap);
  memcpy(dst, m->in, m->in_len);
  m->in = NULL;
  return (int)m->in_len;
}

static inline void mbed_timer_set(void *ctx, uint32_t a, uint32_t b) {
  (void)ctx;
  (void)a;
  (void)b;
}
static inline int mbed_timer_get(void *ctx) {
  (void)ctx;
  return 0;
}

/* cert NULL: the peer has none. */
static inline void mbed_peer_init(mbed_peer *m, int endpoint, const weft_dtls_cert *cert, weft_rng rng) {
  memset(m, 0, sizeof *m);
  m->rng = rng;
  m->srtp[0] = MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_80;
  m->srtp[1] = MBEDTLS_TLS_SRTP_UNSET;
  mbedtls_ssl_init(&m->ssl);
  mbedtls_ssl_config_init(&m->conf);
  ck_assert_int_eq(
      mbedtls_ssl_config_defaults(&m->conf, endpoint, MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT), 0);
  weft_dtls_mbed_restrict(&m->conf);
  mbedtls_ssl_conf_rng(&m->conf, weft_dtls_mbed_rng, &m->rng);
  mbedtls_ssl_conf_authmode(&m->conf, MBEDTLS_SSL_VERIFY_OPTIONAL);
  if (endpoint == MBEDTLS_SSL_IS_SERVER) mbedtls_ssl_conf_dtls_cookies(&m->conf, NULL, NULL, NULL);
  mbedtls_ssl_conf_dtls_srtp_protection_profiles(&m->conf, m->srtp);
  if (cert) {
    mbedtls_ssl_conf_ca_chain(&m->conf, (mbedtls_x509_crt *)&cert->crt, NULL);
    mbedtls_ssl_conf_own_cert(&m->conf, (mbedtls_x509_crt *)&cert->crt, (mbedtls_pk_context *)&cert->key);
  }
}

static inline void mbed_peer_set_up(mbed_peer *m) {
  m->set_up = true;
  ck_assert_int_eq(mbedtls_ssl_setup(&m->ssl, &m->conf), 0);
  /* 3.6 verifies nobody before a name, or its absence, is set. */
  ck_assert_int_eq(mbedtls_ssl_set_hostname(&m->ssl, NULL), 0);
  mbedtls_ssl_set_bio(&m->ssl, m, mbed_send, mbed_recv, NULL);
  mbedtls_ssl_set_timer_cb(&m->ssl, m, mbed_timer_set, mbed_timer_get);
  mbedtls_ssl_set_mtu(&m->ssl, 1200);
}

static inline void mbed_peer_input(mbed_peer *m, const uint8_t *data, size_t len) {
  if (!m->set_up) mbed_peer_set_up(m);
  m->in = data;
  m->in_len = len;
  if (!m->over) {
    m->error = mbedtls_ssl_handshake(&m->ssl);
    m->over = m->error == 0;
    if (!m->over) return;
  }
  do {
    m->error = mbedtls_ssl_read(&m->ssl, m->got + m->got_len, sizeof m->got - m->got_len);
    if (m->error > 0) m->got_len += (size_t)m->error;
  } while (m->error > 0);
}

static inline void mbed_peer_clear(mbed_peer *m) { m->out_n = 0; }

static inline void mbed_peer_done(mbed_peer *m) {
  mbedtls_ssl_free(&m->ssl);
  mbedtls_ssl_config_free(&m->conf);
}

#endif
