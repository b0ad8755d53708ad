/* weft dtls (private): the session.
 *
 *   NEW --start--> HANDSHAKE --Finished--> CONNECTED
 *    |                 |                      |
 *    +-----------------+------ close, alert, fault, limit -----> CLOSED
 */
#ifndef WEFT_DTLS_DTLS_INT_H
#define WEFT_DTLS_DTLS_INT_H

#include "base/evq.h"
#include "dtls/dtls.h"
#include "dtls/engine.h"
#include "dtls/keys.h"
#include "dtls/reassembly.h"
#include "dtls/record.h"

#define WEFT_DTLS_PINS_MAX 9   /* pin and pins */
#define WEFT_DTLS_EARLY_MAX 96 /* a record with Finished has 61 bytes at most */

typedef enum weft_dtls_state {
  WEFT_DTLS_STATE_NEW,
  WEFT_DTLS_STATE_HANDSHAKE,
  WEFT_DTLS_STATE_CONNECTED,
  WEFT_DTLS_STATE_CLOSED
} weft_dtls_state;

struct weft_dtls {
  weft_dtls_config cfg;
  weft_dtls_callbacks cb;
  void *user;
  weft_alloc alloc;
  weft_evq q;
  weft_closed closed_slot; /* the ring of q: CLOSED is all that waits */
  weft_dtls_state state;
  weft_time now, limit_at;
  weft_dtls_stats stats;

  uint8_t pins[WEFT_DTLS_PINS_MAX][WEFT_DTLS_FINGERPRINT_LEN];
  size_t pins_len;
  uint8_t peer_fingerprint[WEFT_DTLS_FINGERPRINT_LEN];
  uint8_t *peer_der; /* until the engine goes */
  size_t peer_der_len;

  weft_dtls_engine *engine; /* NULL as soon as nobody can need our last flight again */
  unsigned handshake_sent;  /* datagrams */
  int alert_sent, refusal;  /* -1: none; what the certificate hook answered, WEFT_OK: it did not refuse */
  bool heard;               /* server: a ClientHello went to the engine */
  uint8_t *hello_mem;       /* server: NULL until a fragmented ClientHello comes */
  weft_dtls_reassembly hello;
  uint8_t early[WEFT_DTLS_EARLY_MAX]; /* epoch 1, before the keys */
  size_t early_len;

  bool keyed;
  int key_error;
  weft_dtls_half rx, tx;
  uint8_t *rx_buf, *tx_buf; /* one record's content; one datagram of cfg.mtu */
  size_t rx_cap;
};

/* ---- dtls.c ---- */

/* Raises a trace, a drop with its counter, the one end. */
void weft_dtls_trace(const weft_dtls *d, weft_trace_kind kind, const char *text, const uint8_t *data, size_t len);
#define WEFT_DTLS_DROP(d, name, rec) \
  (weft_dtls_trace((d), WEFT_TRACE_DROP, #name, (rec)->raw, WEFT_DTLS_HEADER_LEN + (rec)->len), (void)(d)->stats.name++)
void weft_dtls_raise(weft_dtls *d, const weft_dtls_event *ev);
void weft_dtls_end(weft_dtls *d, const weft_closed *closed);
void weft_dtls_drop_engine(weft_dtls *d);
bool weft_dtls_alive(const weft_dtls *d); /* neither closed nor about to be freed */

/* ---- handshake.c ---- */

extern const weft_dtls_engine_hooks weft_dtls_handshake_hooks; /* user to be filled in */
void weft_dtls_handshake_run(weft_dtls *d, const uint8_t *record, size_t len);
int weft_dtls_handshake_record(weft_dtls *d, const weft_dtls_record *rec);

/* ---- traffic.c ---- */

/* Opens into rx_buf; counts what cannot be opened. WEFT_OK, WEFT_ENOMEM, or another code: dropped. */
int weft_dtls_traffic_open(weft_dtls *d, const weft_dtls_record *rec, size_t *len);
int weft_dtls_traffic_record(weft_dtls *d, const weft_dtls_record *rec);
int weft_dtls_traffic_send(weft_dtls *d, uint8_t type, const uint8_t *data, size_t len);
/* A datagram of the engine with its epoch 1 records under our numbers; the length, 0 when something is wrong
 * with it. */
size_t weft_dtls_traffic_reseal(weft_dtls *d, const uint8_t *data, size_t len);

#endif
