#include "apps/stun_service.h"

#include <string.h>

#include <weft/stun/stun.h>

int app_stun_service_init(app_stun_service *s, const weft_rng *rng) {
  memset(s, 0, sizeof *s);
  return rng->fill(rng->ctx, (uint8_t *)&s->key, sizeof s->key);
}

/* The source is the address without the port, and of IPv6 the /64: neither costs a sender anything. Keyed, so that nobody can choose whom to share a place with. */
static size_t place_of(const app_stun_service *s, const weft_addr *from) {
  uint64_t h = s->key;
  size_t n = from->family == WEFT_AF_IP6 ? 8 : 4;
  for (size_t i = 0; i < n; i++) {
    h ^= from->ip[i];
    h *= UINT64_C(0x9E3779B97F4A7C15);
    h ^= h >> 29;
  }
  return (size_t)(h % APP_STUN_PLACES);
}

static bool may_answer(app_stun_service *s, const weft_addr *from, weft_time now) {
  uint32_t second = (uint32_t)(now / WEFT_SEC(1)) + 1;
  size_t i = place_of(s, from);
  if (s->places[i].second != second) {
    s->places[i].second = second;
    s->places[i].answers = 0;
  }
  if (s->places[i].answers == APP_STUN_PER_SECOND) return false;
  s->places[i].answers++;
  return true;
}

/* Whoever names a user, or signs, speaks to somebody behind this port. */
static bool is_plain_request(const uint8_t *data, size_t len, weft_stun_msg *m) {
  weft_stun_attr a;
  if (!weft_stun_is(data, len) || weft_stun_parse(m, data, len) != WEFT_OK) return false;
  return m->cls == WEFT_STUN_REQUEST && m->method == WEFT_STUN_BINDING &&
         weft_stun_find(m, WEFT_STUN_USERNAME, &a) != WEFT_OK;
}

bool app_stun_service_input(app_stun_service *s, const weft_addr *from, const uint8_t *data, size_t len,
                            uint8_t out[APP_STUN_ANSWER_MAX], size_t *out_len, weft_time now) {
  weft_stun_msg m, answer;
  *out_len = 0;
  if (!is_plain_request(data, len, &m)) return false;
  int rc = weft_stun_binding_answer(data, len, from, out, APP_STUN_ANSWER_MAX, out_len);
  /* An error helps nobody who asks for his address, and could be longer than what was asked. */
  bool good = rc == WEFT_OK && weft_stun_parse(&answer, out, *out_len) == WEFT_OK && answer.cls == WEFT_STUN_SUCCESS;
  if (good && may_answer(s, from, now)) {
    s->answered++;
  } else {
    s->silent++;
    *out_len = 0;
  }
  return true;
}
