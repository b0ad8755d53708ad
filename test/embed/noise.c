/* Two Noise sessions joined in memory: each side learns who the other is, then one line goes each way. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <weft/noise/noise.h>

struct side {
  weft_noise *noise;
  struct side *peer;
  unsigned char wire[2048]; /* on the way to the peer */
  size_t len;
  char heard[64];
  int secured;
};

static int fill(void *ctx, uint8_t *dst, size_t n) {
  (void)ctx;
  randombytes_buf(dst, n); /* the program's business, not the library's */
  return 0;
}

static ptrdiff_t output(void *user, const uint8_t *data, size_t len, weft_time now) {
  struct side *s = (struct side *)user;
  (void)now;
  if (len > sizeof s->wire - s->len) len = sizeof s->wire - s->len;
  memcpy(s->wire + s->len, data, len);
  s->len += len;
  return (ptrdiff_t)len;
}

static void event(void *user, const weft_noise_event *ev, weft_time now) {
  struct side *s = (struct side *)user;
  if (ev->type == WEFT_NOISE_EVENT_SECURED) {
    s->secured = 1;
    weft_noise_send(s->noise, (const uint8_t *)"hello", 5, now);
  }
  if (ev->type == WEFT_NOISE_EVENT_DATA) strncat(s->heard, (const char *)ev->data, ev->len);
  if (ev->type == WEFT_NOISE_EVENT_CLOSED) printf("noise: %s: %s\n", ev->closed.step, ev->closed.text);
}

static int start(struct side *s, struct side *peer, int initiator, const weft_identity *id) {
  weft_noise_config cfg;
  weft_noise_callbacks cb = {sizeof cb, output, event};
  weft_noise_config_default(&cfg);
  cfg.rng.fill = fill;
  cfg.initiator = initiator != 0;
  cfg.identity = id;
  memset(s, 0, sizeof *s);
  s->peer = peer;
  return weft_noise_new(&s->noise, &cfg, &cb, s) || weft_noise_start(s->noise, 0);
}

static int pass(struct side *s) {
  unsigned char copy[sizeof s->wire];
  size_t len = s->len;
  memcpy(copy, s->wire, len);
  s->len = 0;
  if (len > 0) weft_noise_input(s->peer->noise, copy, len, 0);
  return len > 0;
}

int main(void) {
  static struct side a, b;
  weft_identity ids[2];
  weft_rng rng = {fill, NULL};
  if (sodium_init() < 0 || weft_identity_generate(&ids[0], &rng) || weft_identity_generate(&ids[1], &rng)) return 1;
  if (start(&b, &a, 0, &ids[1]) || start(&a, &b, 1, &ids[0])) return 1;
  while (pass(&a) + pass(&b) > 0) continue;
  int ok = a.secured && b.secured && strcmp(a.heard, "hello") == 0 && strcmp(b.heard, "hello") == 0;
  weft_noise_free(a.noise);
  weft_noise_free(b.noise);
  weft_identity_wipe(&ids[0]);
  weft_identity_wipe(&ids[1]);
  printf("noise: both sides %s\n", ok ? "know each other and said hello" : "failed");
  return ok ? 0 : 1;
}
