#include <string.h>

#include "multiaddr/multiaddr.h"
#include "test/conformance/conform.h"

static const char *const known[] = {
    "ip4",         "ip6",    "ip6zone",       "tcp",      "udp",     "dns", "dns4", "dns6", "dnsaddr", "p2p",
    "p2p-circuit", "webrtc", "webrtc-direct", "certhash", "quic-v1", "ws",  "wss",  "tls",  "http"};

static bool is_known(const char *name) {
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(known[i], name) == 0) return true;
  return false;
}

/* The first protocol of a valid case that this library does not have, or NULL. */
static const char *foreign_protocol(const conform_case *c) {
  for (const json *p = json_first(json_find(c->node, "expected.protocols")); p; p = p->next)
    if (!is_known(json_text(p))) return json_text(p);
  return NULL;
}

static bool same_protocols(const conform_case *c, const weft_multiaddr *ma) {
  const json *p = json_first(json_find(c->node, "expected.protocols"));
  weft_multiaddr_part part;
  for (size_t at = 0; weft_multiaddr_next(ma, &at, &part); p = p->next)
    if (!p || strcmp(json_text(p), part.name) != 0) return false;
  return p == NULL;
}

/* An invalid case is about the value of a protocol that this library refuses already by name. */
static bool names_foreign_protocol(const conform_case *c, int rc) {
  const char *reason = conform_text(c, "reason");
  return rc == WEFT_EUNSUPPORTED && reason && strncmp(reason, "unknown protocol", 16) != 0;
}

static void verdict(conform_ctx *ctx, const conform_case *c, const weft_multiaddr *ma, int rc, const char *protocol) {
  char text[WEFT_MULTIADDR_TEXT_MAX];
  const char *foreign = foreign_protocol(c);
  if (foreign) {
    conform_unsupported(ctx, c, "protocol %s", foreign);
  } else if (!c->valid && names_foreign_protocol(c, rc)) {
    conform_unsupported(ctx, c, "protocol %s", protocol);
  } else if (!c->valid) {
    conform_refused(ctx, c, rc != WEFT_OK);
  } else if (rc != WEFT_OK) {
    conform_fail(ctx, c, "refused");
  } else {
    bool same = weft_multiaddr_format(ma, text, sizeof text) == WEFT_OK && conform_text_is(c, "expected.text", text);
    conform_verdict(ctx, c, same && same_protocols(c, ma), "text or protocols differ");
  }
}

static void run_from_string(conform_ctx *ctx, const conform_case *c) {
  weft_multiaddr ma;
  weft_multiaddr_error err = {0};
  int rc = weft_multiaddr_parse(&ma, conform_text(c, "input.text"), &err);
  if (rc == WEFT_OK && c->valid && !conform_hex_is(ctx, c, "expected.hex", ma.bytes, ma.len)) {
    conform_fail(ctx, c, "bytes differ");
    return;
  }
  verdict(ctx, c, &ma, rc, err.protocol);
}

static void run_from_bytes(conform_ctx *ctx, const conform_case *c) {
  size_t len;
  const uint8_t *in = conform_bytes(ctx, c, "input.hex", &len);
  weft_multiaddr ma;
  weft_multiaddr_error err = {0};
  int rc = weft_multiaddr_from_bytes(&ma, in, len, &err);
  verdict(ctx, c, &ma, rc, "code");
}

int conform_multiaddr(conform_ctx *ctx) {
  conform_case c;
  while (conform_next(ctx, &c)) {
    if (strcmp(c.op, "from_string") == 0)
      run_from_string(ctx, &c);
    else if (strcmp(c.op, "from_bytes") == 0)
      run_from_bytes(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op %s", c.op);
  }
  return 0;
}
