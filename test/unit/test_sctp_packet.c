#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sctp/wire.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

static int check_hex(const char *hex) {
  size_t n;
  uint8_t *p = hex_bytes(hex, &n);
  int rc = weft_sctp_packet_check(p, n);
  free(p);
  return rc;
}

#define HEADER "13881388 00000007 00000000 "

START_TEST(header_fields) {
  uint8_t p[12];
  weft_sctp_packet h;
  hex_into(p, sizeof p, "1388 c000 01020304 11223344");
  ck_assert_int_eq(weft_sctp_packet_read(&h, p, 12), WEFT_OK);
  ck_assert_uint_eq(h.source, 5000);
  ck_assert_uint_eq(h.destination, 49152);
  ck_assert_uint_eq(h.tag, 0x01020304);
  ck_assert_uint_eq(h.crc, 0x44332211);
  ck_assert_int_eq(weft_sctp_packet_read(&h, p, 11), WEFT_EMALFORMED);
}
END_TEST

/* RFC 9260 section 3.2: a length below 4 never moves the walker. */
START_TEST(lengths_zero_to_three) {
  char hex[64];
  for (int length = 0; length < 4; length++) {
    for (int type = 0; type < 256; type += 5) { /* read as one of 4, a good chunk would follow */
      snprintf(hex, sizeof hex, HEADER "%02x00%04x 0b000004", type, length);
      ck_assert_int_eq(check_hex(hex), WEFT_EMALFORMED);
    }
    snprintf(hex, sizeof hex, HEADER "82000008 000d%04x", length);
    ck_assert_int_eq(check_hex(hex), WEFT_EMALFORMED);
    snprintf(hex, sizeof hex, HEADER "09000008 0006%04x", length);
    ck_assert_int_eq(check_hex(hex), WEFT_EMALFORMED);
  }
}
END_TEST

START_TEST(padding_is_skipped_and_may_be_absent_at_the_end) {
  uint8_t p[64];
  weft_sctp_packet h;
  weft_sctp_chunk c;
  size_t n = hex_into(p, sizeof p, HEADER "bf000007 78797a ee 0b000004 be000005 61");
  ck_assert_int_eq(weft_sctp_packet_check(p, n), WEFT_OK);
  ck_assert_int_eq(weft_sctp_packet_read(&h, p, n), WEFT_OK);
  ck_assert_int_eq(weft_sctp_chunk_next(&h.chunks, &c), 1);
  ck_assert_uint_eq(c.type, 0xbf);
  ck_assert_uint_eq(c.value_len, 3);
  ck_assert_mem_eq(c.value, "xyz", 3);
  ck_assert_int_eq(weft_sctp_chunk_next(&h.chunks, &c), 1);
  ck_assert_uint_eq(c.type, WEFT_SCTP_COOKIE_ACK);
  ck_assert_int_eq(weft_sctp_chunk_next(&h.chunks, &c), 1);
  ck_assert_uint_eq(c.value_len, 1);
  ck_assert_int_eq(weft_sctp_chunk_next(&h.chunks, &c), 0);
}
END_TEST

/* Cut anywhere, an INIT is refused: its last parameter ends with the packet. */
START_TEST(every_truncation_of_an_init) {
  size_t n;
  uint8_t *p = file_bytes("test/captures/node-datachannel.sctp-init.bin", &n);
  ck_assert_ptr_nonnull(p);
  ck_assert_int_eq(weft_sctp_packet_check(p, n), WEFT_OK);
  for (size_t cut = 0; cut + 2 < n; cut++) {
    uint8_t *exact = malloc(cut ? cut : 1);
    memcpy(exact, p, cut);
    ck_assert_int_eq(weft_sctp_packet_check(exact, cut), cut == 12 ? WEFT_OK : WEFT_EMALFORMED);
    free(exact);
  }
  free(p);
}
END_TEST

START_TEST(writing_patches_lengths_and_pads) {
  uint8_t buf[64];
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  weft_sctp_put_header(&w, 5000, 5000, 7);
  size_t chunk = weft_sctp_open_chunk(&w, WEFT_SCTP_ABORT, 1),
         cause = weft_sctp_open_tlv(&w, WEFT_SCTP_CAUSE_USER_ABORT);
  weft_wr_bytes(&w, "bye", 3);
  weft_sctp_close_tlv(&w, cause);
  weft_sctp_close_chunk(&w, chunk);
  ck_assert_hex(buf, weft_wr_len(&w),
                "138813880000000700000000"
                "0601000b"
                "000c0007"
                "62796500");
}
END_TEST

Suite *test_sctp_packet(void) {
  static const unit_test tests[] = {UNIT(header_fields), UNIT(lengths_zero_to_three),
                                    UNIT(padding_is_skipped_and_may_be_absent_at_the_end),
                                    UNIT(every_truncation_of_an_init), UNIT(writing_patches_lengths_and_pads)};
  return unit_suite("sctp/packet", tests, sizeof tests / sizeof tests[0]);
}
