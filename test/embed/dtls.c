/* What the dtls layer gives an embedder: two sessions that know each other by the hash of their certificates, over a
 * path that is an array here and would be a socket elsewhere. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <weft/dtls/dtls.h>

typedef struct side {
  weft_dtls *d;
  struct side *other;
  unsigned char wire[8][1500]; /* on its way to this side */
  size_t len[8], head, tail;
  char text[64];
} side;

static int fill(void *ctx, uint8_t *dst, size_t n) {
  (void)ctx;
  return getrandom(dst, n, 0) == (ssize_t)n ? 0 : -1;
}

static int output(void *user, const uint8_t *data, size_t len, weft_time now) {
  side *to = ((side *)user)->other;
  (void)now;
  if (to->tail - to->head == 8 || len > sizeof to->wire[0]) return WEFT_EAGAIN;
  memcpy(to->wire[to->tail % 8], data, len);
  to->len[to->tail++ % 8] = len;
  return WEFT_OK;
}

static void event(void *user, const weft_dtls_event *ev, weft_time now) {
  side *s = (side *)user;
  if (ev->type == WEFT_DTLS_EVENT_CONNECTED) weft_dtls_send(s->d, (const uint8_t *)ev->cipher, strlen(ev->cipher), now);
  if (ev->type == WEFT_DTLS_EVENT_DATA && ev->len < sizeof s->text) memcpy(s->text, ev->data, ev->len);
}

static int start(side *s, weft_dtls_role role, const weft_dtls_cert *own, const weft_dtls_cert *peer) {
  weft_dtls_config cfg;
  weft_dtls_callbacks cb;
  weft_dtls_config_default(&cfg);
  cfg.rng.fill = fill;
  cfg.role = role;
  cfg.cert = own;
  cfg.pin = weft_dtls_cert_fingerprint(peer);
  cb.size = sizeof cb;
  cb.output = output;
  cb.event = event;
  return weft_dtls_new(&s->d, &cfg, &cb, s) == WEFT_OK && weft_dtls_start(s->d, 0) == WEFT_OK;
}

int main(void) {
  static side a, b;
  const uint8_t seed_a[32] = {1}, seed_b[32] = {2};
  weft_dtls_cert *cert_a, *cert_b;
  a.other = &b;
  b.other = &a;
  if (weft_dtls_cert_new(&cert_a, seed_a, NULL) != WEFT_OK || weft_dtls_cert_new(&cert_b, seed_b, NULL) != WEFT_OK)
    return 1;
  if (!start(&b, WEFT_DTLS_SERVER, cert_b, cert_a) || !start(&a, WEFT_DTLS_CLIENT, cert_a, cert_b)) return 1;
  for (int i = 0; i < 20; i++) {
    side *s = i % 2 ? &a : &b;
    for (; s->head < s->tail; s->head++) weft_dtls_input(s->d, s->wire[s->head % 8], s->len[s->head % 8], 0);
  }
  printf("dtls: connected with %s, %u bytes of a datagram are ours\n", a.text, (unsigned)weft_dtls_max_data(a.d));
  int ok = a.text[0] && strcmp(a.text, b.text) == 0;
  weft_dtls_free(a.d);
  weft_dtls_free(b.d);
  weft_dtls_cert_free(cert_a);
  weft_dtls_cert_free(cert_b);
  return ok ? 0 : 1;
}
