#include <string.h>

#include "libp2p/identify.h"
#include "test/conformance/conform.h"

/* ---- identify ----------------------------------------------------------------------------------------------------- */

static bool text_is(const conform_case *c, const char *path, const char *got, size_t len) {
  const char *want = conform_text(c, path);
  if (!conform_has(c, path)) return got == NULL;
  return want && got && strlen(want) == len && memcmp(want, got, len) == 0;
}

static bool bytes_are(conform_ctx *ctx, const conform_case *c, const char *path, const uint8_t *got, size_t len) {
  return conform_has(c, path) ? got && conform_hex_is(ctx, c, path, got, len) : got == NULL;
}

static bool addrs_are(conform_ctx *ctx, const conform_case *c, const weft_identify *m) {
  const json *want = json_first(json_find(c->node, "expected.listen_addrs"));
  for (size_t i = 0; i < m->got_addrs_len; i++, want = want->next) {
    size_t len;
    const uint8_t *bytes = want ? conform_bytes_of(ctx, want, &len) : NULL;
    if (!bytes || len != m->got_addrs[i].len || memcmp(bytes, m->got_addrs[i].data, len) != 0) return false;
  }
  return want == NULL;
}

static bool protocols_are(const conform_case *c, const weft_identify *m) {
  size_t n = 0;
  for (const json *p = json_first(json_find(c->node, "expected.protocols")); p; p = p->next, n++)
    if (n >= m->got_protocols_len || p->len != m->got_protocols[n].len ||
        memcmp(p->text, m->got_protocols[n].data, p->len) != 0)
      return false;
  return n == m->got_protocols_len;
}

static void run_identify(conform_ctx *ctx, const conform_case *c) {
  size_t len;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  weft_identify m;
  int rc = weft_identify_decode(&m, in, len);
  if (!c->valid) {
    conform_refused(ctx, c, rc != WEFT_OK);
    return;
  }
  bool same = rc == WEFT_OK && text_is(c, "expected.protocol_version", m.protocol_version, m.protocol_version_len) &&
              text_is(c, "expected.agent_version", m.agent_version, m.agent_version_len) &&
              bytes_are(ctx, c, "expected.public_key", m.public_key, m.public_key_len) &&
              bytes_are(ctx, c, "expected.observed_addr", m.observed_addr, m.observed_addr_len) &&
              bytes_are(ctx, c, "expected.signed_peer_record", m.signed_peer_record, m.signed_peer_record_len);
  conform_verdict(ctx, c, same && addrs_are(ctx, c, &m) && protocols_are(c, &m), "fields differ");
}

int conform_relay(conform_ctx *ctx) {
  conform_case c;
  while (conform_next(ctx, &c)) {
    if (strcmp(c.op, "identify") == 0)
      run_identify(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op %s", c.op);
  }
  return 0;
}
