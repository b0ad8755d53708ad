#include <string.h>

#include "multiaddr/multiaddr.h"
#include "noise/identity.h"
#include "test/conformance/conform.h"

static bool text_forms_are(conform_ctx *ctx, const conform_case *c, const weft_peer_id *id) {
  char text[WEFT_PEER_ID_TEXT_MAX], cid[WEFT_PEER_ID_TEXT_MAX];
  return weft_peer_id_format(id, text, sizeof text) == WEFT_OK && conform_text_is(c, "expected.text", text) &&
         weft_peer_id_format_cid(id, cid, sizeof cid) == WEFT_OK && conform_text_is(c, "expected.cid", cid) &&
         conform_hex_is(ctx, c, "expected.multihash", id->bytes, id->len);
}

static void run_from_text(conform_ctx *ctx, const conform_case *c) {
  const char *text = conform_text(c, "input.text");
  weft_peer_id id;
  int rc = weft_peer_id_parse(&id, text, strlen(text));
  if (!c->valid)
    conform_refused(ctx, c, rc != WEFT_OK);
  else
    conform_verdict(ctx, c, rc == WEFT_OK && text_forms_are(ctx, c, &id), "forms differ");
}

static const char *type_name(int type) {
  static const char *const names[] = {"RSA", "Ed25519", "secp256k1", "ECDSA"};
  return type >= 0 && type < 4 ? names[type] : "?";
}

static void run_public_key(conform_ctx *ctx, const conform_case *c) {
  size_t len, id_len = 0;
  const uint8_t *pb = conform_bytes(ctx, c, "input.protobuf", &len);
  uint8_t bytes[WEFT_PEER_ID_MAX];
  weft_public_key key;
  weft_peer_id id;
  int rc = weft_public_key_decode(&key, pb, len);
  if (!c->valid) {
    conform_refused(ctx, c, rc != WEFT_OK);
    return;
  }
  bool ok = rc == WEFT_OK && conform_text_is(c, "expected.key_type", type_name(key.type)) &&
            conform_hex_is(ctx, c, "expected.raw", key.data, key.len);
  ok = ok && weft_identity_peer_id(pb, len, bytes, &id_len) == WEFT_OK;
  ok = ok && weft_peer_id_from_bytes(&id, bytes, id_len) == WEFT_OK && text_forms_are(ctx, c, &id);
  conform_verdict(ctx, c, ok, "type, data or peer id differs");
}

static void run_private_key(conform_ctx *ctx, const conform_case *c) {
  size_t len;
  const uint8_t *pb = conform_bytes(ctx, c, "input.protobuf", &len);
  char text[WEFT_PEER_ID_TEXT_MAX] = "";
  weft_identity identity;
  weft_peer_id id;
  int rc = weft_identity_from_private_key(&identity, pb, len);
  if (rc == WEFT_EUNSUPPORTED && c->valid) {
    conform_unsupported(ctx, c, "private keys other than Ed25519");
    return;
  }
  if (!c->valid) {
    conform_refused(ctx, c, rc != WEFT_OK);
    return;
  }
  bool ok = rc == WEFT_OK && weft_peer_id_from_bytes(&id, identity.peer_id, sizeof identity.peer_id) == WEFT_OK &&
            weft_peer_id_format(&id, text, sizeof text) == WEFT_OK && conform_text_is(c, "expected.text", text);
  ok = ok && conform_hex_is(ctx, c, "expected.public_key", identity.key_protobuf, sizeof identity.key_protobuf);
  conform_verdict(ctx, c, ok, "public key or peer id differs");
}

static void run_sign_verify(conform_ctx *ctx, const conform_case *c) {
  size_t key_len, msg_len, sig_len;
  const uint8_t *key = conform_bytes(ctx, c, "input.public_key", &key_len);
  const uint8_t *msg = conform_bytes(ctx, c, "input.message", &msg_len);
  const uint8_t *sig = conform_bytes(ctx, c, "input.signature", &sig_len);
  int rc = weft_identity_verify(key, key_len, msg, msg_len, sig, sig_len);
  bool want = json_bool(json_find(c->node, "expected.ok"), false);
  if (rc == WEFT_EUNSUPPORTED)
    conform_unsupported(ctx, c, "key type");
  else
    conform_verdict(ctx, c, (rc == WEFT_OK) == want, "verdict differs");
}

int conform_peerid(conform_ctx *ctx) {
  conform_case c;
  while (conform_next(ctx, &c)) {
    if (strcmp(c.op, "from_text") == 0)
      run_from_text(ctx, &c);
    else if (strcmp(c.op, "public_key") == 0)
      run_public_key(ctx, &c);
    else if (strcmp(c.op, "private_key") == 0)
      run_private_key(ctx, &c);
    else if (strcmp(c.op, "sign_verify") == 0)
      run_sign_verify(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op %s", c.op);
  }
  return 0;
}
