#include "test/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "apps/mdns.h"
#include "base/bytes.h"
#include "test/support/hex.h"
#include "test/support/rng.h"

#define NAME "3a5b6c7d-0000-4000-8000-123456789abc.local"

static struct {
  test_rng random;
  app_mdns m;
  uint8_t sent[256][128];
  size_t sent_len[256], sent_n;
  char found[16][64];
  weft_addr ip[16];
  size_t found_n, ended_n;
  unsigned ended_with;
  bool ask_again;
} t;

static void on_output(void *user, const uint8_t *data, size_t len, weft_time now) {
  (void)user, (void)now;
  ck_assert_uint_lt(t.sent_n, 256);
  ck_assert_uint_le(len, sizeof t.sent[0]);
  memcpy(t.sent[t.sent_n], data, len);
  t.sent_len[t.sent_n++] = len;
}

static void on_found(void *user, const char *name, const weft_addr *ip, weft_time now) {
  (void)user;
  ck_assert_uint_lt(t.found_n, 16);
  strcpy(t.found[t.found_n], name);
  t.ip[t.found_n++] = *ip;
  if (t.ask_again) ck_assert_int_eq(app_mdns_ask(&t.m, "another.local", now), WEFT_OK);
}

static void on_ended(void *user, const char *name, unsigned addresses, weft_time now) {
  (void)user;
  t.ended_n++;
  t.ended_with = addresses;
  if (t.ask_again) ck_assert_int_eq(app_mdns_ask(&t.m, name, now), WEFT_OK);
}

static void set_up(void) {
  memset(&t, 0, sizeof t);
  weft_rng rng = test_rng_init(&t.random, 7);
  app_mdns_init(&t.m, &rng, &(app_mdns_callbacks){on_output, on_found, on_ended}, NULL);
}

static weft_addr from_port(uint16_t port) { return weft_addr_ip4((const uint8_t[4]){192, 0, 2, 9}, port); }

static void hear(const void *data, size_t len) {
  weft_addr from = from_port(5353);
  app_mdns_input(&t.m, &from, data, len, 1);
}

#define HEADER(id_hi, id_lo, answers) id_hi, id_lo, 0x84, 0, 0, 0, 0, answers, 0, 0, 0, 0
#define LABELS \
  36, '3', 'a', '5', 'b', '6', 'c', '7', 'd', '-', '0', '0', '0', '0', '-', '4', '0', '0', '0', '-', '8', '0', '0', \
      '0', '-', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 5, 'l', 'o', 'c', 'a', 'l', 0
#define A_RECORD(d) 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 192, 0, 2, d
#define AAAA_RECORD(d) 0, 28, 0x80, 1, 0, 0, 0, 120, 0, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, d

START_TEST(asks_as_the_rfc_says) {
  static const uint8_t labels[] = {LABELS};
  set_up();
  ck_assert_int_eq(app_mdns_ask(&t.m, NAME, 0), WEFT_OK);
  ck_assert_int_eq(app_mdns_ask(&t.m, NAME, 0), WEFT_OK); /* under way already */
  ck_assert_uint_eq(t.sent_n, 2);
  for (size_t i = 0; i < 2; i++) {
    const uint8_t *q = t.sent[i];
    static const uint8_t head[10] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0}; /* flags, one question, nothing else */
    ck_assert_uint_eq(t.sent_len[i], 12 + sizeof labels + 4);
    ck_assert_mem_eq(q + 2, head, sizeof head);
    ck_assert_mem_eq(q + 12, labels, sizeof labels);
    const uint8_t type[4] = {0, i == 0 ? 1 : 28, 0, 1};
    ck_assert_mem_eq(q + 12 + sizeof labels, type, 4);
  }
  ck_assert_uint_eq(app_mdns_deadline(&t.m), WEFT_SEC(1));
  for (unsigned s = 1; s <= 3; s++) {
    app_mdns_tick(&t.m, WEFT_SEC(s) - 1);
    app_mdns_tick(&t.m, WEFT_SEC(s));
    ck_assert_uint_eq(t.sent_n, s < 3 ? 2 * (s + 1) : 6);
    ck_assert_uint_eq(t.ended_n, s == 3);
  }
  ck_assert_uint_eq(t.ended_with, 0);
  ck_assert_uint_eq(app_mdns_deadline(&t.m), WEFT_NEVER);
}
END_TEST

START_TEST(takes_every_address_of_the_name_once) {
  static const uint8_t both[] = {HEADER(0, 0, 2), LABELS, A_RECORD(5), 0xc0, 12, AAAA_RECORD(5)};
  static const uint8_t again[] = {HEADER(0, 0, 1), LABELS, A_RECORD(5)};
  set_up();
  ck_assert_int_eq(app_mdns_ask(&t.m, "3A5B6C7D-0000-4000-8000-123456789abc.LOCAL", 0), WEFT_OK);
  hear(both, sizeof both);
  hear(again, sizeof again);
  ck_assert_uint_eq(t.found_n, 2);
  ck_assert_str_eq(t.found[0], "3A5B6C7D-0000-4000-8000-123456789abc.LOCAL"); /* as it was asked for */
  char text[WEFT_ADDR_TEXT_MAX];
  ck_assert_str_eq(weft_addr_format_ip(&t.ip[0], text, sizeof text), "192.0.2.5");
  ck_assert_uint_eq(t.ip[0].port, 0);
  ck_assert_str_eq(weft_addr_format_ip(&t.ip[1], text, sizeof text), "2001:db8::5");
  ck_assert_uint_eq(app_mdns_deadline(&t.m), WEFT_SEC(1) + 1); /* a second for others to follow, and no more queries */
  app_mdns_tick(&t.m, WEFT_SEC(1) + 1);
  ck_assert_uint_eq(t.sent_n, 2);
  ck_assert_uint_eq(t.ended_n, 1);
  ck_assert_uint_eq(t.ended_with, 2);
}
END_TEST

/* As Chromium 156 answered our two questions: the address with a negative answer (NSEC) for the other family behind it, and
 * the other way round; no questions, id 0, to the group. */
START_TEST(a_browsers_answers) {
  static const char name[] = "51a75425-f5ae-482d-abb9-11cf24ba08cd.local";
  static const char *const seen[] = {
      "0000 8400 0000 0001 0000 0001 24 35316137353432352d663561652d343832642d616262392d313163663234626130386364"
      "05 6c6f63616c 00 0001 8001 00000078 0004 0a4e0001 24"
      "35316137353432352d663561652d343832642d616262392d313163663234626130386364 05 6c6f63616c 00"
      "002f 8001 00000078 0005 c046 0001 40",
      "0000 8400 0000 0001 0000 0001 24 35316137353432352d663561652d343832642d616262392d313163663234626130386364"
      "05 6c6f63616c 00 002f 8001 00000078 0005 c00c 0001 40 24"
      "35316137353432352d663561652d343832642d616262392d313163663234626130386364 05 6c6f63616c 00"
      "0001 8001 00000078 0004 0a4e0001"};
  for (size_t i = 0; i < 2; i++) {
    uint8_t buf[256];
    char text[WEFT_ADDR_TEXT_MAX];
    set_up();
    ck_assert_int_eq(app_mdns_ask(&t.m, name, 0), WEFT_OK);
    hear(buf, hex_into(buf, sizeof buf, seen[i]));
    ck_assert_uint_eq(t.found_n, 1);
    ck_assert_str_eq(weft_addr_format_ip(&t.ip[0], text, sizeof text), "10.78.0.1");
    ck_assert_uint_eq(t.m.dropped, 0);
  }
}
END_TEST

START_TEST(four_addresses_are_enough) {
  set_up();
  ck_assert_int_eq(app_mdns_ask(&t.m, NAME, 0), WEFT_OK);
  for (uint8_t i = 0; i < 10; i++) {
    const uint8_t one[] = {HEADER(0, 0, 1), LABELS, A_RECORD(i)};
    hear(one, sizeof one);
  }
  ck_assert_uint_eq(t.found_n, 4);
}
END_TEST

START_TEST(the_zone_is_where_the_answer_came_from) {
  uint8_t local[] = {HEADER(0, 0, 1), LABELS, AAAA_RECORD(5)};
  static const uint8_t source[16] = {0xfe, 0x80, [15] = 9};
  weft_addr from = weft_addr_ip6(source, 5353);
  from.scope = 7;
  set_up();
  memcpy(local + sizeof local - 16, "\xfe\x80\0\0", 4);
  ck_assert_int_eq(app_mdns_ask(&t.m, NAME, 0), WEFT_OK);
  app_mdns_input(&t.m, &from, local, sizeof local, 1);
  ck_assert_uint_eq(t.found_n, 1);
  ck_assert_uint_eq(t.ip[0].scope, 7);
}
END_TEST

START_TEST(what_is_no_answer_of_ours_is_dropped) {
  static const uint8_t other_id[] = {HEADER(0xff, 0xfe, 1), LABELS, A_RECORD(5)};
  static const uint8_t other_name[] = {HEADER(0, 0, 1), 3, 'a', 'b', 'c', 5, 'l', 'o', 'c', 'a', 'l', 0, A_RECORD(5)};
  static const uint8_t goodbye[] = {HEADER(0, 0, 1), LABELS, 0, 1, 0x80, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 5};
  static const uint8_t other_class[] = {HEADER(0, 0, 1), LABELS, 0, 1, 0, 3, 0, 0, 0, 9, 0, 4, 192, 0, 2, 5};
  static const uint8_t five_bytes[] = {HEADER(0, 0, 1), LABELS, 0, 1, 0, 1, 0, 0, 0, 9, 0, 5, 192, 0, 2, 5, 5};
  static const uint8_t text_record[] = {HEADER(0, 0, 1), LABELS, 0, 16, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 5};
  static const uint8_t root[] = {HEADER(0, 0, 1), 0, A_RECORD(5)};
  uint8_t good[] = {HEADER(0, 0, 1), LABELS, A_RECORD(5)};
  set_up();
  ck_assert_int_eq(app_mdns_ask(&t.m, NAME, 0), WEFT_OK);
  hear(other_id, sizeof other_id);
  hear(other_name, sizeof other_name);
  hear(goodbye, sizeof goodbye);
  hear(other_class, sizeof other_class);
  hear(five_bytes, sizeof five_bytes);
  hear(text_record, sizeof text_record);
  hear(root, sizeof root);
  weft_addr elsewhere = from_port(5354);
  app_mdns_input(&t.m, &elsewhere, good, sizeof good, 1); /* RFC 6762 section 6: answers come from port 5353 */
  good[2] = 0x04;
  hear(good, sizeof good); /* a query */
  good[2] = 0x8c;
  hear(good, sizeof good); /* another opcode */
  good[2] = 0x84;
  good[3] = 3;
  hear(good, sizeof good); /* an error */
  ck_assert_uint_eq(t.found_n, 0);
  ck_assert_uint_eq(t.m.dropped, 11);
  good[3] = 0;
  for (size_t n = 0; n < sizeof good; n++) hear(good, n);
  ck_assert_uint_eq(t.found_n, 0);
  good[0] = t.sent[0][0];
  good[1] = t.sent[0][1];
  hear(good, sizeof good);
  ck_assert_uint_eq(t.found_n, 1);
}
END_TEST

/* pointers that lead forwards, to themselves, in circles, out of the message; labels and names that are too long */
START_TEST(broken_names_end) {
  static const uint8_t itself[] = {HEADER(0, 0, 1), 0xc0, 12, A_RECORD(5)};
  static const uint8_t forwards[] = {HEADER(0, 0, 1), 0xc0, 14, A_RECORD(5)};
  static const uint8_t outside[] = {HEADER(0, 0, 1), 0xff, 0xff, A_RECORD(5)};
  static const uint8_t reserved[] = {HEADER(0, 0, 1), 0x80, 1, A_RECORD(5)};
  static const uint8_t circle[] = {HEADER(0, 0, 2), 1, 'a', 0xc0, 12, A_RECORD(5), 0xc0, 12, A_RECORD(5)};
  uint8_t lengthy[12 + 5 * 64 + 1 + 14] = {HEADER(0, 0, 1)};
  set_up();
  ck_assert_int_eq(app_mdns_ask(&t.m, NAME, 0), WEFT_OK);
  hear(itself, sizeof itself);
  hear(forwards, sizeof forwards);
  hear(outside, sizeof outside);
  hear(reserved, sizeof reserved);
  hear(circle, sizeof circle);
  for (size_t i = 0; i < 5; i++) lengthy[12 + 64 * i] = 63;
  hear(lengthy, sizeof lengthy);
  ck_assert_uint_eq(t.found_n, 0);
  ck_assert_uint_eq(t.m.dropped, 6);
}
END_TEST

START_TEST(names_and_their_number_are_bounded) {
  static const char *const bad[] = {
      "",          "local",
      ".local",    "a.b.local",
      "a.example", "a.local.",
      "a_b.local", "a.localhost",
      "a b.local", "a23456789012345678901234567890123456789012345678901234567890123.local"};
  set_up();
  for (size_t i = 0; i < WEFT_ARRAY_LEN(bad); i++)
    ck_assert_msg(app_mdns_ask(&t.m, bad[i], 0) == WEFT_EINVAL, "%s", bad[i]);
  for (unsigned i = 0; i < 33; i++) {
    char name[32];
    snprintf(name, sizeof name, "n%u.local", i);
    ck_assert_int_eq(app_mdns_ask(&t.m, name, 0), i < 32 ? WEFT_OK : WEFT_ELIMIT);
  }
  app_mdns_tick(&t.m, WEFT_SEC(1));
  app_mdns_tick(&t.m, WEFT_SEC(2));
  app_mdns_tick(&t.m, WEFT_SEC(3));
  ck_assert_uint_eq(t.ended_n, 32);
  ck_assert_int_eq(app_mdns_ask(&t.m, NAME, WEFT_SEC(3)), WEFT_OK);
  app_mdns_tick(&t.m, WEFT_SEC(6));
  t.random.fail_on = true;
  ck_assert_int_eq(app_mdns_ask(&t.m, "b.local", WEFT_SEC(6)), WEFT_ERANDOM);
}
END_TEST

START_TEST(asking_from_inside) {
  static const uint8_t good[] = {HEADER(0, 0, 1), LABELS, A_RECORD(5)};
  set_up();
  ck_assert_int_eq(app_mdns_ask(&t.m, NAME, 0), WEFT_OK);
  t.ask_again = true;
  hear(good, sizeof good);
  ck_assert_uint_eq(t.sent_n, 4);
  app_mdns_tick(&t.m, WEFT_SEC(2)); /* the first ends and is asked again at once */
  ck_assert_uint_eq(t.ended_n, 1);
  ck_assert_uint_eq(t.sent_n, 8);
}
END_TEST

Suite *test_apps_mdns(void) {
  static const unit_test tests[] = {UNIT(asks_as_the_rfc_says),
                                    UNIT(takes_every_address_of_the_name_once),
                                    UNIT(a_browsers_answers),
                                    UNIT(four_addresses_are_enough),
                                    UNIT(the_zone_is_where_the_answer_came_from),
                                    UNIT(what_is_no_answer_of_ours_is_dropped),
                                    UNIT(broken_names_end),
                                    UNIT(names_and_their_number_are_bounded),
                                    UNIT(asking_from_inside)};
  return unit_suite("apps/mdns", tests, sizeof tests / sizeof tests[0]);
}
