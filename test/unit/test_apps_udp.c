#include "test/support/unit.h"

#include <errno.h>

#include "apps/udp.h"

enum { WIDTH = 3 };

static const uint8_t loopback[4] = {127, 0, 0, 1};

/* Three neighbouring ports that were free a moment ago. */
static uint16_t free_range(void) {
  for (int tries = 0; tries < 50; tries++) {
    app_udp u[WIDTH];
    weft_addr a = weft_addr_ip4(loopback, 0);
    ck_assert_int_eq(app_udp_open(&u[0], &a), WEFT_OK);
    uint16_t first = u[0].bound.port;
    int open = 1;
    for (; open < WIDTH && first < 65000; open++) {
      a.port = (uint16_t)(first + open);
      if (app_udp_open(&u[open], &a) != WEFT_OK) break;
    }
    for (int i = 0; i < open; i++) app_udp_close(&u[i]);
    if (open == WIDTH) return first;
  }
  ck_abort_msg("no three neighbouring ports are free");
  return 0;
}

START_TEST(range_is_used_up_and_no_more) {
  app_udp u[WIDTH], more;
  weft_addr a = weft_addr_ip4(loopback, 9);
  uint16_t min = free_range(), max = (uint16_t)(min + WIDTH - 1);
  for (unsigned i = 0; i < WIDTH; i++) {
    ck_assert_int_eq(app_udp_open_range(&u[i], &a, min, max, 1), WEFT_OK);
    ck_assert_uint_eq(u[i].bound.port, min + (1 + i) % WIDTH);
  }
  ck_assert_int_eq(app_udp_open_range(&more, &a, min, max, 0), WEFT_ELIMIT);
  ck_assert_int_eq(errno, EADDRINUSE);
  ck_assert_int_eq(more.fd, -1);
  app_udp_close(&u[1]);
  ck_assert_int_eq(app_udp_open_range(&more, &a, min, max, 0), WEFT_OK);
  ck_assert_uint_eq(more.bound.port, max);
  app_udp_close(&more);
  app_udp_close(&u[0]);
  app_udp_close(&u[2]);
}
END_TEST

START_TEST(bad_ranges) {
  app_udp u;
  weft_addr a = weft_addr_ip4(loopback, 0), elsewhere = weft_addr_ip4((const uint8_t[4]){192, 0, 2, 1}, 0);
  ck_assert_int_eq(app_udp_open_range(&u, &a, 0, 10, 0), WEFT_EINVAL);
  ck_assert_int_eq(app_udp_open_range(&u, &a, 20001, 20000, 0), WEFT_EINVAL);
  ck_assert_int_eq(app_udp_open_range(&u, &elsewhere, 20000, 60000, 0), WEFT_EINTERNAL); /* not tried 40,000 times */
  ck_assert_int_eq(errno, EADDRNOTAVAIL);
}
END_TEST

Suite *test_apps_udp(void) {
  static const unit_test tests[] = {UNIT(range_is_used_up_and_no_more), UNIT(bad_ranges)};
  return unit_suite("apps/udp", tests, sizeof tests / sizeof tests[0]);
}
