/* weft dtls (private): mbedTLS's handshake behind four calls. The session feeds it whole records that it has looked at
 * before, and takes over as soon as the keys are there; application records never pass through here.
 */
#ifndef WEFT_DTLS_ENGINE_H
#define WEFT_DTLS_ENGINE_H

#include "dtls/cert.h"
#include "dtls/dtls.h"
#include "dtls/mbed.h"

typedef struct weft_dtls_engine_hooks {
  void *user;
  void (*output)(void *user, const uint8_t *data, size_t len);
  bool (*certificate)(void *user, const uint8_t *der, size_t len); /* the peer's; false refuses it */
  void (*secrets)(void *user, const weft_dtls_secrets *s);
} weft_dtls_engine_hooks;

typedef struct weft_dtls_engine {
  mbedtls_ssl_context ssl;
  mbedtls_ssl_config conf;
  weft_dtls_key_hook key_hook;
  weft_dtls_engine_hooks hooks;
  weft_rng source, rng; /* rng draws from source and notes its failures */
  bool rng_failed;
  const uint8_t *in; /* the record to be read next */
  size_t in_len;
  weft_time now, first, timer_at, hurried_at;
  bool over; /* the handshake is */
} weft_dtls_engine;

typedef enum weft_dtls_progress {
  WEFT_DTLS_PROGRESS_WAIT = 0,
  WEFT_DTLS_PROGRESS_DONE, /* the handshake is over */
  WEFT_DTLS_PROGRESS_FAILED
} weft_dtls_progress;

int weft_dtls_engine_init(weft_dtls_engine *e, const weft_dtls_config *cfg, const weft_dtls_engine_hooks *hooks);
void weft_dtls_engine_free(weft_dtls_engine *e);
/* Reads the record (NULL: none, timers only) and goes on as far as it can. error is mbedTLS's. After the end only the
 * last flight is sent again when the peer's says that it was lost. */
weft_dtls_progress weft_dtls_engine_step(weft_dtls_engine *e, const uint8_t *record, size_t len, weft_time now,
                                         int *error);
weft_dtls_fault weft_dtls_engine_fault(const weft_dtls_engine *e, int error);
weft_time weft_dtls_engine_deadline(const weft_dtls_engine *e);
/* Our flight is to be sent again without waiting for the timer, at most once per first timeout; false: too soon. */
bool weft_dtls_engine_hurry(weft_dtls_engine *e, weft_time now);
/* In clear; before the end of the handshake. */
void weft_dtls_engine_alert(weft_dtls_engine *e, bool fatal, uint8_t description, weft_time now);

#endif
