/* identify.*, multistream.*, ping.* */
#include <stdlib.h>
#include <string.h>

#include "apps/conform/op.h"
#include "libp2p/identify.h"
#include "libp2p/multistream.h"

/* ---- identify ---- */

static void put_bytes(json *to, const char *key, const uint8_t *data, size_t len) {
  if (data)
    json_put_hex(to, key, data, len);
  else
    json_put_null(to, key);
}

static void put_text(json *to, const char *key, const char *text, size_t len) {
  if (text)
    json_put_text(to, key, text, len);
  else
    json_put_null(to, key);
}

static conform_status identify_decode(conform_call *c) {
  size_t len;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  weft_identify *m = conform_memory(c, sizeof *m);
  if (!in) return CONFORM_BAD;
  int rc = weft_identify_decode(m, in, len);
  if (rc != WEFT_OK) return conform_code(rc);
  put_text(c->out, "protocol_version", m->protocol_version, m->protocol_version_len);
  put_text(c->out, "agent_version", m->agent_version, m->agent_version_len);
  put_bytes(c->out, "public_key", m->public_key, m->public_key_len);
  json *addrs = json_put_array(c->out, "listen_addrs");
  for (size_t i = 0; i < m->got_addrs_len; i++) json_put_hex(addrs, NULL, m->got_addrs[i].data, m->got_addrs[i].len);
  put_bytes(c->out, "observed_addr", m->observed_addr, m->observed_addr_len);
  json *protocols = json_put_array(c->out, "protocols");
  for (size_t i = 0; i < m->got_protocols_len; i++)
    json_put_text(protocols, NULL, (const char *)m->got_protocols[i].data, m->got_protocols[i].len);
  put_bytes(c->out, "signed_peer_record", m->signed_peer_record, m->signed_peer_record_len);
  return CONFORM_OK;
}

/* ---- multistream ---- */

typedef struct talk {
  uint8_t wire[16384];
  size_t len;
  const char *selected;
  bool closed;
  int code;
} talk;

static ptrdiff_t take(void *user, const uint8_t *data, size_t len, weft_time now) {
  talk *t = user;
  (void)now;
  size_t room = sizeof t->wire - t->len, n = len < room ? len : room;
  memcpy(t->wire + t->len, data, n);
  t->len += n;
  return (ptrdiff_t)len;
}

static void note(void *user, const weft_multistream_event *ev, weft_time now) {
  talk *t = user;
  (void)now;
  if (ev->type == WEFT_MULTISTREAM_EVENT_SELECTED) {
    t->selected = ev->protocol;
  } else {
    t->closed = true;
    t->code = ev->closed.code;
  }
}

static conform_status feed(conform_call *c, weft_multistream *m, const talk *t) {
  for (const json *chunk = json_first(json_get(c->in, "input")); chunk; chunk = chunk->next) {
    size_t len;
    const uint8_t *data = conform_bytes_of(c, chunk, &len);
    if (!data) return CONFORM_BAD;
    if (t->closed || t->selected) continue;
    ptrdiff_t took = weft_multistream_input(m, data, len, 0);
    if (took >= 0 && (size_t)took < len) json_put_hex(c->out, "left", data + took, len - (size_t)took);
  }
  if (json_bool(json_get(c->in, "end"), false) && !t->closed && !t->selected) weft_multistream_input_end(m, 0);
  return CONFORM_OK;
}

enum { PROTOCOLS = 16 };

static bool read_protocols(const conform_call *c, const char *names[PROTOCOLS], size_t *n) {
  *n = 0;
  for (const json *p = json_first(json_get(c->in, "protocols")); p; p = p->next) {
    if (p->type != JSON_STRING || *n == PROTOCOLS) return false;
    names[(*n)++] = p->text;
  }
  return *n > 0;
}

/* One negotiation against the bytes of the other side: what was written in all, what was selected. */
static conform_status negotiate(conform_call *c) {
  const char *protocols[PROTOCOLS];
  talk *t = conform_memory(c, sizeof *t);
  weft_multistream_config cfg;
  weft_multistream_callbacks cb = {sizeof cb, take, note};
  weft_multistream *m;
  weft_multistream_config_default(&cfg);
  cfg.dialer = conform_is(c, "role", "dialer");
  cfg.protocols = protocols;
  if (!read_protocols(c, protocols, &cfg.protocols_len)) return CONFORM_BAD;
  if (weft_multistream_new(&m, &cfg, &cb, t) != WEFT_OK) return CONFORM_BAD;
  weft_multistream_start(m, 0);
  conform_status s = feed(c, m, t);
  weft_multistream_free(m);
  if (s != CONFORM_OK) return s;
  if (t->closed) return t->code == WEFT_EUNSUPPORTED ? CONFORM_STATE : conform_code(t->code);
  json_put_hex(c->out, "output", t->wire, t->len);
  json_put_string(c->out, "selected", t->selected);
  return CONFORM_OK;
}

const conform_entry conform_libp2p[] = {
    {"identify.decode", identify_decode}, {"multistream.negotiate", negotiate}, {NULL, NULL}};
