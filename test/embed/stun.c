/* STUN alone: ask a binding server who we are. Here the "network" is a function call and the server is the other half of the
 * same archive; a program has a socket in their place. */
#include <stdio.h>
#include <string.h>
#include <weft/stun/stun.h>

static weft_stun_client *client;
static int answered;

static int fill(void *ctx, uint8_t *dst, size_t n) { /* a program hands in getrandom() */
  (void)ctx;
  memset(dst, 7, n);
  return 0;
}

static int output(void *user, const uint8_t *data, size_t len, weft_time now) {
  weft_addr us;
  uint8_t reply[44];
  size_t n;
  (void)user;
  (void)now;
  if (weft_addr_parse(&us, "203.0.113.7:4001") != WEFT_OK) return WEFT_EAGAIN;
  if (weft_stun_binding_answer(data, len, &us, reply, sizeof reply, &n) != WEFT_OK) return WEFT_EAGAIN;
  memcpy(user, reply, n); /* arrives later */
  return WEFT_OK;
}

static void event(void *user, const weft_stun_client_event *ev, weft_time now) {
  char text[WEFT_ADDR_TEXT_MAX];
  (void)user;
  (void)now;
  if (ev->type != WEFT_STUN_CLIENT_MAPPED) return;
  printf("stun: the server sees us as %s, round trip %u ms\n", weft_addr_format(&ev->mapped, text, sizeof text),
         (unsigned)(ev->rtt / 1000));
  answered = strcmp(text, "203.0.113.7:4001") == 0;
}

int main(void) {
  uint8_t in_flight[44];
  weft_stun_client_config cfg;
  weft_stun_client_callbacks cb = {sizeof(weft_stun_client_callbacks), output, event};
  weft_stun_client_config_default(&cfg);
  cfg.rng.fill = fill;
  if (weft_stun_client_new(&client, &cfg, &cb, in_flight) != WEFT_OK) return 1;
  if (weft_stun_client_start(client, 0) != WEFT_OK) return 1;
  if (weft_stun_client_deadline(client) != WEFT_STUN_RTO_DEFAULT) return 1; /* sleep at most until then */
  if (weft_stun_client_input(client, in_flight, 32, WEFT_MS(30)) != WEFT_OK) return 1;
  weft_stun_client_free(client);
  return answered ? 0 : 1;
}
