/* Between the wire and mbedTLS while the handshake lasts: what cannot belong to it never gets there, since mbedTLS
 * takes much of what is merely odd as the end. */
#include <string.h>

#include "base/mem.h"
#include "dtls/alert.h"
#include "dtls/dtls_int.h"

/* A handshake has 4 datagrams of 1,200 bytes; with 508 bytes, resent by a 50 ms timer for 10 s, about 60. */
#define DATAGRAMS_MAX 200
/* mbedTLS's input buffer bounds a message it puts together. */
#define MESSAGE_MAX 16000

/* ---- how it fails ---- */

static weft_closed describe(weft_dtls_fault fault) {
  switch (fault) {
  case WEFT_DTLS_FAULT_NO_CERT:
    return (weft_closed){WEFT_WHO_PEER, "dtls", "certificate", WEFT_EAUTH, 0, "the peer presented no certificate"};
  case WEFT_DTLS_FAULT_CERT:
    return (weft_closed){WEFT_WHO_PEER, "dtls", "certificate", WEFT_EAUTH, 0, "the peer's certificate cannot be used"};
  case WEFT_DTLS_FAULT_VERIFY:
    return (weft_closed){WEFT_WHO_PEER, "dtls", "certificate verify",
                         WEFT_EAUTH,    0,      "the peer did not prove that it holds its certificate's key"};
  case WEFT_DTLS_FAULT_FINISHED:
    return (weft_closed){WEFT_WHO_PEER, "dtls", "finished", WEFT_EAUTH, 0, "the handshake was changed on its way"};
  case WEFT_DTLS_FAULT_HELLO:
    return (weft_closed){
        WEFT_WHO_PEER, "dtls", "hello",
        WEFT_EPROTO,   0,      "the peer's hello has nothing in common with ours, or breaks the rules"};
  case WEFT_DTLS_FAULT_VERSION:
    return (weft_closed){WEFT_WHO_PEER, "dtls", "hello", WEFT_EUNSUPPORTED, 0, "the peer does not speak DTLS 1.2"};
  case WEFT_DTLS_FAULT_UNEXPECTED:
    return (weft_closed){WEFT_WHO_PEER, "dtls", "handshake", WEFT_EPROTO, 0, "a message came out of turn"};
  case WEFT_DTLS_FAULT_MEMORY:
    return (weft_closed){WEFT_WHO_SELF, "dtls", "handshake", WEFT_ENOMEM, 0, "out of memory"};
  case WEFT_DTLS_FAULT_RANDOM:
    return (weft_closed){WEFT_WHO_SELF, "dtls", "handshake", WEFT_ERANDOM, 0, "the source of randomness failed"};
  case WEFT_DTLS_FAULT_ALERT:
  case WEFT_DTLS_FAULT_OTHER: break;
  }
  return (weft_closed){WEFT_WHO_PEER, "dtls", "handshake", WEFT_EPROTO, 0, "the peer broke the rules of the handshake"};
}

static weft_closed refused(int why) {
  weft_closed c = {WEFT_WHO_PEER, "dtls", "certificate", why, 0, "certificate does not match certhash"};
  if (why == WEFT_ETOOBIG) c.text = "the peer's certificate is too large";
  if (why == WEFT_ENOMEM) {
    c.who = WEFT_WHO_SELF;
    c.text = "out of memory";
  }
  return c;
}

static weft_closed from_alert(uint8_t description) {
  weft_closed c = {WEFT_WHO_PEER, "dtls",
                   "alert",       weft_dtls_alert_code(description),
                   description,   weft_dtls_alert_text(description)};
  if (description == WEFT_DTLS_ALERT_CLOSE_NOTIFY) c.code = WEFT_ECLOSED;
  return c;
}

/* RFC 5246 section 7.2.2; no certificate: section 7.4.6. */
static uint8_t alert_for(weft_dtls_fault fault) {
  switch (fault) {
  case WEFT_DTLS_FAULT_NO_CERT:
  case WEFT_DTLS_FAULT_HELLO: return WEFT_DTLS_ALERT_HANDSHAKE_FAILURE;
  case WEFT_DTLS_FAULT_CERT: return WEFT_DTLS_ALERT_BAD_CERTIFICATE;
  case WEFT_DTLS_FAULT_VERIFY:
  case WEFT_DTLS_FAULT_FINISHED: return WEFT_DTLS_ALERT_DECRYPT_ERROR;
  case WEFT_DTLS_FAULT_VERSION: return WEFT_DTLS_ALERT_PROTOCOL_VERSION;
  case WEFT_DTLS_FAULT_UNEXPECTED: return WEFT_DTLS_ALERT_UNEXPECTED_MESSAGE;
  case WEFT_DTLS_FAULT_MEMORY:
  case WEFT_DTLS_FAULT_RANDOM:
  case WEFT_DTLS_FAULT_ALERT:
  case WEFT_DTLS_FAULT_OTHER: break;
  }
  return WEFT_DTLS_ALERT_INTERNAL_ERROR;
}

/* mbedTLS says why in most cases, not in all. */
static void say_why(weft_dtls *d, weft_dtls_fault fault) {
  if (d->alert_sent >= 0) return;
  d->alert_sent = alert_for(fault);
  weft_dtls_engine_alert(d->engine, true, (uint8_t)d->alert_sent, d->now);
}

static void fail(weft_dtls *d, int error) {
  weft_dtls_fault fault = weft_dtls_engine_fault(d->engine, error);
  weft_closed c;
  if (fault == WEFT_DTLS_FAULT_ALERT) {
    bool end = error == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY;
    c = from_alert(end ? WEFT_DTLS_ALERT_CLOSE_NOTIFY : weft_dtls_mbed_alert(&d->engine->ssl));
  } else {
    c = d->refusal != WEFT_OK ? refused(d->refusal) : describe(fault);
    say_why(d, fault);
    c.wire_code = (uint32_t)d->alert_sent;
  }
  weft_dtls_end(d, &c);
}

/* ---- what mbedTLS tells ---- */

/* The engine's numbers in epoch 1, and the alert it gives as a reason. */
static void note_sent(weft_dtls *d, const uint8_t *data, size_t len) {
  weft_rd r;
  weft_dtls_record rec;
  weft_rd_init(&r, data, len);
  while (weft_dtls_record_read(&r, &rec)) {
    if (rec.epoch == 1 && rec.seq >= d->tx.next) d->tx.next = rec.seq + 1;
    if (rec.epoch == 0 && rec.type == WEFT_DTLS_ALERT && rec.len == 2) d->alert_sent = rec.body[1];
  }
}

static void on_output(void *user, const uint8_t *data, size_t len) {
  weft_dtls *d = user;
  if (d->handshake_sent >= DATAGRAMS_MAX) return;
  d->handshake_sent++;
  if (d->state == WEFT_DTLS_STATE_CONNECTED) {
    len = weft_dtls_traffic_reseal(d, data, len);
    if (len == 0) return;
    d->stats.retransmits++;
    data = d->tx_buf;
  } else {
    note_sent(d, data, len);
  }
  if (d->cb.output(d->user, data, len, d->now) == WEFT_OK) d->stats.records_out++;
}

/* Every pin is compared, so that the time does not tell which one it was. */
static bool pinned(const weft_dtls *d, const uint8_t fingerprint[WEFT_DTLS_FINGERPRINT_LEN]) {
  bool found = d->pins_len == 0;
  for (size_t i = 0; i < d->pins_len; i++) found |= weft_ct_equal(d->pins[i], fingerprint, WEFT_DTLS_FINGERPRINT_LEN);
  return found;
}

static int judge(weft_dtls *d, const uint8_t *der, size_t len) {
  if (len == 0 || len > WEFT_DTLS_CERT_MAX) return WEFT_ETOOBIG;
  if (weft_dtls_fingerprint(d->peer_fingerprint, der, len) != WEFT_OK) return WEFT_ENOMEM;
  if (!pinned(d, d->peer_fingerprint)) return WEFT_EAUTH;
  weft_mem_free(&d->alloc, d->peer_der, d->peer_der_len);
  d->peer_der_len = len;
  d->peer_der = weft_mem_dup(&d->alloc, der, len);
  return d->peer_der ? WEFT_OK : WEFT_ENOMEM;
}

static bool on_certificate(void *user, const uint8_t *der, size_t len) {
  weft_dtls *d = user;
  d->refusal = judge(d, der, len);
  return d->refusal == WEFT_OK;
}

static int start_halves(weft_dtls *d, const weft_dtls_suite *suite, const weft_dtls_keys *k) {
  bool client = d->cfg.role == WEFT_DTLS_CLIENT;
  int rx = weft_dtls_half_start(&d->rx, suite, client ? k->server_key : k->client_key,
                                client ? k->server_iv : k->client_iv, false);
  int tx = weft_dtls_half_start(&d->tx, suite, client ? k->client_key : k->server_key,
                                client ? k->client_iv : k->server_iv, false);
  d->keyed = true;
  return rx != WEFT_OK ? rx : tx;
}

static void on_secrets(void *user, const weft_dtls_secrets *s) {
  weft_dtls *d = user;
  const weft_dtls_suite *suite = weft_dtls_suite_find(s->suite);
  weft_dtls_keys keys;
  d->key_error = WEFT_EINTERNAL;
  if (!suite || d->keyed) return;
  d->key_error = weft_dtls_keys_derive(&keys, suite, s);
  if (d->key_error == WEFT_OK) d->key_error = start_halves(d, suite, &keys);
  weft_wipe(&keys, sizeof keys);
  if (!d->cfg.keylog) return;
  char line[WEFT_DTLS_KEYLOG_LEN];
  weft_dtls_keylog_line(line, s);
  d->cfg.keylog(d->user, line);
  weft_wipe(line, sizeof line);
}

const weft_dtls_engine_hooks weft_dtls_handshake_hooks = {NULL, on_output, on_certificate, on_secrets};

/* ---- running ---- */

static void connected(weft_dtls *d) {
  d->state = WEFT_DTLS_STATE_CONNECTED;
  d->limit_at = WEFT_NEVER;
  weft_dtls_trace(d, WEFT_TRACE_STATE, "CONNECTED", NULL, 0);
  weft_dtls_event ev = {.type = WEFT_DTLS_EVENT_CONNECTED,
                        .peer_fingerprint = d->peer_fingerprint,
                        .peer_der = d->peer_der,
                        .peer_der_len = d->peer_der_len,
                        .cipher = d->tx.aead.suite->name};
  weft_dtls_raise(d, &ev);
  /* The server sends the last flight: only it may be asked for it again. */
  if (d->cfg.role == WEFT_DTLS_CLIENT) weft_dtls_drop_engine(d);
}

static void run_early(weft_dtls *d);

void weft_dtls_handshake_run(weft_dtls *d, const uint8_t *record, size_t len) {
  int error = 0;
  weft_dtls_progress p = weft_dtls_engine_step(d->engine, record, len, d->now, &error);
  if (d->key_error != WEFT_OK) {
    const weft_closed c = {WEFT_WHO_SELF, "dtls", "handshake", d->key_error, 0, "the keys could not be made"};
    weft_dtls_end(d, &c);
  } else if (p == WEFT_DTLS_PROGRESS_FAILED) {
    fail(d, error);
  } else if (p == WEFT_DTLS_PROGRESS_DONE) {
    connected(d);
  } else {
    run_early(d);
  }
}

/* ---- epoch 1 ---- */

/* A server that sends data has ended its handshake: the flight with its Finished was lost. The timer may have backed off to seconds, so ours
 * goes again now. The data itself is the upper layer's to repeat. */
static int server_went_on(weft_dtls *d, const weft_dtls_record *rec) {
  size_t len;
  int rc = weft_dtls_traffic_open(d, rec, &len);
  if (rc != WEFT_OK) return rc == WEFT_ENOMEM ? rc : WEFT_OK;
  WEFT_DTLS_DROP(d, drop_state, rec);
  if (weft_dtls_engine_hurry(d->engine, d->now)) weft_dtls_handshake_run(d, NULL, 0);
  return WEFT_OK;
}

/* mbedTLS ends the handshake on a record that it cannot open while it waits for Finished: anybody could send one. So it
 * gets only what we could open. */
static int protected_record(weft_dtls *d, const weft_dtls_record *rec) {
  size_t len;
  if (rec->type == WEFT_DTLS_APPLICATION && d->keyed && d->cfg.role == WEFT_DTLS_CLIENT) return server_went_on(d, rec);
  if (rec->type != WEFT_DTLS_HANDSHAKE && rec->type != WEFT_DTLS_ALERT) {
    WEFT_DTLS_DROP(d, drop_state, rec);
    return WEFT_OK;
  }
  if (d->keyed) {
    int rc = weft_dtls_traffic_open(d, rec, &len);
    if (rc != WEFT_OK) return rc == WEFT_ENOMEM ? rc : WEFT_OK;
    weft_dtls_handshake_run(d, rec->raw, WEFT_DTLS_HEADER_LEN + rec->len);
    return WEFT_OK;
  }
  if (rec->len + WEFT_DTLS_HEADER_LEN > sizeof d->early) {
    WEFT_DTLS_DROP(d, drop_epoch, rec);
    return WEFT_OK;
  }
  d->early_len = rec->len + WEFT_DTLS_HEADER_LEN;
  memcpy(d->early, rec->raw, d->early_len);
  return WEFT_OK;
}

/* Finished overtook the rest of its flight. */
static void run_early(weft_dtls *d) {
  uint8_t copy[WEFT_DTLS_EARLY_MAX];
  size_t len = d->early_len;
  if (!d->keyed || len == 0) return;
  memcpy(copy, d->early, len);
  d->early_len = 0;
  weft_rd r;
  weft_dtls_record rec;
  weft_rd_init(&r, copy, len);
  if (weft_dtls_record_read(&r, &rec)) (void)protected_record(d, &rec);
}

/* ---- epoch 0 ---- */

static void give_hello(weft_dtls *d, const uint8_t *record, size_t len, const weft_dtls_record *rec) {
  weft_dtls_hello h;
  const size_t front = WEFT_DTLS_HEADER_LEN + WEFT_DTLS_FRAGMENT_HEADER_LEN;
  if (weft_dtls_hello_parse(&h, record + front, len - front) != WEFT_OK) {
    WEFT_DTLS_DROP(d, drop_malformed, rec);
    return;
  }
  d->heard = true;
  weft_dtls_handshake_run(d, record, len);
}

static int collect_hello(weft_dtls *d, const weft_dtls_record *rec, const weft_dtls_fragment *f) {
  if (!d->hello_mem) {
    d->hello_mem = weft_mem_new(&d->alloc, weft_dtls_reassembly_size(WEFT_DTLS_HELLO_MAX));
    if (!d->hello_mem) return WEFT_ENOMEM;
    weft_dtls_reassembly_init(&d->hello, d->hello_mem, WEFT_DTLS_HELLO_MAX);
  }
  int rc = weft_dtls_reassembly_add(&d->hello, f);
  /* A client that starts anew contradicts its first try. */
  if (rc == WEFT_EPROTO) rc = weft_dtls_reassembly_add(&d->hello, f);
  if (rc < 0) WEFT_DTLS_DROP(d, drop_malformed, rec);
  if (rc != 1) return WEFT_OK;
  size_t len;
  const uint8_t *whole = weft_dtls_reassembly_take(&d->hello, rec->seq, &len);
  give_hello(d, whole, len, rec);
  return WEFT_OK;
}

static int client_hello(weft_dtls *d, const weft_dtls_record *rec, const weft_dtls_fragment *f, bool alone) {
  if (!alone) {
    WEFT_DTLS_DROP(d, drop_malformed, rec);
    return WEFT_OK;
  }
  if (f->len < f->length) return collect_hello(d, rec, f);
  give_hello(d, rec->raw, WEFT_DTLS_HEADER_LEN + rec->len, rec);
  return WEFT_OK;
}

/* Messages of RFC 5246 section 7.4 that the other role sends, as bits. */
#define FROM_CLIENT (1u << 1 | 1u << 11 | 1u << 15 | 1u << 16 | 1u << 20)
#define FROM_SERVER (1u << 2 | 1u << 3 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 20)

static bool expected(const weft_dtls *d, const weft_dtls_fragment *f) {
  uint32_t known = d->cfg.role == WEFT_DTLS_CLIENT ? FROM_SERVER : FROM_CLIENT;
  if (d->cfg.role == WEFT_DTLS_SERVER && !d->heard && f->type != WEFT_DTLS_CLIENT_HELLO) return false;
  return f->type < 32 && (known >> f->type & 1);
}

static int handshake_messages(weft_dtls *d, const weft_dtls_record *rec) {
  weft_rd r;
  weft_dtls_fragment f;
  weft_rd_init(&r, rec->body, rec->len);
  bool good = rec->len > 0, wanted = true;
  for (unsigned n = 1; good && weft_rd_left(&r) > 0; n++) {
    good = weft_dtls_fragment_read(&r, &f) && f.length <= MESSAGE_MAX;
    if (good && expected(d, &f) && f.type == WEFT_DTLS_CLIENT_HELLO)
      return client_hello(d, rec, &f, n == 1 && weft_rd_done(&r));
    wanted = wanted && good && expected(d, &f);
  }
  if (!good)
    WEFT_DTLS_DROP(d, drop_malformed, rec);
  else if (!wanted)
    WEFT_DTLS_DROP(d, drop_state, rec);
  else
    weft_dtls_handshake_run(d, rec->raw, WEFT_DTLS_HEADER_LEN + rec->len);
  return WEFT_OK;
}

/* ChangeCipherSpec is one byte 1 (RFC 5246 section 7.1), an alert two (section 7.2). */
static bool well_formed(const weft_dtls_record *rec) {
  if (rec->type == WEFT_DTLS_CCS) return rec->len == 1 && rec->body[0] == 1;
  return rec->len == 2 && (rec->body[0] == 1 || rec->body[0] == 2);
}

static int clear_record(weft_dtls *d, const weft_dtls_record *rec) {
  if (rec->type == WEFT_DTLS_HANDSHAKE) return handshake_messages(d, rec);
  bool early = d->cfg.role == WEFT_DTLS_SERVER && !d->heard;
  if (rec->type == WEFT_DTLS_APPLICATION || early)
    WEFT_DTLS_DROP(d, drop_state, rec);
  else if (!well_formed(rec))
    WEFT_DTLS_DROP(d, drop_malformed, rec);
  else
    weft_dtls_handshake_run(d, rec->raw, WEFT_DTLS_HEADER_LEN + rec->len);
  return WEFT_OK;
}

int weft_dtls_handshake_record(weft_dtls *d, const weft_dtls_record *rec) {
  if (rec->epoch == 0) return clear_record(d, rec);
  if (rec->epoch == 1) return protected_record(d, rec);
  WEFT_DTLS_DROP(d, drop_epoch, rec);
  return WEFT_OK;
}
