/* weft conform --live MULTIADDR, --live-listen MULTIADDR: what a running webrtc-direct peer does. */
#include <stdio.h>
#include <string.h>

#include "apps/clock.h"
#include "apps/live.h"
#include "apps/text.h"
#include "apps/weft.h"

static const char *const results[] = {"pass", "FAIL", "not testable"};

static void print_text(const char *key, const char *text) {
  printf(",\"%s\":", key);
  app_print_json_string(stdout, text, strlen(text));
}

static void print_json(const live *l, const live_check *c) {
  fputs("{\"check\":", stdout);
  app_print_json_string(stdout, c->of.name, strlen(c->of.name));
  print_text("clause", c->of.clause);
  print_text("result", c->result == LIVE_FAIL ? "fail" : results[c->result]);
  print_text("seen", c->seen);
  print_text("agent", l->agent);
  printf("}\n");
}

static int report(const live *l, bool json) {
  unsigned count[3] = {0, 0, 0};
  if (!json) printf("%-48s %-13s %s\n", "behaviour", "result", "seen; clause");
  for (size_t i = 0; i < l->checks_len; i++) {
    const live_check *c = &l->checks[i];
    count[c->result]++;
    if (json)
      print_json(l, c);
    else
      printf("%-48s %-13s %s; %s\n", c->of.name, results[c->result], c->seen, c->of.clause);
  }
  if (!json) printf("peer %s, %s\n", l->peer_id, l->agent[0] ? l->agent : "which did not identify itself");
  fprintf(json ? stderr : stdout, "%zu behaviours: %u passed, %u failed, %u not testable\n", l->checks_len, count[0],
          count[1], count[2]);
  return count[1] > 0 || count[0] == 0 ? APP_EXIT_INTERNAL : APP_EXIT_OK;
}

static void connected(live *l) {
  static const live_behaviour connection = {"a connection", "libp2p specs, webrtc-direct"};
  bool up = live_wait(l, live_is_ready, l->listener ? WEFT_SEC(120) : WEFT_SEC(30)) && l->ready;
  if (up) {
    live_connected_checks(l);
    live_destructive_checks(l);
  } else {
    live_note(l, &connection, LIVE_FAIL, "%s", l->why[0] ? l->why : "nobody came, or no answer");
  }
}

static int bad_address(const char *text, const weft_multiaddr_error *err) {
  fprintf(stderr, "weft conform: %s: %s\n", text, err->text);
  return APP_EXIT_USAGE;
}

static int dial(live *l, const char *text) {
  weft_multiaddr ma;
  weft_multiaddr_error err;
  if (weft_multiaddr_parse(&ma, text, &err) != WEFT_OK ||
      weft_multiaddr_webrtc_direct_dial(&ma, &l->target, &err) != WEFT_OK)
    return bad_address(text, &err);
  live_dialer_checks(l);
  if (l->over) return APP_EXIT_OK;
  if (live_dial(l) != WEFT_OK) {
    fprintf(stderr, "weft conform: %s: cannot be dialled from here\n", text);
    return APP_EXIT_INTERNAL;
  }
  connected(l);
  return APP_EXIT_OK;
}

static int listen_on(live *l, const char *text) {
  char shown[WEFT_MULTIADDR_TEXT_MAX];
  weft_multiaddr ma;
  weft_multiaddr_error err;
  weft_webrtc_direct_addr at;
  weft_peer_id id;
  if (weft_multiaddr_parse(&ma, text, &err) != WEFT_OK || weft_multiaddr_webrtc_direct(&ma, &at, &err) != WEFT_OK)
    return bad_address(text, &err);
  if (live_listen(l, &at.addr) != WEFT_OK) return APP_EXIT_INTERNAL;
  ma.len = 0;
  weft_peer_id_from_bytes(&id, l->node.identity.peer_id, sizeof l->node.identity.peer_id);
  weft_multiaddr_append_addr(&ma, &l->node.sockets[0].udp.bound, WEFT_MA_UDP);
  weft_multiaddr_append(&ma, WEFT_MA_WEBRTC_DIRECT, NULL, 0);
  weft_multiaddr_append_certhash(&ma, weft_dtls_cert_fingerprint(l->node.cert));
  weft_multiaddr_append_peer(&ma, &id);
  if (weft_multiaddr_format(&ma, shown, sizeof shown) == WEFT_OK)
    fprintf(stderr, "Waiting for a dialer at %s\n", shown);
  connected(l);
  return APP_EXIT_OK;
}

static int run(live *l, const char *to, const char *at, bool json) {
  app_node_options o = {.quiet = true};
  int code = app_node_init(&l->node, &o, NULL, l);
  if (code == APP_EXIT_OK) code = to ? dial(l, to) : listen_on(l, at);
  if (code == APP_EXIT_OK) code = report(l, json);
  if (l->listener)
    weft_webrtc_listener_free(l->listener);
  else
    weft_webrtc_free(l->conn);
  app_node_end(&l->node);
  return code;
}

int weft_live(const char *to, const char *at, unsigned version, unsigned close_wait, bool json) {
  static live l;
  l.version = (uint8_t)version;
  l.close_wait = close_wait;
  return run(&l, to, at, json);
}
