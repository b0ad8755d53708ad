#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/addr_file.h"
#include "test/support/unit.h"

#include <weft/base/base.h>

#define ADDR "/ip4/127.0.0.1/udp/4001/webrtc-direct/certhash/uEi/p2p/12D3"

static char dir[64], path[96];

static void make_dir(void) {
  strcpy(dir, "/tmp/weft-test-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(dir));
  snprintf(path, sizeof path, "%s/addr.json", dir);
}

static void remove_dir(void) {
  unlink(path);
  ck_assert_int_eq(rmdir(dir), 0); /* nothing else, no temporary file, may be left */
}

static void write_file(const char *text) {
  FILE *f = fopen(path, "w");
  ck_assert_ptr_nonnull(f);
  fputs(text, f);
  fclose(f);
}

START_TEST(what_is_written_is_read) {
  app_addr_file f;
  make_dir();
  ck_assert_int_eq(app_addr_file_write(path, ADDR, "12D3", NULL), WEFT_OK);
  ck_assert_int_eq(app_addr_file_read(path, &f), WEFT_OK);
  ck_assert_str_eq(f.addr, ADDR);
  ck_assert_str_eq(f.peer_id, "12D3");
  ck_assert_int_eq((int)f.pid, (int)getpid());
  remove_dir();
}
END_TEST

START_TEST(other_writers_forms_are_read) {
  app_addr_file f;
  make_dir();
  write_file("{\"addr\": \"" ADDR "\"}"); /* the original demo */
  ck_assert_int_eq(app_addr_file_read(path, &f), WEFT_OK);
  ck_assert_str_eq(f.addr, ADDR);
  write_file("{\"addr\":\"\\/ip4\\/1.2.3.4\"}");
  ck_assert_int_eq(app_addr_file_read(path, &f), WEFT_OK);
  ck_assert_str_eq(f.addr, "/ip4/1.2.3.4");
  remove_dir();
}
END_TEST

START_TEST(bad_files_are_told_apart) {
  app_addr_file f;
  make_dir();
  ck_assert_int_eq(app_addr_file_read(path, &f), WEFT_ENOTFOUND);
  write_file("");
  ck_assert_int_eq(app_addr_file_read(path, &f), WEFT_EMALFORMED);
  write_file("{\"addr\": 5}");
  ck_assert_int_eq(app_addr_file_read(path, &f), WEFT_EMALFORMED);
  write_file("{\"addr\": \"" ADDR);
  ck_assert_int_eq(app_addr_file_read(path, &f), WEFT_EMALFORMED);
  write_file("{\"addr\": \"" ADDR "\", \"pid\": -1}");
  ck_assert_int_eq(app_addr_file_read(path, &f), WEFT_EMALFORMED);
  write_file("{\"addr\": \"" ADDR "\", \"pid\": 999999999}"); /* above any pid_max */
  ck_assert_int_eq(app_addr_file_read(path, &f), WEFT_ECLOSED);
  remove_dir();
}
END_TEST

START_TEST(only_ones_own_file_is_removed) {
  make_dir();
  ck_assert_int_eq(app_addr_file_write(path, ADDR, "12D3", NULL), WEFT_OK);
  app_addr_file_remove(path, "/ip4/9.9.9.9");
  ck_assert_int_eq(access(path, F_OK), 0);
  app_addr_file_remove(path, ADDR);
  ck_assert_int_ne(access(path, F_OK), 0);
  write_file("{\"addr\": \"" ADDR "\", \"pid\": 1}");
  app_addr_file_remove(path, ADDR);
  ck_assert_int_eq(access(path, F_OK), 0);
  remove_dir();
}
END_TEST

START_TEST(an_unwritable_place_is_an_error) {
  ck_assert_int_eq(app_addr_file_write("/nonexistent/dir/a.json", ADDR, "12D3", NULL), WEFT_EINTERNAL);
}
END_TEST

START_TEST(a_relay_has_two_addresses) {
  app_addr_file f;
  make_dir();
  ck_assert_int_eq(app_addr_file_write(path, "/ip4/127.0.0.1/tcp/9091/p2p/12D3", "12D3", ADDR), WEFT_OK);
  ck_assert_int_eq(app_addr_file_read(path, &f), WEFT_OK);
  ck_assert_str_eq(f.addr, "/ip4/127.0.0.1/tcp/9091/p2p/12D3");
  ck_assert_str_eq(f.direct_addr, ADDR);
  ck_assert_int_eq(f.pid, getpid());
  ck_assert_int_eq(app_addr_file_write(path, ADDR, "12D3", NULL), WEFT_OK);
  ck_assert_int_eq(app_addr_file_read(path, &f), WEFT_OK);
  ck_assert_str_eq(f.direct_addr, "");
  remove_dir();
}
END_TEST

Suite *test_apps_addr_file(void) {
  static const unit_test tests[] = {UNIT(a_relay_has_two_addresses),     UNIT(what_is_written_is_read),
                                    UNIT(other_writers_forms_are_read),  UNIT(bad_files_are_told_apart),
                                    UNIT(only_ones_own_file_is_removed), UNIT(an_unwritable_place_is_an_error)};
  return unit_suite("apps/addr_file", tests, sizeof tests / sizeof tests[0]);
}
