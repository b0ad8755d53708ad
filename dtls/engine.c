#include "dtls/engine.h"

#include <mbedtls/net_sockets.h>
#include <string.h>

#include "base/timer.h"
#include "dtls/aead.h"

/* RFC 6347 section 4.2.4.1: 1 s when nothing is known of the path, doubling; the ends of the range for a measured one
 * are ours. */
#define TIMER_UNKNOWN WEFT_SEC(1)
#define TIMER_LEAST WEFT_MS(50)
#define TIMER_MOST_FIRST WEFT_SEC(3)
#define TIMER_MOST WEFT_SEC(10)

/* mbedTLS counts in units of `first`: 1, 2, 4, ... It gives up at the upper one, long after any handshake_limit. */
#define UNITS_FIRST 1
#define UNITS_LAST 0x40000000

/* A record makes mbedTLS step at most a few times; this only ends what would be an error of ours. */
#define STEPS_MAX 16

/* ---- what mbedTLS calls ---- */

static int bio_send(void *ctx, const unsigned char *data, size_t len) {
  weft_dtls_engine *e = ctx;
  e->hooks.output(e->hooks.user, data, len);
  return (int)len;
}

static int bio_recv(void *ctx, unsigned char *dst, size_t cap) {
  weft_dtls_engine *e = ctx;
  if (!e->in || e->in_len > cap) {
    e->in = NULL;
    return MBEDTLS_ERR_SSL_WANT_READ;
  }
  memcpy(dst, e->in, e->in_len);
  e->in = NULL;
  return (int)e->in_len;
}

static int draw(void *ctx, uint8_t *dst, size_t n) {
  weft_dtls_engine *e = ctx;
  if (e->source.fill(e->source.ctx, dst, n) == 0) return 0;
  e->rng_failed = true;
  return -1;
}

static void timer_set(void *ctx, uint32_t intermediate, uint32_t units) {
  weft_dtls_engine *e = ctx;
  (void)intermediate;
  if (units == 0) {
    e->timer_at = WEFT_NEVER;
    return;
  }
  weft_time wait = units < TIMER_MOST / e->first ? units * e->first : TIMER_MOST;
  e->timer_at = weft_time_add(e->now, wait);
}

static int timer_get(void *ctx) {
  const weft_dtls_engine *e = ctx;
  if (e->timer_at == WEFT_NEVER) return -1;
  return weft_time_due(e->timer_at, e->now) ? 2 : 0;
}

/* Only the peer's own certificate counts, by its hash; chains, dates and names do not (RFC 8122 section 6.2). */
static int verify(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags) {
  weft_dtls_engine *e = ctx;
  *flags = 0;
  /* This flag becomes bad_certificate, which RFC 8122 section 6.2 asks for. */
  if (depth == 0 && !e->hooks.certificate(e->hooks.user, crt->raw.p, crt->raw.len))
    *flags = MBEDTLS_X509_BADCERT_CN_MISMATCH;
  return 0;
}

/* Cookies are the gate's: a hello comes with one that was good, or from an address that ICE has proven. */
static int cookie_none(void *ctx, unsigned char **p, unsigned char *end, const unsigned char *id, size_t id_len) {
  (void)ctx;
  (void)p;
  (void)end;
  (void)id;
  (void)id_len;
  return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

static int cookie_any(void *ctx, const unsigned char *cookie, size_t len, const unsigned char *id, size_t id_len) {
  (void)ctx;
  (void)cookie;
  (void)len;
  (void)id;
  (void)id_len;
  return 0;
}

/* ---- configuration ---- */

/* The server takes 0x0001 or nothing, the client offers 0x0001 only: some peers end the handshake without use_srtp, one
 * breaks when another profile is chosen (RFC 5764 section 4.1.2). */
static const mbedtls_ssl_srtp_profile srtp[] = {MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_80, MBEDTLS_TLS_SRTP_UNSET};

static int configure(weft_dtls_engine *e, const weft_dtls_config *cfg) {
  mbedtls_ssl_config *c = &e->conf;
  bool client = cfg->role == WEFT_DTLS_CLIENT;
  int rc = mbedtls_ssl_config_defaults(c, client ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER,
                                       MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT);
  if (rc != 0) return rc;
  weft_dtls_mbed_restrict(c);
  weft_dtls_mbed_hook_conf(c, &e->key_hook);
  mbedtls_ssl_conf_rng(c, weft_dtls_mbed_rng, &e->rng);
  mbedtls_ssl_conf_ciphersuites(c, weft_dtls_suite_ids);
  mbedtls_ssl_conf_handshake_timeout(c, UNITS_FIRST, UNITS_LAST);
  mbedtls_ssl_conf_extended_master_secret(c, MBEDTLS_SSL_EXTENDED_MS_ENABLED);
  mbedtls_ssl_conf_encrypt_then_mac(c, MBEDTLS_SSL_ETM_DISABLED);
  mbedtls_ssl_conf_renegotiation(c, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
  mbedtls_ssl_conf_dtls_badmac_limit(c, 0);
  if (client) mbedtls_ssl_conf_session_tickets(c, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
  if (!client) mbedtls_ssl_conf_dtls_cookies(c, cookie_none, cookie_any, NULL);
  /* With a name in it, some clients answer with no certificate. */
  if (!client) mbedtls_ssl_conf_cert_req_ca_list(c, MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
  rc = mbedtls_ssl_conf_dtls_srtp_protection_profiles(c, srtp);
  if (rc != 0) return rc;
  /* Without any trusted certificate mbedTLS refuses before it asks `verify`: our own stands in. */
  mbedtls_x509_crt *own = (mbedtls_x509_crt *)&cfg->cert->crt;
  mbedtls_ssl_conf_authmode(c, MBEDTLS_SSL_VERIFY_REQUIRED);
  mbedtls_ssl_conf_ca_chain(c, own, NULL);
  return mbedtls_ssl_conf_own_cert(c, own, (mbedtls_pk_context *)&cfg->cert->key);
}

static weft_time first_timer(weft_time rtt) {
  if (rtt == WEFT_NEVER) return TIMER_UNKNOWN;
  if (rtt >= TIMER_MOST_FIRST / 2) return TIMER_MOST_FIRST;
  return weft_time_max(TIMER_LEAST, 2 * rtt);
}

int weft_dtls_engine_init(weft_dtls_engine *e, const weft_dtls_config *cfg, const weft_dtls_engine_hooks *hooks) {
  memset(e, 0, sizeof *e);
  e->hooks = *hooks;
  e->source = cfg->rng;
  e->rng = (weft_rng){draw, e};
  e->key_hook = (weft_dtls_key_hook){hooks->secrets, hooks->user, NULL};
  e->first = first_timer(cfg->rtt);
  e->timer_at = WEFT_NEVER;
  mbedtls_ssl_init(&e->ssl);
  mbedtls_ssl_config_init(&e->conf);
  if (configure(e, cfg) != 0 || mbedtls_ssl_setup(&e->ssl, &e->conf) != 0) return WEFT_ENOMEM;
  weft_dtls_mbed_hook_ssl(&e->ssl, &e->key_hook);
  mbedtls_ssl_set_bio(&e->ssl, e, bio_send, bio_recv, NULL);
  mbedtls_ssl_set_timer_cb(&e->ssl, e, timer_set, timer_get);
  mbedtls_ssl_set_mtu(&e->ssl, cfg->mtu);
  mbedtls_ssl_set_verify(&e->ssl, verify, e);
  return WEFT_OK;
}

void weft_dtls_engine_free(weft_dtls_engine *e) {
  mbedtls_ssl_free(&e->ssl);
  mbedtls_ssl_config_free(&e->conf);
}

/* ---- running ---- */

static int once(weft_dtls_engine *e) {
  if (!e->over) return mbedtls_ssl_handshake(&e->ssl);
  uint8_t nothing;
  return mbedtls_ssl_read(&e->ssl, &nothing, 1);
}

weft_dtls_progress weft_dtls_engine_step(weft_dtls_engine *e, const uint8_t *record, size_t len, weft_time now,
                                         int *error) {
  e->now = now;
  e->in = record;
  e->in_len = len;
  /* A timer that is due is served before the record is read: hence again, until it has been. */
  for (int i = 0; i < STEPS_MAX; i++) {
    int rc = once(e);
    if (rc == 0) {
      e->over = true;
      return WEFT_DTLS_PROGRESS_DONE;
    }
    if (rc != MBEDTLS_ERR_SSL_WANT_READ && rc != MBEDTLS_ERR_SSL_WANT_WRITE) {
      *error = rc;
      return WEFT_DTLS_PROGRESS_FAILED;
    }
    if (!e->in) break;
  }
  e->in = NULL;
  return WEFT_DTLS_PROGRESS_WAIT;
}

weft_dtls_fault weft_dtls_engine_fault(const weft_dtls_engine *e, int error) {
  return e->rng_failed ? WEFT_DTLS_FAULT_RANDOM : weft_dtls_mbed_fault(&e->ssl, error);
}

weft_time weft_dtls_engine_deadline(const weft_dtls_engine *e) { return e->timer_at; }

bool weft_dtls_engine_hurry(weft_dtls_engine *e, weft_time now) {
  if (e->over || e->timer_at == WEFT_NEVER || weft_time_since(now, e->hurried_at) < e->first) return false;
  e->hurried_at = now;
  e->timer_at = weft_time_min(e->timer_at, now);
  return true;
}

void weft_dtls_engine_alert(weft_dtls_engine *e, bool fatal, uint8_t description, weft_time now) {
  e->now = now;
  (void)mbedtls_ssl_send_alert_message(&e->ssl, fatal ? MBEDTLS_SSL_ALERT_LEVEL_FATAL : MBEDTLS_SSL_ALERT_LEVEL_WARNING,
                                       description);
}
