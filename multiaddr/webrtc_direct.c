#include <string.h>

#include "multiaddr/multiaddr_int.h"

/* libp2p specs webrtc/webrtc-direct.md "Addressing": /ip4|ip6/udp/webrtc-direct, then certhashes, then p2p. */

typedef struct walk {
  const weft_multiaddr *ma;
  size_t at, component;
  weft_multiaddr_part part;
  bool more; /* part is the component under the cursor */
  weft_multiaddr_error *err;
} walk;

static void step(walk *w) {
  w->component++;
  w->more = weft_multiaddr_next(w->ma, &w->at, &w->part);
}

static bool is_at(const walk *w, uint32_t code) { return w->more && w->part.code == code; }

static int wrong(walk *w, int code, const char *what) {
  const char *name = w->more ? w->part.name : "";
  return weft_multiaddr_fail(w->err, code, w->component, name, strlen(name), what);
}

static int missing(walk *w, const char *name, const char *what) {
  return weft_multiaddr_fail(w->err, WEFT_EMALFORMED, w->component, name, strlen(name), what);
}

static bool is_name(const walk *w) {
  return is_at(w, WEFT_MA_DNS) || is_at(w, WEFT_MA_DNS4) || is_at(w, WEFT_MA_DNS6) || is_at(w, WEFT_MA_DNSADDR);
}

static int read_front(walk *w, weft_webrtc_direct_addr *out) {
  if (is_name(w)) return wrong(w, WEFT_EUNSUPPORTED, "names are not looked up here: give \"/ip4/...\" or \"/ip6/...\"");
  if (is_at(w, WEFT_MA_IP6ZONE)) step(w);
  if (!is_at(w, WEFT_MA_IP4) && !is_at(w, WEFT_MA_IP6))
    return wrong(w, WEFT_EMALFORMED, "a webrtc-direct address begins with \"/ip4/<address>\" or \"/ip6/<address>\"");
  step(w);
  if (!w->more) return missing(w, "udp", "missing: add \"/udp/<port>/webrtc-direct\"");
  if (!is_at(w, WEFT_MA_UDP)) return wrong(w, WEFT_EMALFORMED, "webrtc-direct needs \"/udp/<port>\" here");
  int rc = weft_multiaddr_to_addr(w->ma, &out->addr, NULL);
  if (rc != WEFT_OK) {
    w->component = 1;
    return missing(w, "ip6zone", "give the interface by its number, as in \"/ip6zone/2\"");
  }
  step(w);
  if (!w->more) return missing(w, "webrtc-direct", "missing: add \"/webrtc-direct\"");
  if (!is_at(w, WEFT_MA_WEBRTC_DIRECT)) return wrong(w, WEFT_EMALFORMED, "\"/webrtc-direct\" must follow the port");
  step(w);
  return WEFT_OK;
}

/* Several may stand there (certificates change); the first SHA-256 counts, as it is the only hash WebRTC must know. */
static void read_certhash(const weft_multiaddr_part *part, weft_webrtc_direct_addr *out) {
  weft_multihash mh;
  if (out->certhashes < UINT8_MAX) out->certhashes++;
  if (out->has_certhash || weft_multihash_decode(&mh, part->value, part->len) != WEFT_OK) return;
  if (mh.code != WEFT_MULTIHASH_SHA2_256 || mh.len != 32) return;
  memcpy(out->certhash, mh.digest, 32);
  out->has_certhash = true;
}

static const char *why_not_sha256(const weft_multiaddr_part *part) {
  weft_multihash mh;
  if (weft_multihash_decode(&mh, part->value, part->len) != WEFT_OK) return "not a multihash";
  if (mh.code == WEFT_MULTIHASH_SHA2_512) return "sha2-512 is not supported: give a sha2-256 hash (\"uEi...\")";
  if (mh.code == WEFT_MULTIHASH_SHA2_256) return "a sha2-256 hash has 32 bytes, this one has fewer";
  return "the hash is not sha2-256 (\"uEi...\")";
}

static int read_certhashes(walk *w, weft_webrtc_direct_addr *out) {
  walk first = *w;
  for (; is_at(w, WEFT_MA_CERTHASH); step(w)) read_certhash(&w->part, out);
  if (out->certhashes == 0 || out->has_certhash) return WEFT_OK;
  return wrong(&first, WEFT_EUNSUPPORTED, why_not_sha256(&first.part));
}

static int read_peer(walk *w, weft_webrtc_direct_addr *out) {
  if (!is_at(w, WEFT_MA_P2P)) return WEFT_OK;
  if (weft_peer_id_from_bytes(&out->peer, w->part.value, w->part.len) != WEFT_OK)
    return wrong(w, WEFT_EMALFORMED, "not a peer id");
  out->has_peer = true;
  step(w);
  return WEFT_OK;
}

int weft_multiaddr_webrtc_direct(const weft_multiaddr *ma, weft_webrtc_direct_addr *out, weft_multiaddr_error *err) {
  walk w = {.ma = ma, .err = err};
  memset(out, 0, sizeof *out);
  step(&w);
  int rc = read_front(&w, out);
  if (rc == WEFT_OK) rc = read_certhashes(&w, out);
  if (rc == WEFT_OK) rc = read_peer(&w, out);
  if (rc != WEFT_OK) return rc;
  if (!w.more) return WEFT_OK;
  return wrong(&w, WEFT_EMALFORMED,
               out->has_peer ? "nothing may follow \"/p2p/<peer id>\" here"
                             : "only \"/certhash/...\" and \"/p2p/...\" may follow \"/webrtc-direct\"");
}

static size_t count(const weft_multiaddr *ma) {
  weft_multiaddr_part p;
  size_t n = 0;
  for (size_t at = 0; weft_multiaddr_next(ma, &at, &p);) n++;
  return n;
}

int weft_multiaddr_webrtc_direct_dial(const weft_multiaddr *ma, weft_webrtc_direct_addr *out,
                                      weft_multiaddr_error *err) {
  int rc = weft_multiaddr_webrtc_direct(ma, out, err);
  if (rc != WEFT_OK) return rc;
  walk w = {.ma = ma, .err = err, .component = count(ma) + (out->has_peer ? 0u : 1u)};
  if (!out->has_certhash)
    return missing(&w, "certhash",
                   "missing: add \"/certhash/<hash>\" after \"/webrtc-direct\", as the listener prints it");
  if (!out->has_peer)
    return missing(&w, "p2p", "missing: add \"/p2p/<peer id>\" at the end, as the listener prints it");
  if (out->addr.port != 0) return WEFT_OK;
  w.at = w.component = 0;
  while (!is_at(&w, WEFT_MA_UDP)) step(&w);
  return missing(&w, "udp", "port 0 cannot be dialled: give the port that the listener prints");
}
