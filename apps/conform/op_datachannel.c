/* dcep.* */
#include <string.h>

#include "apps/conform/op.h"
#include "datachannel/datachannel.h"

static const char *const reliability_names[] = {"reliable", "rexmit", "timed"};

static conform_status put_open(conform_call *c, const uint8_t *in, size_t len) {
  weft_datachannel_params p;
  uint8_t *again = conform_memory(c, len);
  size_t n = 0;
  int rc = weft_datachannel_open_decode(&p, in, len);
  if (rc != WEFT_OK) return conform_code(rc);
  json_put_string(c->out, "type", "OPEN");
  json_put_u64(c->out, "channel_type", (unsigned)p.reliability | (p.unordered ? 0x80u : 0u));
  json_put_bool(c->out, "unordered", p.unordered);
  json_put_string(c->out, "reliability", reliability_names[p.reliability]);
  json_put_u64(c->out, "priority", p.priority);
  json_put_u64(c->out, "reliability_parameter", p.parameter);
  json_put_text(c->out, "label", p.label, p.label_len);
  json_put_text(c->out, "protocol", p.protocol, p.protocol_len);
  rc = weft_datachannel_open_encode(&p, again, len, &n);
  if (rc == WEFT_OK) json_put_hex(c->out, "encoded", again, n);
  return conform_code(rc);
}

static conform_status decode(conform_call *c) {
  size_t len;
  const uint8_t *in = conform_bytes(c, "hex", &len);
  if (!in) return CONFORM_BAD;
  int type = weft_datachannel_message_type(in, len);
  if (type == WEFT_DATACHANNEL_OPEN) return put_open(c, in, len);
  if (type != WEFT_DATACHANNEL_ACK) return CONFORM_MALFORMED;
  json_put_string(c->out, "type", "ACK");
  return CONFORM_OK;
}

static conform_status encode(conform_call *c) {
  enum { CAP = 12 + 2 * 65535 };
  uint8_t *out = conform_memory(c, CAP);
  size_t len = 0;
  uint16_t type, priority;
  uint32_t parameter;
  const json *label = conform_string(c, "label"), *protocol = conform_string(c, "protocol");
  if (!conform_u16(c, "channel_type", &type) || !conform_u16(c, "priority", &priority) ||
      !conform_u32(c, "reliability_parameter", &parameter) || !label || !protocol)
    return CONFORM_BAD;
  if (label->len > 65535 || protocol->len > 65535) return CONFORM_LIMIT;
  weft_datachannel_params p = {.reliability = (weft_datachannel_reliability)(type & 0x7f),
                               .unordered = (type & 0x80) != 0,
                               .priority = priority,
                               .parameter = parameter,
                               .label = label->text,
                               .label_len = (uint16_t)label->len,
                               .protocol = protocol->text,
                               .protocol_len = (uint16_t)protocol->len};
  int rc = weft_datachannel_open_encode(&p, out, CAP, &len);
  if (rc == WEFT_OK) json_put_hex(c->out, "hex", out, len);
  return conform_code(rc);
}

/* ---- channels ---- */

typedef struct seen {
  json *sent, *events;
} seen;

static int take_output(void *user, const weft_datachannel_out *o, const uint8_t *data, size_t len, weft_time now) {
  seen *s = user;
  json *to = json_put_object(s->sent, NULL);
  (void)now;
  json_put_u64(to, "stream", o->stream);
  json_put_u64(to, "ppid", o->ppid);
  json_put_hex(to, "data", data, len);
  return WEFT_OK;
}

static int take_reset(void *user, const uint16_t *streams, size_t n, weft_time now) {
  seen *s = user;
  (void)now;
  for (size_t i = 0; i < n; i++) {
    json *to = json_put_object(s->sent, NULL);
    json_put_u64(to, "stream", streams[i]);
    json_put_bool(to, "reset", true);
  }
  return WEFT_OK;
}

static void note_event(void *user, const weft_datachannel_event *ev, weft_time now) {
  static const char *const names[] = {"", "opened", "acked", "message", "closing", "closed", "writable"};
  seen *s = user;
  json *to = json_put_object(s->events, NULL);
  (void)now;
  json_put_string(to, "event", names[ev->type]);
  json_put_u64(to, "stream", ev->id);
  if (ev->type == WEFT_DATACHANNEL_EVENT_OPENED && ev->params)
    json_put_text(to, "label", ev->params->label, ev->params->label_len);
  if (ev->type != WEFT_DATACHANNEL_EVENT_MESSAGE) return;
  json_put_bool(to, "binary", ev->binary);
  json_put_hex(to, "data", ev->data, ev->len);
}

static weft_datachannel *object(bool even, seen *s) {
  weft_datachannel_config cfg;
  weft_datachannel_callbacks cb = {sizeof cb, take_output, take_reset, note_event};
  weft_datachannel *dc = NULL;
  weft_datachannel_config_default(&cfg);
  cfg.even = even;
  cfg.reserve_zero = false;
  if (weft_datachannel_new(&dc, &cfg, &cb, s) != WEFT_OK) return NULL;
  weft_datachannel_up(dc, 65535, 65535, 0);
  return dc;
}

static conform_status stream_id(conform_call *c) {
  seen s = {json_put_array(c->out, "sent"), json_put_array(c->out, "events")};
  uint16_t nth, id = 0;
  if (!conform_u16(c, "nth_channel", &nth)) return CONFORM_BAD;
  weft_datachannel *dc = object(conform_is(c, "dtls_role", "client"), &s);
  int rc = dc ? WEFT_OK : WEFT_ENOMEM;
  for (unsigned i = 0; rc == WEFT_OK && i <= nth; i++)
    rc = weft_datachannel_open(dc, &(weft_datachannel_params){0}, &id, 0);
  if (rc == WEFT_OK) json_put_u64(c->out, "stream_id", id);
  weft_datachannel_free(dc);
  return conform_code(rc);
}

/* What a message of one byte with that identifier is, as the application sees it. */
static conform_status ppid(conform_call *c) {
  seen s = {json_put_array(c->out, "sent"), json_put_array(c->out, "events")};
  uint32_t id;
  if (!conform_u32(c, "ppid", &id)) return CONFORM_BAD;
  weft_datachannel *dc = object(true, &s);
  if (dc && weft_datachannel_open_negotiated(dc, 4, &(weft_datachannel_params){0}, 0) == WEFT_OK)
    weft_datachannel_input(dc, 4, id, (const uint8_t *)"x", 1, 0);
  const json *last = s.events->last;
  bool message =
      last && json_text(json_get(last, "event")) && strcmp(json_text(json_get(last, "event")), "message") == 0;
  bool empty = message && json_get(last, "data")->len == 0,
       binary = message && json_bool(json_get(last, "binary"), false);
  json_put_string(c->out, "meaning",
                  !message ? "dropped"
                  : empty  ? (binary ? "empty binary" : "empty string")
                           : (binary ? "binary" : "string"));
  weft_datachannel_free(dc);
  return CONFORM_OK;
}

static bool step(conform_call *c, weft_datachannel *dc, const json *j) {
  conform_call at = {j, c->out, NULL};
  uint16_t stream;
  uint32_t id;
  size_t len;
  const uint8_t *data = conform_bytes_of(c, json_get(j, "data"), &len);
  if (!conform_u16(&at, "stream", &stream)) return false;
  if (json_bool(json_get(j, "reset"), false)) return weft_datachannel_reset_in(dc, &stream, 1, 0) == WEFT_OK;
  return data && conform_u32(&at, "ppid", &id) && weft_datachannel_input(dc, stream, id, data, len, 0) == WEFT_OK;
}

/* What comes in on an association's streams; what goes out and what the application hears of it. */
static conform_status receive(conform_call *c) {
  seen s = {json_put_array(c->out, "sent"), json_put_array(c->out, "events")};
  conform_status status = CONFORM_OK;
  weft_datachannel *dc = object(conform_is(c, "dtls_role", "client"), &s);
  if (!dc) return CONFORM_LIMIT;
  for (const json *j = json_first(json_get(c->in, "messages")); j && status == CONFORM_OK; j = j->next)
    if (!step(c, dc, j)) status = CONFORM_BAD;
  weft_datachannel_free(dc);
  return status;
}

const conform_entry conform_datachannel[] = {{"dcep.decode", decode},       {"dcep.encode", encode},
                                             {"dcep.stream_id", stream_id}, {"dcep.ppid", ppid},
                                             {"dcep.receive", receive},     {NULL, NULL}};
