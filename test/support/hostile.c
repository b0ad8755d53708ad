#include "test/support/hostile.h"

/* ---- ICE ---- */

size_t hostile_request(uint8_t *buf, size_t cap, const char *username, const char *key, uint32_t number) {
  weft_stun_writer w;
  uint8_t txid[12] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24)};
  size_t n = 0;
  weft_stun_begin(&w, buf, cap, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
  weft_stun_put(&w, WEFT_STUN_USERNAME, username, strlen(username));
  weft_stun_put_u64(&w, WEFT_STUN_ICE_CONTROLLING, 1);
  weft_stun_put_u32(&w, WEFT_STUN_PRIORITY, 1);
  weft_stun_put_integrity(&w, key, strlen(key));
  weft_stun_put_fingerprint(&w);
  ck_assert_int_eq(weft_stun_end(&w, &n), WEFT_OK);
  return n;
}

static int lite_output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                       weft_time now) {
  hostile *h = user;
  return net_send(&h->w->net, local, remote, data, len, now);
}

static int lite_password(void *user, const weft_ice_lite_binding *b, const uint8_t **key, size_t *key_len) {
  (void)user;
  *key = (const uint8_t *)b->server_ufrag;
  *key_len = b->server_len;
  return WEFT_OK;
}

static void lite_binding(void *user, const weft_ice_lite_binding *b, weft_time now) { (void)user, (void)b, (void)now; }

/* ---- DTLS ---- */

static void flush(hostile *h) {
  const weft_addr *to = h->server ? &h->w->dialers[0].addr : &h->w->server_addr;
  for (size_t i = 0; i < h->dtls.out_n; i++) {
    h->bytes_out += h->dtls.out_len[i];
    net_send(&h->w->net, &h->addr, to, h->dtls.out[i], h->dtls.out_len[i], h->w->now);
  }
  mbed_peer_clear(&h->dtls);
}

/* Without a key of its own mbedTLS leaves CertificateVerify out, as a client that showed no certificate must. */
static void leave_verify_out(hostile *h) {
  if (!h->skip_verify || h->dtls.ssl.MBEDTLS_PRIVATE(state) == MBEDTLS_SSL_HANDSHAKE_OVER) return;
  int rc = 0;
  while (rc == 0 && h->dtls.ssl.MBEDTLS_PRIVATE(state) < MBEDTLS_SSL_CERTIFICATE_VERIFY)
    rc = mbedtls_ssl_handshake_step(&h->dtls.ssl);
  if (h->dtls.ssl.MBEDTLS_PRIVATE(state) != MBEDTLS_SSL_CERTIFICATE_VERIFY || h->key_cert) return;
  h->key_cert = h->dtls.conf.MBEDTLS_PRIVATE(key_cert);
  h->dtls.conf.MBEDTLS_PRIVATE(key_cert) = NULL;
}

static void take_dtls(hostile *h, const uint8_t *data, size_t len) {
  if (!h->dtls.set_up) mbed_peer_set_up(&h->dtls);
  h->dtls.in = data;
  h->dtls.in_len = len;
  leave_verify_out(h);
  mbed_peer_input(&h->dtls, h->dtls.in, h->dtls.in_len);
  flush(h);
}

static void on_datagram(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                        weft_time now) {
  hostile *h = user;
  h->bytes_in += len;
  if (len == 15 && data[0] == 21 && data[4] == 0) h->alert = data[14];
  if (len > 0 && data[0] > 3)
    take_dtls(h, data, len);
  else if (h->server)
    (void)weft_ice_lite_input(h->lite, local, remote, data, len, now);
  else if (h->answered++ == 0)
    take_dtls(h, NULL, 0);
}

/* ---- life ---- */

static void init(hostile *h, world *w, bool server, const weft_dtls_cert *shown, const weft_dtls_cert *signing) {
  memset(h, 0, sizeof *h);
  h->w = w;
  h->server = server;
  h->addr = server ? w->server_addr : net_addr("10.0.0.99:6000");
  mbed_peer_init(&h->dtls, server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT, NULL, w->client_cfg.rng);
  if (shown) {
    mbedtls_x509_crt *crt = (mbedtls_x509_crt *)&shown->crt;
    mbedtls_ssl_conf_ca_chain(&h->dtls.conf, crt, NULL);
    ck_assert_int_eq(mbedtls_ssl_conf_own_cert(&h->dtls.conf, crt, (mbedtls_pk_context *)&signing->key), 0);
  }
  net_unbind(&w->net, &h->addr);
  net_bind(&w->net, &h->addr, on_datagram, h);
}

void hostile_client(hostile *h, world *w, const weft_dtls_cert *shown, const weft_dtls_cert *signing) {
  init(h, w, false, shown, signing);
}

void hostile_server(hostile *h, world *w, const weft_dtls_cert *shown, const weft_dtls_cert *signing) {
  weft_ice_lite_config cfg;
  weft_ice_lite_callbacks cb = {sizeof cb, lite_output, lite_password, lite_binding};
  init(h, w, true, shown, signing);
  weft_ice_lite_config_default(&cfg);
  cfg.rng = w->server_cfg.rng;
  ck_assert_int_eq(weft_ice_lite_new(&h->lite, &cfg, &cb, h), WEFT_OK);
}

void hostile_begin(hostile *h) {
  uint8_t buf[256];
  if (h->server) return; /* it waits */
  size_t n = hostile_request(buf, sizeof buf, HOSTILE_NAME, HOSTILE_KEY, 1);
  h->bytes_out += n;
  net_send(&h->w->net, &h->addr, &h->w->server_addr, buf, n, h->w->now);
}

void hostile_write(hostile *h, const uint8_t *data, size_t len) {
  ck_assert_int_eq(mbedtls_ssl_write(&h->dtls.ssl, data, len), (int)len);
  flush(h);
}

void hostile_end(hostile *h) {
  if (h->key_cert) h->dtls.conf.MBEDTLS_PRIVATE(key_cert) = h->key_cert;
  mbed_peer_done(&h->dtls);
  weft_ice_lite_free(h->lite);
  net_unbind(&h->w->net, &h->addr);
}
