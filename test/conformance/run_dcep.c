#include <string.h>

#include "datachannel/datachannel.h"
#include "test/conformance/conform.h"

static const char *const reliability_names[] = {"reliable", "rexmit", "timed"};

static bool text_is(const json *field, const char *text, size_t len) {
  return field && field->type == JSON_STRING && field->len == len && memcmp(field->text, text, len) == 0;
}

static bool same_open(const conform_case *c, const weft_datachannel_params *p) {
  unsigned type = (unsigned)p->reliability | (p->unordered ? 0x80u : 0u);
  return conform_text_is(c, "expected.type", "OPEN") && conform_u64_is(c, "expected.channel_type", type) &&
         json_bool(json_find(c->expected, "unordered"), !p->unordered) == p->unordered &&
         conform_text_is(c, "expected.reliability", reliability_names[p->reliability]) &&
         conform_u64_is(c, "expected.priority", p->priority) &&
         conform_u64_is(c, "expected.reliability_parameter", p->parameter) &&
         text_is(json_get(c->expected, "label"), p->label, p->label_len) &&
         text_is(json_get(c->expected, "protocol"), p->protocol, p->protocol_len);
}

/* What decodes must encode to the same bytes. */
static bool round_trip(const weft_datachannel_params *p, const uint8_t *in, size_t len) {
  static uint8_t out[12 + 2 * 65535];
  size_t n = 0;
  return weft_datachannel_open_encode(p, out, sizeof out, &n) == WEFT_OK && n == len && memcmp(out, in, n) == 0;
}

static void run_decode(conform_ctx *ctx, const conform_case *c) {
  size_t len = 0;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  weft_datachannel_params p;
  int type = weft_datachannel_message_type(in, len);
  int rc = type == WEFT_DATACHANNEL_OPEN ? weft_datachannel_open_decode(&p, in, len) : WEFT_OK;
  if (!c->valid) {
    conform_refused(ctx, c, type < 0 || rc != WEFT_OK);
    return;
  }
  if (type == WEFT_DATACHANNEL_ACK)
    conform_verdict(ctx, c, conform_text_is(c, "expected.type", "ACK"), "not an ACK");
  else
    conform_verdict(ctx, c,
                    type == WEFT_DATACHANNEL_OPEN && rc == WEFT_OK && same_open(c, &p) && round_trip(&p, in, len),
                    "fields differ");
}

static bool params_of(const conform_case *c, weft_datachannel_params *p) {
  uint64_t type = 0, priority = 0, parameter = 0;
  const json *label = json_get(c->input, "label"), *protocol = json_get(c->input, "protocol");
  bool ok = conform_u64(c, "input.channel_type", &type) && conform_u64(c, "input.priority", &priority) &&
            conform_u64(c, "input.reliability_parameter", &parameter) && label && protocol;
  if (!ok) return false;
  *p = (weft_datachannel_params){.reliability = (weft_datachannel_reliability)(type & 0x7f),
                                 .unordered = (type & 0x80) != 0,
                                 .priority = (uint16_t)priority,
                                 .parameter = (uint32_t)parameter,
                                 .label = label->text,
                                 .label_len = (uint16_t)label->len,
                                 .protocol = protocol->text,
                                 .protocol_len = (uint16_t)protocol->len};
  return true;
}

static void run_encode(conform_ctx *ctx, const conform_case *c) {
  static uint8_t out[12 + 2 * 65535];
  weft_datachannel_params p;
  size_t len = 0;
  bool ok = params_of(c, &p) && weft_datachannel_open_encode(&p, out, sizeof out, &len) == WEFT_OK;
  if (!c->valid)
    conform_refused(ctx, c, !ok);
  else
    conform_verdict(ctx, c, ok && conform_hex_is(ctx, c, "expected.hex", out, len), "bytes differ");
}

static int take_output(void *user, const weft_datachannel_out *o, const uint8_t *data, size_t len, weft_time now) {
  (void)user, (void)o, (void)data, (void)len, (void)now;
  return WEFT_OK;
}

static int take_reset(void *user, const uint16_t *streams, size_t n, weft_time now) {
  (void)user, (void)streams, (void)n, (void)now;
  return WEFT_OK;
}

static void note_event(void *user, const weft_datachannel_event *ev, weft_time now) {
  (void)now;
  if (ev->type == WEFT_DATACHANNEL_EVENT_MESSAGE) *(weft_datachannel_event *)user = *ev;
}

static weft_datachannel *object(bool even, weft_datachannel_event *seen) {
  weft_datachannel_config cfg;
  weft_datachannel *dc = NULL;
  weft_datachannel_config_default(&cfg);
  cfg.even = even;
  cfg.reserve_zero = false;
  weft_datachannel_callbacks cb = {sizeof cb, take_output, take_reset, note_event};
  if (weft_datachannel_new(&dc, &cfg, &cb, seen) != WEFT_OK) return NULL;
  weft_datachannel_up(dc, 65535, 65535, 0);
  return dc;
}

static void run_parity(conform_ctx *ctx, const conform_case *c) {
  weft_datachannel_event seen = {0};
  weft_datachannel *dc = object(conform_text_is(c, "input.dtls_role", "client"), &seen);
  uint64_t nth = 0;
  uint16_t id = 0;
  bool ok = dc && conform_u64(c, "input.nth_channel", &nth);
  for (uint64_t i = 0; ok && i <= nth; i++)
    ok = weft_datachannel_open(dc, &(weft_datachannel_params){0}, &id, 0) == WEFT_OK;
  conform_verdict(ctx, c, ok && conform_u64_is(c, "expected.stream_id", id), "another id");
  weft_datachannel_free(dc);
}

/* What a message of one byte with that identifier is, as the application sees it. */
static const char *meaning(const weft_datachannel_event *ev) {
  if (ev->type != WEFT_DATACHANNEL_EVENT_MESSAGE) return "dropped";
  if (ev->len == 0) return ev->binary ? "empty binary" : "empty string";
  return ev->binary ? "binary" : "string";
}

static void run_ppid(conform_ctx *ctx, const conform_case *c) {
  weft_datachannel_event seen = {0};
  weft_datachannel *dc = object(true, &seen);
  uint64_t ppid = 0;
  bool ok = dc && conform_u64(c, "input.ppid", &ppid) &&
            weft_datachannel_open_negotiated(dc, 4, &(weft_datachannel_params){0}, 0) == WEFT_OK;
  if (ok) weft_datachannel_input(dc, 4, (uint32_t)ppid, (const uint8_t *)"x", 1, 0);
  /* RFC 8831 section 6.6 gave the partial messages up; here they are not spoken, so they are dropped. */
  const char *want = conform_text(c, "expected.meaning");
  bool partial = want && strstr(want, "deprecated");
  conform_verdict(ctx, c, ok && want && strcmp(meaning(&seen), partial ? "dropped" : want) == 0, "another meaning");
  weft_datachannel_free(dc);
}

int conform_dcep(conform_ctx *ctx) {
  conform_case c;
  while (conform_next(ctx, &c)) {
    if (strcmp(c.op, "decode") == 0)
      run_decode(ctx, &c);
    else if (strcmp(c.op, "encode_open") == 0)
      run_encode(ctx, &c);
    else if (strcmp(c.op, "stream_id_parity") == 0)
      run_parity(ctx, &c);
    else if (strcmp(c.op, "ppid") == 0)
      run_ppid(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op %s", c.op);
  }
  return 0;
}
