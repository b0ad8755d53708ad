#define _GNU_SOURCE
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/redis.h"
#include "test/support/unit.h"

static app_redis r;
static int server;
static char value[64], why[256];

/* What the server will have said before it is asked; then it is gone, unless it stays. */
static void says(const char *answer, bool stays) {
  int ends[2];
  memset(&r, 0, sizeof r);
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  r.fd = ends[0];
  server = ends[1];
  ck_assert_int_eq(write(server, answer, strlen(answer)), (ssize_t)strlen(answer));
  if (!stays) shutdown(server, SHUT_WR);
}

static void done(void) {
  app_redis_close(&r);
  close(server);
}

static int pop(const char *answer) {
  says(answer, false);
  int rc = app_redis_pop(&r, "key", 5, value, sizeof value, why, sizeof why);
  return rc;
}

static void asked(const char *want) {
  char got[256] = "";
  ssize_t n = read(server, got, sizeof got - 1);
  ck_assert_int_ge(n, 0);
  ck_assert_str_eq(got, want);
}

START_TEST(blpop_takes_the_value_behind_the_key) {
  ck_assert_int_eq(pop("*2\r\n$3\r\nkey\r\n$7\r\na\r\nb:\x01!\r\n"), WEFT_OK);
  ck_assert_str_eq(value, "a\r\nb:\x01!"); /* by its length, whatever is in it */
  asked("*3\r\n$5\r\nBLPOP\r\n$3\r\nkey\r\n$1\r\n1\r\n");
  done();
}
END_TEST

START_TEST(nothing_there_yet_is_asked_again) {
  ck_assert_int_eq(pop("*-1\r\n*-1\r\n*2\r\n$3\r\nkey\r\n$1\r\nx\r\n"), WEFT_OK);
  ck_assert_str_eq(value, "x");
  done();
  says("", true);
  ck_assert_int_eq(app_redis_pop(&r, "key", 0, value, sizeof value, why, sizeof why), WEFT_ETIMEDOUT);
  ck_assert_str_eq(why, "redis: nobody has published an address under: key");
  done();
}
END_TEST

START_TEST(a_plain_value_is_got) {
  ck_assert_int_eq(pop("-WRONGTYPE Operation against a key\r\n$2\r\nok\r\n"), WEFT_OK);
  ck_assert_str_eq(value, "ok");
  asked("*3\r\n$5\r\nBLPOP\r\n$3\r\nkey\r\n$1\r\n1\r\n*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
  done();
}
END_TEST

START_TEST(faults_are_named) {
  static const struct {
    const char *answer, *why;
  } cases[] = {{"-NOAUTH Authentication required.\r\n", "redis: the server says: NOAUTH Authentication required."},
               {"HTTP/1.1 400 Bad Request\r\n\r\n", "redis: not a Redis server: it says: HTTP/1.1 400 Bad Request"},
               {"*2\r\n$3\r\nkey\r\n$64\r\n", "redis: a value of this length is not taken: 64"},
               {"*2\r\n$3\r\nkey\r\n$-7x\r\n", "redis: the server closed the connection"},
               {"*65\r\n", "redis: an answer that was not asked for: *65"},
               {"*2\r\n$3\r\nke", "redis: the server closed the connection"},
               {"", "redis: the server closed the connection"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ck_assert_int_ne(pop(cases[i].answer), WEFT_OK);
    ck_assert_str_eq(why, cases[i].why);
    done();
  }
}
END_TEST

START_TEST(an_answer_without_an_end_is_given_up) {
  static char junk[9000];
  memset(junk, 'x', sizeof junk - 1);
  ck_assert_int_ne(pop(junk), WEFT_OK);
  ck_assert_str_eq(why, "redis: an answer too long to be one");
  done();
}
END_TEST

START_TEST(push_appends) {
  says(":1\r\n", false);
  ck_assert_int_eq(app_redis_push(&r, "k", "/ip4/1", why, sizeof why), WEFT_OK);
  asked("*3\r\n$5\r\nRPUSH\r\n$1\r\nk\r\n$6\r\n/ip4/1\r\n");
  done();
}
END_TEST

START_TEST(addresses) {
  ck_assert_int_eq(app_redis_open(&r, "", why, sizeof why), WEFT_EINTERNAL);
  ck_assert_int_eq(app_redis_open(&r, ":6379", why, sizeof why), WEFT_EINTERNAL);
  ck_assert_int_eq(app_redis_open(&r, "127.0.0.1:1", why, sizeof why), WEFT_EINTERNAL);
  ck_assert_str_eq(why, "redis: 127.0.0.1:1: Connection refused");
  app_redis_close(&r);
}
END_TEST

Suite *test_apps_redis(void) {
  static const unit_test tests[] = {UNIT(blpop_takes_the_value_behind_the_key),
                                    UNIT(nothing_there_yet_is_asked_again),
                                    UNIT(a_plain_value_is_got),
                                    UNIT(faults_are_named),
                                    UNIT(an_answer_without_an_end_is_given_up),
                                    UNIT(push_appends),
                                    UNIT(addresses)};
  return unit_suite("apps/redis", tests, sizeof tests / sizeof tests[0]);
}
