/* The user names of webrtc-direct (libp2p specs webrtc/webrtc-direct.md): the version is in the prefix of the server's half. */
#include <string.h>

#include "base/bytes.h"
#include "webrtc/webrtc_int.h"

enum {
  PREFIX_LEN = sizeof WEFT_WEBRTC_UFRAG_V1 - 1,
  RANDOM_LEN = 32,     /* as go-libp2p, js-libp2p and py-libp2p make them */
  RUST_RANDOM_LEN = 64 /* libp2p-webrtc-utils, sdp.rs */
};

static bool has_prefix(const char *text, size_t len, const char *prefix) {
  return len >= PREFIX_LEN && memcmp(text, prefix, PREFIX_LEN) == 0;
}

/* Both halves are the same text, which is the password too. */
static bool v1_fits(const char *server, size_t server_len, const char *client, size_t client_len) {
  return server_len == client_len && server_len >= WEFT_ICE_PWD_MIN && memcmp(server, client, server_len) == 0;
}

/* What follows the prefix is the client's password. */
static bool v2_fits(const char *server, size_t server_len) {
  return weft_ice_cred_valid(server + PREFIX_LEN, server_len - PREFIX_LEN, WEFT_ICE_PWD_MIN);
}

int weft_webrtc_ufrag_version(const char *server, size_t server_len, const char *client, size_t client_len) {
  if (!weft_ice_cred_valid(server, server_len, WEFT_ICE_UFRAG_MIN) ||
      !weft_ice_cred_valid(client, client_len, WEFT_ICE_UFRAG_MIN))
    return WEFT_EAUTH;
  if (has_prefix(server, server_len, WEFT_WEBRTC_UFRAG_V1))
    return v1_fits(server, server_len, client, client_len) ? 1 : WEFT_EAUTH;
  if (has_prefix(server, server_len, WEFT_WEBRTC_UFRAG_V2)) return v2_fits(server, server_len) ? 2 : WEFT_EAUTH;
  return WEFT_EUNSUPPORTED;
}

bool weft_webrtc_ufrag_of_rust(size_t server_len) { return server_len == PREFIX_LEN + RUST_RANDOM_LEN; }

/* Letters and digits, each as likely as any other: bytes past the last whole round of 62 are drawn again. */
static int random_alnum(const weft_rng *rng, char *out, size_t n) {
  static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  uint8_t b[RANDOM_LEN];
  size_t done = 0;
  for (unsigned round = 0; done < n && round < 64; round++) {
    if (rng->fill(rng->ctx, b, sizeof b) != 0) return WEFT_ERANDOM;
    for (size_t i = 0; i < sizeof b && done < n; i++)
      if (b[i] < 248) out[done++] = chars[b[i] % 62];
  }
  weft_wipe(b, sizeof b);
  return done == n ? WEFT_OK : WEFT_ERANDOM;
}

int weft_webrtc_make_ufrag_v1(const weft_rng *rng, char out[64]) {
  memcpy(out, WEFT_WEBRTC_UFRAG_V1, PREFIX_LEN);
  out[PREFIX_LEN + RANDOM_LEN] = 0;
  return random_alnum(rng, out + PREFIX_LEN, RANDOM_LEN);
}
