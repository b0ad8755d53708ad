#include <stdio.h>
#include <string.h>

#include "apps/conform/judge.h"
#include "test/support/unit.h"

static json *parse(const char *text) {
  char err[96];
  return json_parse(text, strlen(text), err, sizeof err);
}

static bool same(const char *want, const char *got, char *why) {
  json *a = parse(want), *b = parse(got);
  bool is = conform_same(a, b, why, 200);
  json_free(a);
  json_free(b);
  return is;
}

START_TEST(fields_are_compared) {
  char why[200];
  ck_assert(same("{\"a\":1}", "{\"a\":\"1\",\"b\":2}", why));
  ck_assert(same("{\"a\":null}", "{}", why));
  ck_assert(same("{\"a\":[[1,2],{\"b\":true}]}", "{\"a\":[[1,2],{\"b\":true,\"c\":0}]}", why));
  ck_assert(!same("{\"a\":[1,2]}", "{\"a\":[1,2,3]}", why));
  ck_assert(!same("{\"a\":[]}", "{}", why));
  ck_assert(!same("{\"a\":null}", "{\"a\":0}", why));
  ck_assert(!same("{\"a\":true}", "{\"a\":\"true\"}", why));
  ck_assert(!same("{\"a\":\"\"}", "{\"a\":null}", why));
  ck_assert(!same("{\"a\":\"ab\"}", "{\"a\":\"a\"}", why));
}
END_TEST

START_TEST(the_first_difference_is_named) {
  char why[200];
  ck_assert(!same("{\"list\":[{\"x\":1},{\"x\":2}]}", "{\"list\":[{\"x\":1},{\"x\":3}]}", why));
  ck_assert_str_eq(why, "list.1.x is 3, expected 2");
}
END_TEST

static conform_verdict judge(conform_result result, conform_answer a, bool strict, const char *also) {
  char why[200];
  json *out = parse("{\"v\":1}"), *more = also ? parse(also) : NULL;
  conform_case c = {
      .id = "x", .result = result, .error = result == CONFORM_INVALID ? "auth" : NULL, .rule = "r", .also = more};
  c.out = result == CONFORM_VALID ? out : NULL;
  conform_verdict v = conform_judge(&c, &a, strict, why, sizeof why);
  json_free(out);
  json_free(more);
  json_free(a.out);
  return v;
}

static conform_answer answer(conform_status s, const char *out) {
  return (conform_answer){.status = s, .out = out ? parse(out) : NULL};
}

START_TEST(verdicts) {
  ck_assert_int_eq(judge(CONFORM_VALID, answer(CONFORM_OK, "{\"v\":1}"), true, NULL), CONFORM_PASS);
  ck_assert_int_eq(judge(CONFORM_VALID, answer(CONFORM_OK, "{\"v\":2}"), true, NULL), CONFORM_FAIL);
  ck_assert_int_eq(judge(CONFORM_VALID, answer(CONFORM_AUTH, NULL), true, NULL), CONFORM_FAIL);
  ck_assert_int_eq(judge(CONFORM_VALID, answer(CONFORM_BAD, NULL), true, NULL), CONFORM_FAIL);
  ck_assert_int_eq(judge(CONFORM_VALID, answer(CONFORM_UNSUPPORTED, NULL), true, NULL), CONFORM_SKIP);
  ck_assert_int_eq(judge(CONFORM_INVALID, answer(CONFORM_OK, "{}"), false, NULL), CONFORM_FAIL);
  ck_assert_int_eq(judge(CONFORM_INVALID, answer(CONFORM_AUTH, NULL), true, NULL), CONFORM_PASS);
  ck_assert_int_eq(judge(CONFORM_INVALID, answer(CONFORM_STATE, NULL), false, NULL), CONFORM_PASS);
  ck_assert_int_eq(judge(CONFORM_INVALID, answer(CONFORM_STATE, NULL), true, NULL), CONFORM_FAIL);
  ck_assert_int_eq(judge(CONFORM_ACCEPTABLE, answer(CONFORM_STATE, NULL), true, NULL), CONFORM_PASS);
  ck_assert_int_eq(judge(CONFORM_ACCEPTABLE, answer(CONFORM_OK, "{}"), true, NULL), CONFORM_PASS);
  ck_assert_int_eq(judge(CONFORM_VALID, (conform_answer){.outcome = CONFORM_HUNG}, true, NULL), CONFORM_HANG);
  ck_assert_int_eq(judge(CONFORM_VALID, (conform_answer){.outcome = CONFORM_CRASHED}, true, NULL), CONFORM_CRASH);
  ck_assert_int_eq(judge(CONFORM_VALID, (conform_answer){.outcome = CONFORM_GARBAGE}, true, NULL), CONFORM_BROKEN);
}
END_TEST

START_TEST(also_counts_where_it_is_answered) {
  ck_assert_int_eq(judge(CONFORM_VALID, answer(CONFORM_OK, "{\"v\":1}"), true, "{\"w\":2}"), CONFORM_PASS);
  ck_assert_int_eq(judge(CONFORM_VALID, answer(CONFORM_OK, "{\"v\":1,\"w\":2}"), true, "{\"w\":2}"), CONFORM_PASS);
  ck_assert_int_eq(judge(CONFORM_VALID, answer(CONFORM_OK, "{\"v\":1,\"w\":3}"), true, "{\"w\":2}"), CONFORM_FAIL);
}
END_TEST

START_TEST(a_partial_answer_may_leave_fields_out) {
  conform_answer a = answer(CONFORM_OK, "{}");
  ck_assert_int_eq(judge(CONFORM_VALID, a, true, NULL), CONFORM_FAIL);
  a = answer(CONFORM_OK, "{}");
  a.partial = true;
  ck_assert_int_eq(judge(CONFORM_VALID, a, true, NULL), CONFORM_PASS);
  a = answer(CONFORM_OK, "{\"v\":2}");
  a.partial = true;
  ck_assert_int_eq(judge(CONFORM_VALID, a, true, NULL), CONFORM_FAIL);
}
END_TEST

START_TEST(a_partial_answer_may_leave_fields_of_its_parts_out) {
  static const struct {
    const char *out;
    bool partial;
    conform_verdict verdict;
  } rows[] = {{"{\"list\":[{\"a\":1}]}", false, CONFORM_FAIL},
              {"{\"list\":[{\"a\":1}]}", true, CONFORM_PASS},
              {"{\"list\":[{\"a\":3}]}", true, CONFORM_FAIL},
              {"{\"list\":[]}", true, CONFORM_FAIL}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char why[200];
    json *want = parse("{\"list\":[{\"a\":1,\"b\":2}]}");
    conform_answer a = answer(CONFORM_OK, rows[i].out);
    conform_case c = {.id = "x", .result = CONFORM_VALID, .out = want};
    a.partial = rows[i].partial;
    ck_assert_int_eq(conform_judge(&c, &a, true, why, sizeof why), rows[i].verdict);
    json_free(want);
    json_free(a.out);
  }
}
END_TEST

START_TEST(randomness_runs_out) {
  json *in = parse("{\"rng\":\"0102\",\"hello\":\"00\"}"), *out = json_new(JSON_OBJECT);
  conform_call c = {in, out, NULL};
  weft_rng rng;
  uint8_t got[2];
  ck_assert(conform_rng(&c, &rng));
  ck_assert_int_eq(rng.fill(rng.ctx, got, 1), 0);
  ck_assert_int_eq(rng.fill(rng.ctx, got + 1, 1), 0);
  ck_assert(got[0] == 1 && got[1] == 2);
  ck_assert_int_ne(rng.fill(rng.ctx, got, 1), 0);
  ck_assert_int_eq(conform_op("dtls_cookie.exchange", in, out), CONFORM_BAD);
  ck_assert_int_eq(conform_op("no.such", in, out), CONFORM_UNSUPPORTED);
  conform_release(&c);
  json_free(in);
  json_free(out);
}
END_TEST

/* A case that somebody wrote by hand: what is no text, too much, or too many is not understood. */
START_TEST(questions_that_no_case_is) {
  static const char *const rows[][2] = {
      {"multistream.negotiate", "{\"role\":\"dialer\",\"protocols\":[\"/a\",[]],\"input\":[]}"},
      {"multistream.negotiate", "{\"role\":\"dialer\",\"protocols\":[],\"input\":[]}"},
      {"multistream.negotiate",
       "{\"role\":\"dialer\",\"protocols\":[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
       "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\"],\"input\":[]}"},
      {"dcep.encode",
       "{\"channel_type\":0,\"priority\":0,\"reliability_parameter\":0,\"label\":[1],\"protocol\":\"\"}"},
      {"dcep.encode",
       "{\"channel_type\":0,\"priority\":0,\"reliability_parameter\":0,\"label\":\"\",\"protocol\":{\"a\":1}}"},
      {"multiaddr.parse", "{\"text\":[\"/ws\"]}"},
      {"multibase.decode", "{\"text\":7}"},
      {"peer_id.parse", "{\"text\":null}"},
      {"fingerprint.parse", "{\"text\":{}}"},
      {"ice_candidate.parse", "{\"text\":[]}"},
      {"ice_credentials.check", "{\"kind\":\"ufrag\",\"value\":1234}"},
      {"sdp.parse", "{\"text\":true}"},
      {"signaling.candidate", "{\"json\":{}}"},
      {"yamux_session.receive",
       "{\"receiver\":\"client\",\"frames\":[{\"header\":\"000000000000000200000001\",\"fill\":\"00\","
       "\"count\":1,\"times\":1025}]}"},
  };
  for (size_t i = 0; i < WEFT_ARRAY_LEN(rows); i++) {
    json *in = parse(rows[i][1]), *out = json_new(JSON_OBJECT);
    ck_assert_msg(conform_op(rows[i][0], in, out) == CONFORM_BAD, "%s %s", rows[i][0], rows[i][1]);
    json_free(in);
    json_free(out);
  }
}
END_TEST

Suite *test_apps_conform(void) {
  static const unit_test tests[] = {
      UNIT(fields_are_compared),
      UNIT(the_first_difference_is_named),
      UNIT(verdicts),
      UNIT(questions_that_no_case_is),
      UNIT(also_counts_where_it_is_answered),
      UNIT(a_partial_answer_may_leave_fields_out),
      UNIT(a_partial_answer_may_leave_fields_of_its_parts_out),
      UNIT(randomness_runs_out),
  };
  return unit_suite("apps/conform", tests, sizeof tests / sizeof tests[0]);
}
