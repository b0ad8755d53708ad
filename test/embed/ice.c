/* ICE alone: two agents find each other over a queue in memory; a program has UDP sockets in its place. */
#include <stdio.h>
#include <string.h>
#include <weft/ice/ice.h>

typedef struct side {
  weft_ice *ice;
  struct side *peer;
  weft_addr addr;
  weft_ice_candidate candidate; /* what signaling would carry, as weft_ice_candidate_format writes it */
  int completed, got;
  uint8_t seed;
} side;

static struct {
  side *to;
  size_t len;
  uint8_t data[1500];
} queue[64];
static unsigned head, tail;

static int fill(void *ctx, uint8_t *dst, size_t n) { /* a program hands in getrandom() */
  side *s = (side *)ctx;
  for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)(s->seed = (uint8_t)(s->seed * 5 + 3));
  return 0;
}

static int output(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                  weft_time now) {
  (void)local;
  (void)remote;
  (void)now;
  if (tail - head == 64 || len > sizeof queue[0].data) return WEFT_EAGAIN;
  queue[tail % 64].to = ((side *)user)->peer;
  queue[tail % 64].len = len;
  memcpy(queue[tail++ % 64].data, data, len);
  return WEFT_OK;
}

static void event(void *user, const weft_ice_event *ev, weft_time now) {
  side *s = (side *)user;
  if (ev->type == WEFT_ICE_EVENT_CANDIDATE) s->candidate = *ev->candidate;
  if (ev->type == WEFT_ICE_EVENT_STATE && ev->state == WEFT_ICE_COMPLETED) s->completed = 1;
  if (ev->type == WEFT_ICE_EVENT_SELECTED) (void)weft_ice_send(s->ice, (const uint8_t *)"hello", 5, now);
  if (ev->type == WEFT_ICE_EVENT_DATA && ev->len == 5) s->got = 1;
}

static int open_side(side *s, side *peer, const char *addr, weft_ice_role role, uint8_t seed) {
  weft_ice_config cfg;
  weft_ice_callbacks cb = {sizeof(weft_ice_callbacks), output, event};
  s->peer = peer;
  s->seed = seed;
  if (weft_addr_parse(&s->addr, addr) != WEFT_OK) return -1;
  weft_ice_config_default(&cfg);
  cfg.rng.fill = fill;
  cfg.rng.ctx = s;
  cfg.role = role;
  if (weft_ice_new(&s->ice, &cfg, &cb, s) != WEFT_OK) return -1;
  return weft_ice_add_local(s->ice, &s->addr, 0);
}

static int introduce(side *s) {
  if (weft_ice_set_remote(s->ice, weft_ice_local_ufrag(s->peer->ice), weft_ice_local_pwd(s->peer->ice)) != WEFT_OK)
    return -1;
  if (weft_ice_add_remote(s->ice, &s->peer->candidate, 0) != WEFT_OK) return -1;
  return weft_ice_start(s->ice, 0);
}

int main(void) {
  static side a, b;
  if (open_side(&a, &b, "192.0.2.1:1000", WEFT_ICE_CONTROLLING, 1) != WEFT_OK) return 1;
  if (open_side(&b, &a, "192.0.2.2:2000", WEFT_ICE_CONTROLLED, 2) != WEFT_OK) return 1;
  if (introduce(&a) != WEFT_OK || introduce(&b) != WEFT_OK) return 1;
  for (weft_time now = 0; now < WEFT_SEC(1); now += WEFT_MS(10)) { /* a program sleeps until the deadline instead */
    for (; head != tail; head++) {
      side *to = queue[head % 64].to;
      (void)weft_ice_input(to->ice, &to->addr, &to->peer->addr, queue[head % 64].data, queue[head % 64].len, now);
    }
    if (weft_ice_deadline(a.ice) <= now) (void)weft_ice_tick(a.ice, now);
    if (weft_ice_deadline(b.ice) <= now) (void)weft_ice_tick(b.ice, now);
  }
  int ok = a.completed && b.completed && a.got && b.got;
  printf("ice: %s, data %s\n", a.completed && b.completed ? "both agents agree on a path" : "no path",
         a.got && b.got ? "went both ways" : "was lost");
  weft_ice_free(a.ice);
  weft_ice_free(b.ice);
  return ok ? 0 : 1;
}
