#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/capture.h"
#include "apps/packet.h"
#include "apps/pcapng.h"
#include "test/support/unit.h"

/* What capture.c and packet.c make of the file: the flags, sequence and acknowledgement numbers, and octets of each segment. */
typedef struct seen {
  char text[600];
  unsigned wrong;
} seen;

static uint32_t words(const uint8_t *data, size_t len) {
  uint32_t sum = 0;
  for (size_t i = 0; i < len; i++) sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
  return sum;
}

/* RFC 1071: with the checksum in place the sum is all ones. */
static bool sums_up(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

static void on_packet(void *user, const capture_packet *c) {
  seen *s = user;
  packet p;
  size_t n = strlen(s->text);
  ck_assert_ptr_null(packet_parse(&p, c->link, c->data, c->len));
  bool v6 = c->data[0] >> 4 == 6;
  size_t ip = v6 ? 40 : 20, at = v6 ? 8 : 12;
  const uint8_t *tcp = c->data + ip;
  uint32_t ack = (uint32_t)tcp[8] << 24 | (uint32_t)tcp[9] << 16 | (uint32_t)tcp[10] << 8 | tcp[11];
  s->wrong += !v6 && !sums_up(words(c->data, 20));
  s->wrong += !sums_up(words(c->data + at, ip - at) + 6 + (uint32_t)(c->len - ip) + words(tcp, c->len - ip));
  snprintf(s->text + n, sizeof s->text - n, "%c%s%s%s%s %08x %08x %.*s\n", p.from.port == 1234 ? '>' : '<',
           p.flags & 2 ? "S" : "", p.flags & 16 ? "A" : "", p.flags & 1 ? "F" : "", p.flags & 4 ? "R" : "",
           (unsigned)p.seq, (unsigned)ack, (int)p.len, (const char *)p.payload);
}

static void on_keylog(void *user, const uint8_t *text, size_t len) {
  (void)text;
  (void)len;
  ((seen *)user)->wrong++;
}

static void read_back(FILE *f, seen *s) {
  static uint8_t data[200000];
  char why[200];
  rewind(f);
  size_t n = fread(data, 1, sizeof data, f);
  ck_assert_int_eq(capture_read(data, n, &(capture_callbacks){on_packet, on_keylog}, s, why, sizeof why), WEFT_OK);
  fclose(f);
}

START_TEST(a_conversation_has_its_numbers_and_checksums) {
  static const char *const ends[][2] = {{"127.0.0.1:1234", "127.0.0.1:80"}, {"[::1]:1234", "[::1]:80"}};
  for (size_t i = 0; i < 2; i++) {
    seen s = {.wrong = 0};
    weft_addr dialer, listener;
    app_pcapng p;
    app_pcapng_flow f;
    FILE *file = tmpfile();
    weft_addr_parse(&dialer, ends[i][0]);
    weft_addr_parse(&listener, ends[i][1]);
    app_pcapng_begin(&p, file);
    app_pcapng_flow_open(&p, &f, &dialer, &listener, 1);
    app_pcapng_flow_data(&p, &f, true, (const uint8_t *)"odd", 3, 2);
    app_pcapng_flow_data(&p, &f, false, (const uint8_t *)"four", 4, 3);
    app_pcapng_flow_end(&p, &f, true, false, 4);
    app_pcapng_flow_end(&p, &f, true, false, 4); /* said once */
    app_pcapng_flow_end(&p, &f, false, true, 5);
    ck_assert(app_pcapng_end(&p));
    read_back(file, &s);
    /* RFC 9293 section 3.4: SYN and FIN count as an octet each */
    ck_assert_str_eq(s.text, ">S 40000000 00000000 \n"
                             "<SA 80000000 40000001 \n"
                             ">A 40000001 80000001 \n"
                             ">A 40000001 80000001 odd\n"
                             "<A 80000001 40000004 four\n"
                             ">AF 40000004 80000005 \n"
                             "<A 80000005 40000005 \n"
                             "<AR 80000005 40000005 \n");
    ck_assert_uint_eq(s.wrong, 0);
  }
}
END_TEST

static void count(void *user, const capture_packet *c) { *(size_t *)user += c->len - 40; }

START_TEST(what_is_longer_than_a_packet_is_in_several) {
  static uint8_t much[150000], data[200000];
  size_t octets = 0;
  char why[200];
  weft_addr a, b;
  app_pcapng p;
  app_pcapng_flow f;
  FILE *file = tmpfile();
  weft_addr_parse(&a, "127.0.0.1:1");
  weft_addr_parse(&b, "127.0.0.1:2");
  app_pcapng_begin(&p, file);
  app_pcapng_flow_open(&p, &f, &a, &b, 1);
  app_pcapng_flow_data(&p, &f, true, much, sizeof much, 2);
  ck_assert(app_pcapng_end(&p));
  rewind(file);
  size_t n = fread(data, 1, sizeof data, file);
  ck_assert_int_eq(capture_read(data, n, &(capture_callbacks){count, on_keylog}, &octets, why, sizeof why), WEFT_OK);
  fclose(file);
  ck_assert_uint_eq(octets, sizeof much + 2 * 4); /* both SYN have an option of four */
  ck_assert_uint_eq(f.next[1], (1u << 30) + 1 + sizeof much);
}
END_TEST

Suite *test_apps_pcapng(void) {
  static const unit_test tests[] = {UNIT(a_conversation_has_its_numbers_and_checksums),
                                    UNIT(what_is_longer_than_a_packet_is_in_several)};
  return unit_suite("apps/pcapng", tests, sizeof tests / sizeof tests[0]);
}
