/* webrtc-direct, the dialing side (libp2p specs webrtc/webrtc-direct.md). */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "webrtc/webrtc_int.h"

#define DIAL_LIMIT WEFT_SEC(30) /* webrtc.h: setup_limit */

static int check(const weft_webrtc_config *cfg) {
  bool version = cfg->direct_version == 1 || cfg->direct_version == 2;
  bool remote = cfg->remote.family != WEFT_AF_NONE && cfg->remote.port != 0;
  return version && remote && cfg->certhash && cfg->identity ? WEFT_OK : WEFT_EINVAL;
}

/* v1: all four credentials are one text. v2: ours are our own, and the server's is made of our password. */
static int set_server_credentials(weft_webrtc *c, const char *v1) {
  char text[sizeof WEFT_WEBRTC_UFRAG_V2 + WEFT_ICE_CRED_MAX];
  snprintf(text, sizeof text, "%s%s", v1 ? v1 : WEFT_WEBRTC_UFRAG_V2, v1 ? "" : weft_ice_local_pwd(c->ice));
  int rc = weft_ice_set_remote(c->ice, text, text);
  weft_wipe(text, sizeof text);
  return rc;
}

int weft_webrtc_dial(weft_webrtc **out, const weft_webrtc_config *cfg, const weft_webrtc_callbacks *cb, void *user) {
  weft_webrtc_config full;
  char ufrag[64];
  *out = NULL;
  int rc = weft_webrtc_check_config(cfg, &full);
  if (rc == WEFT_OK) rc = check(&full);
  if (rc == WEFT_OK) rc = weft_webrtc_make_ufrag_v1(&full.rng, ufrag);
  if (rc != WEFT_OK) return rc;
  bool v1 = full.direct_version == 1;
  uint8_t pin[1][WEFT_DTLS_FINGERPRINT_LEN];
  memcpy(pin[0], full.certhash, sizeof pin[0]);
  weft_webrtc_setup setup = {.dtls_client = true,
                             .controlling = true,
                             .allow_loopback = true,
                             .secured = true,
                             .version = full.direct_version,
                             .ufrag = v1 ? ufrag : NULL,
                             .pwd = v1 ? ufrag : NULL,
                             .pins = (const uint8_t(*)[WEFT_DTLS_FINGERPRINT_LEN])pin,
                             .pins_len = 1,
                             .setup_limit = full.setup_limit ? full.setup_limit : DIAL_LIMIT};
  rc = weft_webrtc_new(out, &full, &setup, cb, user);
  if (rc != WEFT_OK) return rc;
  rc = set_server_credentials(*out, v1 ? ufrag : NULL);
  if (rc == WEFT_OK) return WEFT_OK;
  weft_webrtc_free(*out);
  *out = NULL;
  return rc;
}

static int begin(weft_webrtc *c) {
  weft_ice_candidate server = {.type = WEFT_ICE_HOST, .component = 1, .addr = c->cfg.remote, .foundation = "1"};
  server.priority = weft_ice_priority(WEFT_ICE_HOST, 65535, 1);
  weft_webrtc_begin(c);
  int rc = weft_ice_add_remote(c->ice, &server, c->now);
  if (rc == WEFT_OK) rc = weft_ice_end_of_candidates(c->ice, c->now);
  return rc == WEFT_OK ? weft_ice_start(c->ice, c->now) : rc;
}

int weft_webrtc_start(weft_webrtc *c, const weft_addr *local, weft_time now) {
  if (c->ending || c->listener) return WEFT_ESTATE;
  weft_webrtc_enter(c, now);
  int rc = weft_ice_add_local(c->ice, local, c->now);
  if (rc == WEFT_OK && c->stage == WEFT_WEBRTC_NEW) rc = begin(c);
  weft_webrtc_leave(c);
  return rc;
}
