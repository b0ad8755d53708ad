#include "test/unit/yamux_rig.h"

/* From libp2p/specs yamux/README.md, "Framing": version, type, flags, stream id, length, in network order. */
START_TEST(decodes_each_field) {
  uint8_t in[12];
  weft_yamux_header h;
  hex_into(in, sizeof in, "00 01 000a 12345678 9abcdef0");
  ck_assert_int_eq(weft_yamux_header_decode(&h, in), WEFT_OK);
  ck_assert_uint_eq(h.version, 0);
  ck_assert_uint_eq(h.type, WEFT_YAMUX_WINDOW_UPDATE);
  ck_assert_uint_eq(h.flags, WEFT_YAMUX_ACK | WEFT_YAMUX_RST);
  ck_assert_uint_eq(h.stream, 0x12345678u);
  ck_assert_uint_eq(h.length, 0x9abcdef0u);
}
END_TEST

START_TEST(encodes_each_field) {
  uint8_t out[12];
  weft_yamux_header h = {0, WEFT_YAMUX_PING, WEFT_YAMUX_SYN, 0, 0xdeadbeef};
  weft_yamux_header_encode(&h, out);
  ck_assert_hex(out, 12, "0002000100000000deadbeef");
}
END_TEST

START_TEST(every_type_and_flag_is_told_from_unknown_ones) {
  for (unsigned type = 0; type < 256; type++)
    for (unsigned flags = 0; flags < 65536; flags += flags < 64 ? 1 : 977) {
      uint8_t in[12] = {0, (uint8_t)type, (uint8_t)(flags >> 8), (uint8_t)flags};
      weft_yamux_header h;
      ck_assert_int_eq(weft_yamux_header_decode(&h, in), type < 4 && flags < 16 ? WEFT_OK : WEFT_EMALFORMED);
    }
}
END_TEST

START_TEST(other_versions_are_unsupported) {
  for (unsigned v = 1; v < 256; v++) {
    uint8_t in[12] = {(uint8_t)v, 0xff};
    weft_yamux_header h;
    ck_assert_int_eq(weft_yamux_header_decode(&h, in), WEFT_EUNSUPPORTED);
  }
}
END_TEST

Suite *test_yamux_frame(void) {
  static const unit_test tests[] = {
      UNIT(decodes_each_field),
      UNIT(encodes_each_field),
      UNIT(every_type_and_flag_is_told_from_unknown_ones),
      UNIT(other_versions_are_unsupported),
  };
  return unit_suite("yamux/frame", tests, sizeof tests / sizeof tests[0]);
}
