#include "base/base.h"
#include "test/support/unit.h"

START_TEST(archive_and_header_agree) {
  ck_assert_uint_eq(weft_version(), WEFT_VERSION_NUM);
  ck_assert_uint_eq(WEFT_VERSION_NUM, WEFT_VERSION_MAJOR * 65536 + WEFT_VERSION_MINOR * 256 + WEFT_VERSION_PATCH);
}
END_TEST

Suite *test_base_version(void) {
  static const unit_test tests[] = {
      UNIT(archive_and_header_agree),
  };
  return unit_suite("base/version", tests, sizeof tests / sizeof tests[0]);
}
