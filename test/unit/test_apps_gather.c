#include "apps/gather.h"

#include <string.h>

#include "test/support/unit.h"

static app_node node;
static app_gather g;

static void begin(void) {
  memset(&node, 0, sizeof node);
  ck_assert_int_eq(app_loop_init(&node.loop), WEFT_OK);
  app_gather_init(&g, &node);
}

static void finish(void) {
  while (node.sockets_len > 0) app_node_close_socket(&node);
  app_loop_end(&node.loop);
}

START_TEST(what_bind_takes) {
  static const char *const good[] = {"127.0.0.1", "127.0.0.1:5000", "::1", "[::1]:5000", "0.0.0.0", "lo"},
                           *const bad[] = {"", "nosuch0", "127.0.0", "127.0.0.1:65536", "localhost.example"};
  begin();
  for (size_t i = 0; i < WEFT_ARRAY_LEN(good); i++)
    ck_assert_msg(app_gather_bind(&g, good[i]) == WEFT_OK, "%s", good[i]);
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++)
    ck_assert_msg(app_gather_bind(&g, bad[i]) == WEFT_EMALFORMED, "%s", bad[i]);
  ck_assert_int_eq(app_gather_bind(&g, "127.0.0.2"), WEFT_OK);
  ck_assert_int_eq(app_gather_bind(&g, "127.0.0.3"), WEFT_OK);
  ck_assert_int_eq(app_gather_bind(&g, "127.0.0.4"), WEFT_ELIMIT);
  finish();
}
END_TEST

START_TEST(loopback_only_when_told) {
  weft_addr a[APP_GATHER_ADDRS];
  begin();
  for (size_t i = 0, n = app_gather_addrs(&g, false, a, APP_GATHER_ADDRS); i < n; i++)
    ck_assert(!weft_addr_is_loopback(&a[i]));
  size_t n = app_gather_addrs(&g, true, a, APP_GATHER_ADDRS);
  bool found = false;
  for (size_t i = 0; i < n; i++) found = found || weft_addr_is_loopback(&a[i]);
  ck_assert(found);
  finish();
}
END_TEST

/* Asked again, the sockets are those there are; a loopback address given by hand is permission enough. */
START_TEST(sockets_are_kept) {
  weft_addr a[APP_GATHER_ADDRS], b[APP_GATHER_ADDRS];
  begin();
  ck_assert_int_eq(app_gather_bind(&g, "127.0.0.1"), WEFT_OK);
  ck_assert_int_eq(app_gather_bind(&g, "127.0.0.2"), WEFT_OK);
  ck_assert_uint_eq(app_gather_addrs(&g, false, a, APP_GATHER_ADDRS), 2);
  ck_assert_uint_eq(app_gather_addrs(&g, false, b, APP_GATHER_ADDRS), 2);
  ck_assert_uint_eq(node.sockets_len, 2);
  for (int i = 0; i < 2; i++) ck_assert(a[i].port != 0 && weft_addr_equal(&a[i], &b[i]));
  finish();
}
END_TEST

/* An address that this machine does not have (RFC 5737: documentation) is left out. */
START_TEST(what_cannot_be_bound_is_left_out) {
  weft_addr a[APP_GATHER_ADDRS];
  begin();
  ck_assert_int_eq(app_gather_bind(&g, "198.51.100.7"), WEFT_OK);
  ck_assert_int_eq(app_gather_bind(&g, "127.0.0.1"), WEFT_OK);
  ck_assert_uint_eq(app_gather_addrs(&g, false, a, APP_GATHER_ADDRS), 1);
  ck_assert(weft_addr_is_loopback(&a[0]));
  finish();
}
END_TEST

Suite *test_apps_gather(void) {
  static const unit_test tests[] = {UNIT(what_bind_takes), UNIT(loopback_only_when_told), UNIT(sockets_are_kept),
                                    UNIT(what_cannot_be_bound_is_left_out)};
  return unit_suite("apps/gather", tests, sizeof tests / sizeof tests[0]);
}
