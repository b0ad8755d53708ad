/* Connections to a TCP port of a libp2p node on this machine that mean no good.
 *   attack PORT silent N     N connections from 127.0.0.2 and on, 40 from each, that say nothing; held until standard input ends
 *   attack PORT here N       the same, all from 127.0.0.1
 *   attack PORT garbage N    N connections, one after another, of random bytes, then an end
 *   attack PORT cut N        N connections that begin well and are reset in the middle of the Noise handshake
 * The seed is fixed. Prints what was done; exit 1 when a connection could not even be made. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PER_SOURCE = 40 };

static uint64_t dice = 1;

static uint8_t roll(void) {
  dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint8_t)(dice >> 40);
}

static int dial(const char *port, unsigned source) {
  struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
  from.sin_addr.s_addr = htonl(0x7f000001u + source);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons((uint16_t)atoi(port));
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
      connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
    perror("attack");
    exit(1);
  }
  return fd;
}

static void say(int fd, const void *data, size_t len) {
  if (send(fd, data, len, MSG_NOSIGNAL) < 0) return; /* cut off already: as well */
}

static void say_garbage(int fd, size_t len) {
  uint8_t buf[8192];
  for (size_t i = 0; i < len; i++) buf[i] = roll();
  say(fd, buf, len);
}

static void silent(const char *port, unsigned n, unsigned first) {
  char byte;
  for (unsigned i = 0; i < n; i++) dial(port, first ? first + i / PER_SOURCE : 0);
  printf("holding %u\n", n);
  fflush(stdout);
  while (read(STDIN_FILENO, &byte, 1) > 0) {}
}

static void garbage(const char *port, unsigned n) {
  for (unsigned i = 0; i < n; i++) {
    int fd = dial(port, 0);
    say_garbage(fd, 1 + (size_t)roll() * 32);
    close(fd);
  }
  printf("garbage %u\n", n);
}

static void cut(const char *port, unsigned n) {
  static const char opening[] = "\x13/multistream/1.0.0\n\x07/noise\n";
  struct linger hard = {1, 0};
  for (unsigned i = 0; i < n; i++) {
    int fd = dial(port, 0);
    say(fd, opening, sizeof opening - 1);
    say_garbage(fd, roll() % 40u);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
  }
  printf("cut %u\n", n);
}

int main(int argc, char **argv) {
  struct rlimit r;
  if (argc != 4) return 2;
  if (getrlimit(RLIMIT_NOFILE, &r) == 0) r.rlim_cur = r.rlim_max, setrlimit(RLIMIT_NOFILE, &r);
  unsigned n = (unsigned)atoi(argv[3]);
  if (strcmp(argv[2], "silent") == 0)
    silent(argv[1], n, 1);
  else if (strcmp(argv[2], "here") == 0)
    silent(argv[1], n, 0);
  else if (strcmp(argv[2], "garbage") == 0)
    garbage(argv[1], n);
  else if (strcmp(argv[2], "cut") == 0)
    cut(argv[1], n);
  else
    return 2;
  return 0;
}
