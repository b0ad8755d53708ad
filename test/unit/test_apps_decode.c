#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/capture.h"
#include "apps/decode.h"
#include "apps/pcapng.h"
#include "test/support/hex.h"
#include "test/support/unit.h"

/* ---- what decode says ---- */

static char *said;
static size_t said_len;

static void begin(outline *o, bool as_json) {
  FILE *f = open_memstream(&said, &said_len);
  ck_assert_ptr_nonnull(f);
  outline_init(o, f, as_json);
}

static unsigned long one(decode_layer layer, const char *hex, bool as_json) {
  outline o;
  size_t n;
  uint8_t *data = hex_bytes(hex, &n);
  free(said);
  begin(&o, as_json);
  decode *d = decode_new(&o);
  decode_unit(d, layer, data, n);
  decode_free(d);
  fclose(o.out);
  free(data);
  return o.broken;
}

static void breaks(decode_layer layer, const char *hex, const char *want) {
  unsigned long broken = one(layer, hex, false);
  ck_assert_msg(broken == 1 && strstr(said, want), "%lu broken, no \"%s\" in:\n%s", broken, want, said);
}

static void fine(decode_layer layer, const char *hex, const char *want) {
  unsigned long broken = one(layer, hex, false);
  ck_assert_msg(broken == 0 && strstr(said, want), "%lu broken, no \"%s\" in:\n%s", broken, want, said);
}

/* Two units, as two lines of hex are. */
static unsigned long two(decode_layer layer, const char *first, const char *second) {
  outline o;
  free(said);
  begin(&o, false);
  decode *d = decode_new(&o);
  for (int i = 0; i < 2; i++) {
    size_t n;
    uint8_t *data = hex_bytes(i ? second : first, &n);
    decode_unit(d, layer, data, n);
    free(data);
  }
  decode_free(d);
  fclose(o.out);
  return o.broken;
}

static void forget(void) {
  free(said);
  said = NULL;
}

/* RFC 5769 section 2.2: a response of a server to 192.0.2.1 port 32853. */
#define RFC5769_RESPONSE \
  "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643" \
  "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"

START_TEST(stun_says_what_is_there) {
  fine(DECODE_STUN, RFC5769_RESPONSE, "class success  method binding  transaction b7e7a701bc34d686fa87dfae");
  ck_assert_ptr_nonnull(strstr(said, "text \"test vector\""));
  ck_assert_ptr_nonnull(strstr(said, "address 192.0.2.1:32853"));
  fine(DECODE_DATAGRAM, RFC5769_RESPONSE, "FINGERPRINT");
  forget();
}
END_TEST

START_TEST(stun_says_which_byte_breaks_which_rule) {
  breaks(DECODE_STUN, "000100", "!!  byte 3: 3 bytes, a header has 20 (RFC 8489 section 5)");
  breaks(DECODE_STUN, "000100042112a442000000000000000000000000", "byte 2  value 0x00: length 4, but 0 bytes follow");
  breaks(DECODE_STUN, "000100002112a443000000000000000000000000", "byte 4  value 0x21: the magic cookie");
  breaks(DECODE_STUN, "000100082112a44200000000000000000000000000060008 61616161",
         "byte 22  value 0x00: an attribute of 8 bytes and its padding, 4 are left");
  breaks(DECODE_STUN, "000100082112a442000000000000000000000000002400026e000000",
         "byte 22  value 0x00: 2 bytes, it has 4");
  /* one bit of the text: the fingerprint alone notices */
  char hex[] = RFC5769_RESPONSE;
  hex[49] = '5';
  breaks(DECODE_STUN, hex, "the CRC-32 of the message is another");
  forget();
}
END_TEST

START_TEST(dtls_says_which_byte_breaks_which_rule) {
  breaks(DECODE_DTLS, "18fefd000000000000000000010000", "byte 0  value 0x18: record type 24: 20 to 23");
  breaks(DECODE_DTLS, "16030300000000000000000001 00", "byte 1  value 0x03: version 0x0303");
  breaks(DECODE_DTLS, "16fefd0000000000000000000500", "byte 11  value 0x00: a record of 5 bytes, 1 are left");
  breaks(DECODE_DTLS, "17fefd0000000000000000000100", "application data in epoch 0");
  breaks(DECODE_DTLS, "15fefd0000000000000000000102", "an alert of 1 bytes, it has 2");
  breaks(DECODE_DTLS, "16fefd000000000000000000110100000400000000000000080000000000",
         "runs past its record or its message");
  fine(DECODE_DTLS, "15fefd00000000000000000002 0100", "level warning  alert 0  text close_notify");
  forget();
}
END_TEST

START_TEST(sctp_says_which_byte_breaks_which_rule) {
  breaks(DECODE_SCTP, "1388138800000000", "8 bytes, a header has 12");
  breaks(DECODE_SCTP, "138813880000000000000001 0b000004", "byte 8  value 0x00: the CRC-32C");
  breaks(DECODE_SCTP, "138813880000000700000000 0b000003", "byte 14  value 0x00: a chunk's length that is below 4");
  breaks(DECODE_SCTP, "138813880000000700000000 00030014 00000001 0000 0000 00000035",
         "byte 14  value 0x00: a chunk's length");
  breaks(DECODE_SCTP, "138813880000000700000000 00030010 00000001 0000 0000 00000035", "no user data");
  breaks(DECODE_SCTP, "138813880000000000000000 01000014 00000000 00100000 ffff ffff 00000001", "tag 0");
  fine(DECODE_SCTP, "138813880000000700000000 03000010 00000005 00001000 0000 0000",
       "SACK  type 3  cumulative 5  window 4096");
  forget();
}
END_TEST

START_TEST(messages_are_put_together_and_told_in_order) {
  static const char first[] = "138813880000000700000000 00020013 00000001 0001 0000 00000033 616263 00";
  static const char second[] = "138813880000000700000000 00010013 00000002 0001 0000 00000033 646566 00";
  static const char later[] = "138813880000000700000000 00030011 00000004 0001 0002 00000033 7a 000000";
  static const char middle[] = "138813880000000700000000 00030011 00000003 0001 0001 00000033 79 000000";
  static const char *const packets[] = {first, second, later, middle, middle};
  outline o;
  begin(&o, false);
  decode *d = decode_new(&o);
  for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
    size_t n;
    uint8_t *data = hex_bytes(packets[i], &n);
    decode_unit(d, DECODE_SCTP, data, n);
    free(data);
  }
  decode_free(d);
  fclose(o.out);
  const char *whole = strstr(said, "bytes 6  text \"abcdef\""), *y = strstr(said, "text \"y\""),
             *z = strstr(said, "text \"z\"");
  ck_assert_msg(whole && y && z && whole < y && y < z, "%s", said);
  ck_assert_ptr_nonnull(strstr(said, "before its turn: message 1"));
  ck_assert_ptr_nonnull(strstr(z, "sent again"));
  forget();
}
END_TEST

START_TEST(channels_say_which_byte_breaks_which_rule) {
  fine(DECODE_DCEP, "0300010000000000 0004 0000 63686174",
       "channel reliable  priority 256  label \"chat\"  protocol \"\"");
  fine(DECODE_DCEP, "02", "ACK");
  breaks(DECODE_DCEP, "0300010000000000 0004 0000 636861",
         "byte 8  value 0x00: a label of 4 and a protocol of 0 bytes, 3 follow");
  breaks(DECODE_DCEP, "0303010000000000 0000 0000", "byte 1  value 0x03: channel type 0x03");
  breaks(DECODE_DCEP, "0200", "byte 1  value 0x00: an ACK has 1 byte");
  breaks(DECODE_DCEP, "07", "byte 0  value 0x07: neither OPEN (3) nor ACK (2)");
  fine(DECODE_FRAMES, "0a 0800 12 06 68656c6c6f21", "flag FIN"); /* message "hello!" with FIN */
  breaks(DECODE_FRAMES, "ffff7f", "no frame length");
  breaks(DECODE_FRAMES, "02 1205", "no protobuf with flag = 1");
  fine(DECODE_MULTISTREAM, "13 2f6d756c746973747265616d2f312e302e300a 03 6e610a", "line \"na\"");
  fine(DECODE_MULTISTREAM, "13 2f6d756c746973747265616d2f312e302e300a 03 2f610a 00ff", "of /a");
  breaks(DECODE_MULTISTREAM, "0a0d", "byte 0  value 0x0a: no line: ");
  breaks(DECODE_MULTISTREAM, "13 2f6d756c746973747265616d2f312e302e300a 03 2f6162", "byte 20  value 0x03: no line: ");
  breaks(DECODE_MULTISTREAM, "13 2f6d756c746973747265616d2f312e302e300a 03 2f",
         "byte 20  value 0x03: a line that is cut off");
  fine(DECODE_YAMUX, "00000001 00000001 00000003 616263", "DATA  stream 1  SYN  bytes 3");
  breaks(DECODE_YAMUX, "01000001 00000001 00000003", "byte 0  value 0x01: version 1");
  breaks(DECODE_YAMUX, "00020000 0000", "byte 6: 6 bytes, a header has 12");
  forget();
}
END_TEST

START_TEST(json_is_one_object_per_unit) {
  one(DECODE_DCEP, "0300010000000000 0004 0000 6368227a", true);
  ck_assert_str_eq(
      said, "{\"node\":\"unit\",\"bytes\":16,\"inside\":[{\"node\":\"OPEN\",\"channel\":\"reliable\",\"priority\":256,"
            "\"label\":\"ch\\\"z\",\"protocol\":\"\"}]}\n");
  one(DECODE_DCEP, "07", true);
  ck_assert_str_eq(
      said, "{\"node\":\"unit\",\"bytes\":1,\"inside\":[{\"node\":\"dcep\",\"inside\":[{\"node\":\"broken\",\"at\":0,"
            "\"value\":\"0x07\",\"reason\":\"neither OPEN (3) nor ACK (2), RFC 8832 section 8.2.1\"}]}]}\n");
  forget();
}
END_TEST

/* ---- TCP ---- */

/* From port 1 to 2 (way 0) or back, raw IPv4. */
static void segment(decode *d, int way, uint8_t flags, uint32_t seq, const char *text, size_t len) {
  uint8_t p[256] = {0x45, 0, 0, (uint8_t)(40 + len), 0, 0, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1};
  uint8_t *t = p + 20;
  t[1] = (uint8_t)(1 + way);
  t[3] = (uint8_t)(2 - way);
  for (int i = 0; i < 4; i++) t[4 + i] = (uint8_t)(seq >> (24 - 8 * i));
  t[12] = 0x50;
  t[13] = flags;
  if (len > 0) memcpy(t + 20, text, len);
  decode_packet(d, 101, 0, p, 40 + len);
}

#define LINE(s) s, sizeof(s) - 1

START_TEST(a_unit_alone_leaves_nothing_to_the_next) {
  ck_assert_uint_eq(two(DECODE_MULTISTREAM, "0a0d", "03 6e610a"), 1);
  ck_assert_ptr_nonnull(strstr(said, "line \"na\""));
  ck_assert_uint_eq(two(DECODE_MULTISTREAM, "13 2f", "03 6e610a"), 1);
  ck_assert_ptr_nonnull(strstr(said, "line \"na\""));
  (void)two(DECODE_FRAMES, "0a 08", "02 0801");
  ck_assert_ptr_nonnull(strstr(said, "flag STOP_SENDING"));
  forget();
}
END_TEST

START_TEST(tcp_is_read_to_the_multistream_level) {
  outline o;
  begin(&o, false);
  decode *d = decode_new(&o);
  segment(d, 0, PACKET_SYN, 99, "", 0);
  segment(d, 1, PACKET_SYN, 0xffffffff, "", 0);
  segment(d, 0, 0x10, 100, LINE("\x13/multistream/1.0.0\n\x07/noi"));
  segment(d, 0, 0x10, 100, LINE("\x13/multistream/1.0.0\n")); /* sent again */
  segment(d, 0, 0x10, 125, LINE("se\n"));
  segment(d, 1, 0x10, 0, LINE("\x13/multistream/1.0.0\n\x07/noise\n"));
  segment(d, 0, 0x10, 128, LINE("\0\x04wxyz"));
  segment(d, 1, 0x10, 28, LINE("\0\x02"));
  segment(d, 1, 0x10, 30, LINE("ab"));
  segment(d, 0, 0x10, 140, LINE("late"));
  decode_free(d);
  fclose(o.out);
  const char *first = strstr(said, "multistream  line \"/multistream/1.0.0\""),
             *noise = strstr(said, "line \"/noise\"");
  ck_assert_msg(first && noise && o.broken == 0, "%s", said);
  ck_assert_ptr_nonnull(strstr(said, "note: sent again"));
  ck_assert_ptr_nonnull(strstr(noise, "noise  message 1  bytes 4"));
  ck_assert_ptr_nonnull(strstr(noise, "noise  message 1  bytes 2"));
  ck_assert_ptr_nonnull(strstr(noise, "6 bytes before it are missing"));
  forget();
}
END_TEST

/* ---- captures ---- */

typedef struct seen {
  unsigned packets, keylogs;
  uint64_t last_us;
  uint32_t link;
  size_t bytes;
} seen;

static void on_packet(void *user, const capture_packet *p) {
  seen *s = user;
  s->packets++;
  s->last_us = p->unix_us;
  s->link = p->link;
  s->bytes += p->len;
}

static void on_keylog(void *user, const uint8_t *text, size_t len) {
  seen *s = user;
  s->keylogs++;
  ck_assert(len > 14 && memcmp(text, "CLIENT_RANDOM ", 14) == 0);
}

static int read_capture(const uint8_t *data, size_t len, seen *s, char why[256]) {
  const capture_callbacks cb = {on_packet, on_keylog};
  memset(s, 0, sizeof *s);
  return capture_read(data, len, &cb, s, why, 256);
}

static int read_hex(const char *hex, seen *s, char why[256]) {
  size_t n;
  uint8_t *data = hex_bytes(hex, &n);
  ck_assert(capture_is(data, n));
  int rc = read_capture(data, n, s, why);
  free(data);
  return rc;
}

START_TEST(pcap_in_both_orders_and_resolutions) {
  seen s;
  char why[256];
  ck_assert_int_eq(
      read_hex("d4c3b2a1 02000400 00000000 00000000 ffff0000 65000000 01000000 02000000 02000000 09000000 4500", &s,
               why),
      WEFT_OK);
  ck_assert(s.packets == 1 && s.link == 101 && s.last_us == 1000002 && s.bytes == 2);
  ck_assert_int_eq(
      read_hex("a1b2c3d4 00020004 00000000 00000000 0000ffff 00000001 00000001 00000002 00000002 00000002 4500", &s,
               why),
      WEFT_OK);
  ck_assert(s.packets == 1 && s.link == 1 && s.last_us == 1000002);
  ck_assert_int_eq(
      read_hex("4d3cb2a1 02000400 00000000 00000000 ffff0000 65000000 01000000 d0070000 02000000 02000000 4500", &s,
               why),
      WEFT_OK);
  ck_assert(s.last_us == 1000002); /* 2000 ns */
}
END_TEST

START_TEST(pcapng_faults_are_named) {
  seen s;
  char why[256];
  const char *section = "0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000";
  char hex[512];
  snprintf(hex, sizeof hex, "%s 01000000 14000000 6500 0000 00000000 14000000", section);
  ck_assert_int_eq(read_hex(hex, &s, why), WEFT_OK);
  snprintf(hex, sizeof hex, "%s 06000000 20000000 00000000 00000000 00000000 00000000 00000000 20000000", section);
  ck_assert_int_eq(read_hex(hex, &s, why), WEFT_EMALFORMED);
  ck_assert_str_eq(why, "byte 28: a packet of interface 0, of which nothing was said");
  snprintf(hex, sizeof hex, "%s 05000000 0d000000 00", section);
  ck_assert_int_eq(read_hex(hex, &s, why), WEFT_EMALFORMED);
  ck_assert_str_eq(why, "byte 28: a block of 13 bytes: at least 12, and a multiple of 4");
  snprintf(hex, sizeof hex, "%s 05000000 0c000000 10000000", section);
  ck_assert_int_eq(read_hex(hex, &s, why), WEFT_EMALFORMED);
  ck_assert_str_eq(why, "byte 28: a block of 12 bytes says 16 at its end");
  ck_assert_int_eq(read_hex("0a0d0d0a 1c000000 00000000", &s, why), WEFT_EMALFORMED);
  ck_assert_str_eq(why, "byte 0: a section without its byte order");
}
END_TEST

static uint8_t *make_pcapng(size_t *len, uint8_t family) {
  static const uint8_t v6[16] = {[15] = 1}, v4[4] = {127, 0, 0, 1};
  weft_addr a = family == WEFT_AF_IP6 ? weft_addr_ip6(v6, 1000) : weft_addr_ip4(v4, 1000), b = a;
  char *out;
  FILE *f = open_memstream(&out, len);
  app_pcapng p;
  b.port = 2000;
  app_pcapng_begin(&p, f);
  app_pcapng_datagram(&p, &a, &b, (const uint8_t *)"first", 5, 1000000);
  app_pcapng_keylog(&p, "CLIENT_RANDOM 00 11");
  app_pcapng_datagram(&p, &b, &a, (const uint8_t *)"second", 6, 1000001);
  ck_assert(app_pcapng_end(&p));
  fclose(f);
  return (uint8_t *)out;
}

static void last_payload(void *user, const capture_packet *c) {
  packet p;
  ck_assert_ptr_null(packet_parse(&p, c->link, c->data, c->len));
  ck_assert(p.protocol == PACKET_UDP && !p.cut);
  ck_assert_uint_eq((unsigned)p.from.port + p.to.port, 3000);
  memcpy(user, p.payload, p.len);
  ((char *)user)[p.len] = 0;
}

static void keys_come_first(void *user, const uint8_t *text, size_t len) {
  (void)text, (void)len;
  ck_assert_str_eq(user, "");
}

START_TEST(what_pcapng_writes_is_read_and_the_keys_come_first) {
  const capture_callbacks cb = {last_payload, keys_come_first};
  static const uint8_t families[] = {WEFT_AF_IP4, WEFT_AF_IP6};
  for (size_t i = 0; i < 2; i++) {
    char payload[32] = "", why[256];
    size_t n;
    uint8_t *file = make_pcapng(&n, families[i]);
    ck_assert_int_eq(capture_read(file, n, &cb, payload, why, sizeof why), WEFT_OK);
    ck_assert_str_eq(payload, "second");
    free(file);
  }
}
END_TEST

START_TEST(a_capture_cut_anywhere_is_read_as_far_as_it_goes) {
  char why[256];
  size_t n;
  seen s, before = {0};
  uint8_t *file = make_pcapng(&n, WEFT_AF_IP4);
  for (size_t cut = 4; cut <= n; cut++) {
    int rc = read_capture(file, cut, &s, why);
    ck_assert_uint_ge(s.packets, before.packets);
    ck_assert_msg(rc == WEFT_OK || strstr(why, cut < 12 ? "byte order" : "it was cut off"), "%zu: %s", cut, why);
    before = s;
  }
  ck_assert(before.packets == 2 && before.keylogs == 1 && before.last_us == 1000001);
  free(file);
}
END_TEST

/* ---- from the link layer to the payload ---- */

#define UDP4 "4500 001e 0000 0000 40 11 0000 7f000001 7f000001 0001 0002 000a 0000 6869"

static const char *parse(packet *p, uint32_t link, const char *hex, uint8_t *keep) {
  size_t n;
  uint8_t *data = hex_bytes(hex, &n);
  memcpy(keep, data, n);
  free(data);
  return packet_parse(p, link, keep, n);
}

START_TEST(link_layers) {
  static const struct {
    uint32_t link;
    const char *hex;
  } good[] = {{101, UDP4},
              {12, UDP4},
              {228, UDP4},
              {0, "02000000" UDP4},
              {108, "00000002" UDP4},
              {1, "ffffffffffff ffffffffffff 0800" UDP4},
              {1, "ffffffffffff ffffffffffff 8100 0001 0800" UDP4},
              {113, "0000 0304 0006 000000000000 0000 0800" UDP4},
              {276, "0800 0000 00000001 0304 00 06 0000000000000000" UDP4},
              {101, "60000000 000a 11 40 00000000000000000000000000000001 00000000000000000000000000000001 0001 0002 "
                    "000a 0000 6869"},
              {101, "60000000 0012 00 40 00000000000000000000000000000001 00000000000000000000000000000001 "
                    "1100000000000000 0001 0002 "
                    "000a 0000 6869"}};
  uint8_t keep[128];
  packet p;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    const char *why = parse(&p, good[i].link, good[i].hex, keep);
    ck_assert_msg(!why, "%zu: %s", i, why);
    ck_assert(p.from.port == 1 && p.to.port == 2 && p.len == 2 && memcmp(p.payload, "hi", 2) == 0 && !p.cut);
  }
  ck_assert_ptr_nonnull(parse(&p, 147, UDP4, keep));
  ck_assert_ptr_nonnull(parse(&p, 1, "ffffffffffff ffffffffffff 0806" UDP4, keep));
  ck_assert_ptr_nonnull(
      parse(&p, 101, "4500 001e 0000 2000 40 11 0000 7f000001 7f000001 0001 0002 000a 0000 6869", keep));
  ck_assert_ptr_null(parse(&p, 101, "4500 001e 0000 0000 40 11 0000 7f000001 7f000001 0001 0002 000a 0000 68", keep));
  ck_assert(p.cut && p.len == 1);
}
END_TEST

Suite *test_apps_decode(void) {
  static const unit_test tests[] = {UNIT(stun_says_what_is_there),
                                    UNIT(stun_says_which_byte_breaks_which_rule),
                                    UNIT(dtls_says_which_byte_breaks_which_rule),
                                    UNIT(sctp_says_which_byte_breaks_which_rule),
                                    UNIT(messages_are_put_together_and_told_in_order),
                                    UNIT(channels_say_which_byte_breaks_which_rule),
                                    UNIT(json_is_one_object_per_unit),
                                    UNIT(a_unit_alone_leaves_nothing_to_the_next),
                                    UNIT(tcp_is_read_to_the_multistream_level),
                                    UNIT(pcap_in_both_orders_and_resolutions),
                                    UNIT(pcapng_faults_are_named),
                                    UNIT(what_pcapng_writes_is_read_and_the_keys_come_first),
                                    UNIT(a_capture_cut_anywhere_is_read_as_far_as_it_goes),
                                    UNIT(link_layers)};
  return unit_suite("apps/decode", tests, sizeof tests / sizeof tests[0]);
}
