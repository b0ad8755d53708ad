#include <string.h>

#include "stun/stun.h"
#include "test/support/alloc.h"
#include "test/support/hex.h"
#include "test/support/rng.h"
#include "test/support/unit.h"

typedef struct fixture {
  weft_stun_client *c;
  test_rng rng;
  uint8_t sent[64];
  size_t sent_len, sent_n, mapped_n, closed_n;
  weft_addr mapped;
  weft_time rtt;
  weft_closed closed;
  bool free_on_mapped;
} fixture;

static int output(void *user, const uint8_t *data, size_t len, weft_time now) {
  fixture *f = user;
  (void)now;
  ck_assert_uint_le(len, sizeof f->sent);
  memcpy(f->sent, data, len);
  f->sent_len = len;
  f->sent_n++;
  return f->sent_n == 1 ? WEFT_EAGAIN : WEFT_OK; /* the first one is not sent: the schedule goes on */
}

static void event(void *user, const weft_stun_client_event *ev, weft_time now) {
  fixture *f = user;
  (void)now;
  if (ev->type == WEFT_STUN_CLIENT_MAPPED) {
    f->mapped_n++;
    f->mapped = ev->mapped;
    f->rtt = ev->rtt;
    if (f->free_on_mapped) weft_stun_client_free(f->c);
  } else {
    f->closed_n++;
    f->closed = ev->closed;
  }
}

static void setup(fixture *f) {
  memset(f, 0, sizeof *f);
  weft_stun_client_config cfg;
  weft_stun_client_callbacks cb = {sizeof cb, output, event};
  weft_stun_client_config_default(&cfg);
  cfg.rng = test_rng_init(&f->rng, 1);
  cfg.alloc = test_alloc();
  ck_assert_int_eq(weft_stun_client_new(&f->c, &cfg, &cb, f), WEFT_OK);
  ck_assert_int_eq(weft_stun_client_start(f->c, 1000), WEFT_OK);
  ck_assert_int_eq(weft_stun_client_start(f->c, 1000), WEFT_ESTATE);
  ck_assert_uint_eq(f->sent_len, 20);
}

static size_t answer(fixture *f, uint8_t *buf, size_t cap, unsigned error) {
  weft_stun_writer w;
  weft_addr a;
  size_t len;
  ck_assert_int_eq(weft_addr_parse(&a, "198.51.100.7:4242"), WEFT_OK);
  weft_stun_begin(&w, buf, cap, error != 0 ? WEFT_STUN_ERROR : WEFT_STUN_SUCCESS, WEFT_STUN_BINDING, f->sent + 8);
  if (error != 0)
    weft_stun_put_error(&w, error, "no");
  else
    weft_stun_put_xor_address(&w, WEFT_STUN_XOR_MAPPED_ADDRESS, &a);
  ck_assert_int_eq(weft_stun_end(&w, &len), WEFT_OK);
  return len;
}

START_TEST(mapped) {
  fixture f;
  uint8_t buf[64];
  char text[WEFT_ADDR_TEXT_MAX];
  setup(&f);
  size_t n = answer(&f, buf, sizeof buf, 0);
  buf[19] ^= 1; /* another transaction */
  ck_assert_int_eq(weft_stun_client_input(f.c, buf, n, 2000), WEFT_OK);
  ck_assert_uint_eq(f.mapped_n, 0);
  buf[19] ^= 1;
  ck_assert_int_eq(weft_stun_client_input(f.c, buf, n, 51000), WEFT_OK);
  ck_assert_int_eq(weft_stun_client_input(f.c, buf, n, 52000), WEFT_OK);
  ck_assert_uint_eq(f.mapped_n, 1);
  ck_assert_uint_eq(f.closed_n, 1);
  ck_assert_int_eq(f.closed.code, WEFT_OK);
  ck_assert_uint_eq(f.rtt, WEFT_MS(50));
  ck_assert_str_eq(weft_addr_format(&f.mapped, text, sizeof text), "198.51.100.7:4242");
  ck_assert_uint_eq(weft_stun_client_deadline(f.c), WEFT_NEVER);
  weft_stun_client_free(f.c);
}
END_TEST

START_TEST(repeated_then_answered) {
  fixture f;
  uint8_t buf[64];
  setup(&f);
  ck_assert_uint_eq(weft_stun_client_deadline(f.c), 1000 + WEFT_MS(500));
  ck_assert_int_eq(weft_stun_client_tick(f.c, 1000 + WEFT_MS(500)), WEFT_OK);
  ck_assert_uint_eq(f.sent_n, 2);
  ck_assert_int_eq(weft_stun_client_input(f.c, buf, answer(&f, buf, sizeof buf, 0), WEFT_MS(600)), WEFT_OK);
  ck_assert_uint_eq(f.rtt, WEFT_NEVER); /* Karn */
  ck_assert_uint_eq(f.mapped_n, 1);
  weft_stun_client_free(f.c);
}
END_TEST

START_TEST(refused) {
  fixture f;
  uint8_t buf[64];
  setup(&f);
  ck_assert_int_eq(weft_stun_client_input(f.c, buf, answer(&f, buf, sizeof buf, 401), 2000), WEFT_OK);
  ck_assert_uint_eq(f.closed_n, 1);
  ck_assert_int_eq(f.closed.code, WEFT_EREFUSED);
  ck_assert_uint_eq(f.closed.wire_code, 401);
  weft_stun_client_free(f.c);
}
END_TEST

START_TEST(silence) {
  fixture f;
  setup(&f);
  for (int i = 0; i < 20 && weft_stun_client_deadline(f.c) != WEFT_NEVER; i++)
    ck_assert_int_eq(weft_stun_client_tick(f.c, weft_stun_client_deadline(f.c)), WEFT_OK);
  ck_assert_uint_eq(f.sent_n, 7);
  ck_assert_uint_eq(f.closed_n, 1);
  ck_assert_int_eq(f.closed.who, WEFT_WHO_TIMEOUT);
  weft_stun_client_free(f.c);
}
END_TEST

START_TEST(free_in_callback) {
  fixture f;
  uint8_t buf[64];
  setup(&f);
  f.free_on_mapped = true;
  ck_assert_int_eq(weft_stun_client_input(f.c, buf, answer(&f, buf, sizeof buf, 0), 2000), WEFT_OK);
  ck_assert_uint_eq(f.closed_n, 0);
}
END_TEST

START_TEST(garbage) {
  fixture f;
  uint8_t buf[64];
  setup(&f);
  for (int i = 0; i < 20000; i++) {
    size_t n = answer(&f, buf, sizeof buf, 0);
    for (uint32_t k = test_rng_below(&f.rng, 4) + 1; k > 0; k--)
      buf[test_rng_below(&f.rng, 20)] ^= (uint8_t)test_rng_u64(&f.rng);
    memcpy(buf + 8, "another one!", 12);
    ck_assert_int_eq(weft_stun_client_input(f.c, buf, test_rng_below(&f.rng, (uint32_t)n + 1), 2000), WEFT_OK);
  }
  ck_assert_uint_eq(f.closed_n + f.mapped_n, 0);
  weft_stun_client_free(f.c);
}
END_TEST

Suite *test_stun_client(void) {
  static const unit_test tests[] = {UNIT(mapped),  UNIT(repeated_then_answered), UNIT(refused),
                                    UNIT(silence), UNIT(free_in_callback),       UNIT(garbage)};
  return unit_suite("stun/client", tests, sizeof tests / sizeof tests[0]);
}
