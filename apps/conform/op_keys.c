/* peer_id.*, public_key.* */
#include <string.h>

#include "apps/conform/op.h"
#include "multiaddr/multiaddr.h"
#include "noise/identity.h"

static conform_status put_forms(conform_call *c, const weft_peer_id *id) {
  char text[WEFT_PEER_ID_TEXT_MAX], cid[WEFT_PEER_ID_TEXT_MAX];
  int rc = weft_peer_id_format(id, text, sizeof text);
  if (rc == WEFT_OK) rc = weft_peer_id_format_cid(id, cid, sizeof cid);
  if (rc != WEFT_OK) return conform_code(rc);
  json_put_hex(c->out, "multihash", id->bytes, id->len);
  json_put_string(c->out, "text", text);
  json_put_string(c->out, "cid", cid);
  return CONFORM_OK;
}

static conform_status peer_id_parse(conform_call *c) {
  const json *text = conform_string(c, "text");
  weft_peer_id id;
  if (!text) return CONFORM_BAD;
  int rc = weft_peer_id_parse(&id, text->text, text->len);
  return rc == WEFT_OK ? put_forms(c, &id) : conform_code(rc);
}

static conform_status peer_id_decode(conform_call *c) {
  size_t len;
  const uint8_t *in = conform_bytes(c, "multihash", &len);
  weft_peer_id id;
  if (!in) return CONFORM_BAD;
  int rc = weft_peer_id_from_bytes(&id, in, len);
  return rc == WEFT_OK ? put_forms(c, &id) : conform_code(rc);
}

static conform_status key_decode(conform_call *c) {
  static const char *const names[] = {"RSA", "Ed25519", "secp256k1", "ECDSA"};
  size_t len, id_len = 0;
  uint8_t bytes[WEFT_PEER_ID_MAX];
  const uint8_t *pb = conform_bytes(c, "protobuf", &len);
  weft_public_key key;
  weft_peer_id id;
  if (!pb) return CONFORM_BAD;
  int rc = weft_public_key_decode(&key, pb, len);
  if (rc == WEFT_OK) rc = weft_identity_peer_id(pb, len, bytes, &id_len);
  if (rc == WEFT_OK) rc = weft_peer_id_from_bytes(&id, bytes, id_len);
  if (rc == WEFT_EUNSUPPORTED) return CONFORM_MALFORMED; /* all that peer-ids.md names are spoken */
  if (rc != WEFT_OK) return conform_code(rc);
  json_put_string(c->out, "key_type", names[key.type]);
  json_put_hex(c->out, "raw", key.data, key.len);
  return put_forms(c, &id);
}

static conform_status key_private(conform_call *c) {
  size_t len;
  const uint8_t *pb = conform_bytes(c, "protobuf", &len);
  char text[WEFT_PEER_ID_TEXT_MAX];
  weft_identity identity;
  weft_peer_id id;
  if (!pb) return CONFORM_BAD;
  int rc = weft_identity_from_private_key(&identity, pb, len);
  if (rc == WEFT_OK) rc = weft_peer_id_from_bytes(&id, identity.peer_id, sizeof identity.peer_id);
  if (rc == WEFT_OK) rc = weft_peer_id_format(&id, text, sizeof text);
  if (rc != WEFT_OK) return conform_code(rc);
  json_put_hex(c->out, "public_key", identity.key_protobuf, sizeof identity.key_protobuf);
  json_put_string(c->out, "text", text);
  return CONFORM_OK;
}

static conform_status key_verify(conform_call *c) {
  size_t key_len, msg_len, sig_len;
  const uint8_t *key = conform_bytes(c, "public_key", &key_len);
  const uint8_t *msg = conform_bytes(c, "message", &msg_len);
  const uint8_t *sig = conform_bytes(c, "signature", &sig_len);
  if (!key || !msg || !sig) return CONFORM_BAD;
  return conform_code(weft_identity_verify(key, key_len, msg, msg_len, sig, sig_len));
}

const conform_entry conform_keys[] = {{"peer_id.parse", peer_id_parse},  {"peer_id.decode", peer_id_decode},
                                      {"public_key.decode", key_decode}, {"public_key.from_private", key_private},
                                      {"public_key.verify", key_verify}, {NULL, NULL}};
