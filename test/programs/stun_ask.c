/* Asks a UDP port on 127.0.0.1 as a STUN client would, and as one should not.
 *   stun_ask PORT plain    one request: header and XOR-MAPPED-ADDRESS alone come back, and the address is ours
 *   stun_ask PORT flood    100 requests within a second: at most ten answers in each second
 *   stun_ask PORT odd      requests that are not to be answered: with credentials of nobody, with what nobody knows, no request at all
 *   stun_ask PORT none     one request: nothing comes back */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <weft/stun/stun.h>

enum { QUIET_MS = 400, FLOOD = 100 };

static int fd;
static weft_addr own;

static int complain(const char *text) {
  printf("%s\n", text);
  return 1;
}

static int open_socket(const char *port) {
  struct sockaddr_in to = {.sin_family = AF_INET}, me;
  socklen_t n = sizeof me;
  to.sin_port = htons((uint16_t)atoi(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) return -1;
  if (getsockname(fd, (struct sockaddr *)&me, &n) != 0) return -1;
  own = weft_addr_ip4((const uint8_t *)&me.sin_addr.s_addr, ntohs(me.sin_port));
  return 0;
}

static void request(uint8_t number, uint16_t extra, const char *value) {
  uint8_t txid[12] = {number}, buf[128];
  weft_stun_writer w;
  size_t len;
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
  if (extra) weft_stun_put(&w, extra, value, strlen(value));
  if (weft_stun_end(&w, &len) == WEFT_OK && send(fd, buf, len, 0) < 0) return;
}

/* 0: nothing came within QUIET_MS. */
static ssize_t answer(uint8_t *buf, size_t cap, int ms) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  return poll(&p, 1, ms) > 0 ? recv(fd, buf, cap, 0) : 0;
}

static int plain(void) {
  uint8_t buf[512];
  weft_stun_msg m;
  weft_stun_attr a;
  weft_addr mapped;
  request(1, 0, NULL);
  ssize_t n = answer(buf, sizeof buf, 5000);
  if (n != 32) return complain("not the 32 bytes of a header and an IPv4 XOR-MAPPED-ADDRESS");
  if (weft_stun_parse(&m, buf, (size_t)n) != WEFT_OK || m.cls != WEFT_STUN_SUCCESS) return complain("no success");
  if (m.txid[0] != 1) return complain("another transaction");
  if (weft_stun_find(&m, WEFT_STUN_XOR_MAPPED_ADDRESS, &a) != WEFT_OK) return complain("no address");
  if (weft_stun_get_xor_address(&m, &a, &mapped) != WEFT_OK || !weft_addr_equal(&mapped, &own))
    return complain("another address");
  return 0;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int flood(void) {
  uint8_t buf[512];
  unsigned answers = 0;
  double begin = now();
  for (uint8_t i = 0; i < FLOOD; i++) request(i, 0, NULL);
  while (answer(buf, sizeof buf, QUIET_MS) > 0) answers++;
  unsigned seconds = (unsigned)(now() - begin) + 2; /* as many begun seconds may have been touched */
  printf("%u answers to %d requests\n", answers, FLOOD);
  return answers <= 10 * seconds && answers < FLOOD / 2 ? 0 : 1;
}

static int odd(void) {
  uint8_t buf[512], txid[12] = {9};
  weft_stun_writer w;
  size_t len;
  sleep(1); /* the second of an earlier flood is over */
  request(1, WEFT_STUN_USERNAME, "a:b");
  request(2, 0x0003, "abcd"); /* CHANGE-REQUEST, which must be understood: an error elsewhere */
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_INDICATION, WEFT_STUN_BINDING, txid);
  if (weft_stun_end(&w, &len) == WEFT_OK) (void)!write(fd, buf, len);
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_SUCCESS, WEFT_STUN_BINDING, txid);
  weft_stun_put_xor_address(&w, WEFT_STUN_XOR_MAPPED_ADDRESS, &own);
  if (weft_stun_end(&w, &len) == WEFT_OK) (void)!write(fd, buf, len);
  weft_stun_begin(&w, buf, sizeof buf, WEFT_STUN_REQUEST, 0x003, txid); /* TURN Allocate */
  if (weft_stun_end(&w, &len) == WEFT_OK) (void)!write(fd, buf, len);
  return answer(buf, sizeof buf, QUIET_MS) > 0 ? complain("an answer") : 0;
}

static int none(void) {
  uint8_t buf[512];
  request(1, 0, NULL);
  return answer(buf, sizeof buf, QUIET_MS) > 0 ? complain("an answer") : 0;
}

int main(int argc, char **argv) {
  if (argc != 3 || open_socket(argv[1]) != 0) return 2;
  if (strcmp(argv[2], "plain") == 0) return plain();
  if (strcmp(argv[2], "flood") == 0) return flood();
  if (strcmp(argv[2], "odd") == 0) return odd();
  return strcmp(argv[2], "none") == 0 ? none() : 2;
}
