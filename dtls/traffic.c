/* After the handshake: records under our own protection. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "dtls/alert.h"
#include "dtls/dtls_int.h"

static int make_room(weft_dtls *d, size_t need) {
  if (need <= d->rx_cap) return WEFT_OK;
  size_t cap = d->rx_cap;
  while (cap < need) cap *= 2;
  uint8_t *p = weft_mem_resize(&d->alloc, d->rx_buf, d->rx_cap, cap);
  if (!p) return WEFT_ENOMEM;
  d->rx_buf = p;
  d->rx_cap = cap;
  return WEFT_OK;
}

int weft_dtls_traffic_open(weft_dtls *d, const weft_dtls_record *rec, size_t *len) {
  int rc = make_room(d, rec->len);
  if (rc != WEFT_OK) return rc;
  rc = weft_dtls_half_open(&d->rx, rec, d->rx_buf, d->rx_cap, len);
  if (rc == WEFT_OK)
    d->stats.records_in++;
  else if (rc == WEFT_EAGAIN)
    WEFT_DTLS_DROP(d, drop_replay, rec);
  else
    WEFT_DTLS_DROP(d, drop_bad_mac, rec);
  return rc;
}

int weft_dtls_traffic_send(weft_dtls *d, uint8_t type, const uint8_t *data, size_t len) {
  size_t n = weft_dtls_half_seal(&d->tx, type, data, len, d->tx_buf, d->cfg.mtu);
  if (n == 0) return WEFT_EINTERNAL;
  int rc = d->cb.output(d->user, d->tx_buf, n, d->now);
  if (rc == WEFT_OK) d->stats.records_out++;
  return rc;
}

/* ---- what comes ---- */

static void application(weft_dtls *d, size_t len) {
  d->stats.bytes_in += len;
  weft_dtls_trace(d, WEFT_TRACE_IN, NULL, d->rx_buf, len);
  weft_dtls_event ev = {.type = WEFT_DTLS_EVENT_DATA, .data = d->rx_buf, .len = len};
  if (len > 0) weft_dtls_raise(d, &ev);
}

/* RFC 5246 section 7.2: close_notify is answered by one of our own; a warning of another kind changes nothing. */
static void alert(weft_dtls *d, const weft_dtls_record *rec, size_t len) {
  static const uint8_t goodbye[2] = {1, WEFT_DTLS_ALERT_CLOSE_NOTIFY};
  if (len != 2) {
    WEFT_DTLS_DROP(d, drop_malformed, rec);
    return;
  }
  uint8_t level = d->rx_buf[0], description = d->rx_buf[1];
  bool end = description == WEFT_DTLS_ALERT_CLOSE_NOTIFY;
  if (!end && level != 2) return;
  if (end) (void)weft_dtls_traffic_send(d, WEFT_DTLS_ALERT, goodbye, sizeof goodbye);
  weft_closed closed = {WEFT_WHO_PEER,
                        "dtls",
                        end ? "close" : "alert",
                        weft_dtls_alert_code(description),
                        description,
                        weft_dtls_alert_text(description)};
  weft_dtls_end(d, &closed);
}

/* The peer says Finished again when ours was lost. Anything else would be renegotiation, which there is none of. */
static void handshake(weft_dtls *d, const weft_dtls_record *rec, size_t len) {
  if (!d->engine || len == 0 || d->rx_buf[0] != WEFT_DTLS_FINISHED) {
    WEFT_DTLS_DROP(d, drop_state, rec);
    return;
  }
  int error;
  (void)weft_dtls_engine_step(d->engine, rec->raw, WEFT_DTLS_HEADER_LEN + rec->len, d->now, &error);
}

int weft_dtls_traffic_record(weft_dtls *d, const weft_dtls_record *rec) {
  size_t len;
  if (rec->epoch != 1) {
    WEFT_DTLS_DROP(d, drop_epoch, rec);
    return WEFT_OK;
  }
  int rc = weft_dtls_traffic_open(d, rec, &len);
  if (rc != WEFT_OK) return rc == WEFT_ENOMEM ? rc : WEFT_OK;
  /* Who sends this has our Finished. */
  if (rec->type == WEFT_DTLS_APPLICATION || rec->type == WEFT_DTLS_ALERT) weft_dtls_drop_engine(d);
  if (rec->type == WEFT_DTLS_APPLICATION)
    application(d, len);
  else if (rec->type == WEFT_DTLS_ALERT)
    alert(d, rec, len);
  else if (rec->type == WEFT_DTLS_HANDSHAKE)
    handshake(d, rec, len);
  else
    WEFT_DTLS_DROP(d, drop_state, rec);
  return WEFT_OK;
}

/* ---- the engine's last flight, sent again ---- */

/* The engine counts epoch 1 on from its own last record and does not know of ours: under its number a nonce would be
 * used twice. Same length, since the overhead is the same. */
static size_t reseal_one(weft_dtls *d, const weft_dtls_record *rec, uint8_t *out, size_t cap) {
  uint8_t plain[WEFT_DTLS_EARLY_MAX];
  size_t len;
  if (weft_dtls_half_reopen(&d->tx, rec, plain, sizeof plain, &len) != WEFT_OK) return 0;
  return weft_dtls_half_seal(&d->tx, rec->type, plain, len, out, cap);
}

size_t weft_dtls_traffic_reseal(weft_dtls *d, const uint8_t *data, size_t len) {
  weft_rd r;
  weft_wr w;
  weft_dtls_record rec;
  weft_rd_init(&r, data, len);
  weft_wr_init(&w, d->tx_buf, d->cfg.mtu);
  while (weft_dtls_record_read(&r, &rec)) {
    if (rec.epoch == 0) {
      weft_wr_bytes(&w, rec.raw, WEFT_DTLS_HEADER_LEN + rec.len);
      continue;
    }
    size_t n = reseal_one(d, &rec, w.p, weft_wr_left(&w));
    if (n == 0) return 0;
    w.p += n;
  }
  return weft_rd_ok(&r) && weft_wr_ok(&w) ? weft_wr_len(&w) : 0;
}
