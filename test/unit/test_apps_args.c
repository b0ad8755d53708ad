#include <stdarg.h>
#include <string.h>

#include "apps/args.h"
#include "test/support/unit.h"

static bool flag;
static const char *text;
static app_list list;
static app_number number;

static const app_option options[] = {
    {"flag", 'f', APP_ARG_FLAG, &flag, 0, 0, NULL, "a flag"},
    {"text", 't', APP_ARG_TEXT, &text, 0, 0, "TEXT", "a text"},
    {"list", 0, APP_ARG_LIST, &list, 0, 0, "ITEM", "items"},
    {"number", 'n', APP_ARG_NUMBER, &number, 1, 65535, "N", "a number"},
};
static const app_usage usage = {"test", "[OPTIONS]", "About.", options, 4, 1, NULL};
static const char *positional[1];

static int parse(int argc, ...) {
  char *argv[16] = {"test"};
  va_list ap;
  flag = false;
  text = NULL;
  list.len = 0;
  number = (app_number){7, false};
  positional[0] = NULL;
  va_start(ap, argc);
  for (int i = 1; i <= argc; i++) argv[i] = va_arg(ap, char *);
  va_end(ap);
  return app_args_parse(&usage, argc + 1, argv, positional);
}

START_TEST(options_stand_before_and_after_arguments) {
  ck_assert_int_eq(parse(4, "--flag", "addr", "-n", "5"), 1);
  ck_assert(flag);
  ck_assert_str_eq(positional[0], "addr");
  ck_assert_uint_eq(number.value, 5);
  ck_assert(number.given);
}
END_TEST

START_TEST(values_are_taken_in_every_form) {
  ck_assert_int_eq(parse(2, "--text=a=b", "-n65535"), 0);
  ck_assert_str_eq(text, "a=b");
  ck_assert_uint_eq(number.value, 65535);
  ck_assert_int_eq(parse(4, "--list", "x", "--list", "--flag"), 0); /* a value may look like an option */
  ck_assert_uint_eq(list.len, 2);
  ck_assert_str_eq(list.items[1], "--flag");
  ck_assert(!flag);
  ck_assert_int_eq(parse(2, "--", "--flag"), 1);
  ck_assert_str_eq(positional[0], "--flag");
}
END_TEST

START_TEST(what_is_wrong_is_refused) {
  ck_assert_int_eq(parse(1, "--nope"), APP_ARGS_BAD);
  ck_assert_int_eq(parse(1, "-x"), APP_ARGS_BAD);
  ck_assert_int_eq(parse(1, "--text"), APP_ARGS_BAD);
  ck_assert_int_eq(parse(1, "--flag=1"), APP_ARGS_BAD);
  ck_assert_int_eq(parse(2, "a", "b"), APP_ARGS_BAD);
  const char *bad[] = {"0", "65536", "-1", "+1", " 1", "1x", "", "99999999999999999999999"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    ck_assert_int_eq(parse(2, "--number", bad[i]), APP_ARGS_BAD);
    ck_assert(!number.given);
  }
}
END_TEST

Suite *test_apps_args(void) {
  static const unit_test tests[] = {UNIT(options_stand_before_and_after_arguments),
                                    UNIT(values_are_taken_in_every_form), UNIT(what_is_wrong_is_refused)};
  return unit_suite("apps/args", tests, sizeof tests / sizeof tests[0]);
}
