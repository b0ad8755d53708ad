/* Binding requests to a webrtc-direct server on 127.0.0.1 from 100,000 addresses and ports of 127.0.0.0/8, each with a good user name of its
 * own: what an attacker does who makes sources up. Says how many answers came to it.
 * Usage: flood PORT [COUNT] */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "stun/stun.h"

enum { PAUSE_EVERY = 64 };

static size_t request(uint8_t *buf, size_t cap, uint32_t number) {
  weft_stun_writer w;
  char key[64], name[160];
  uint8_t txid[12];
  size_t n = 0;
  memset(txid, 0, sizeof txid);
  memcpy(txid, &number, sizeof number);
  snprintf(key, sizeof key, "libp2p+webrtc+v1/flood%027u", number);
  snprintf(name, sizeof name, "%s:%s", key, key);
  weft_stun_begin(&w, buf, cap, WEFT_STUN_REQUEST, WEFT_STUN_BINDING, txid);
  weft_stun_put(&w, WEFT_STUN_USERNAME, name, strlen(name));
  weft_stun_put_u64(&w, WEFT_STUN_ICE_CONTROLLING, 1);
  weft_stun_put_u32(&w, WEFT_STUN_PRIORITY, 1);
  weft_stun_put_integrity(&w, key, strlen(key));
  weft_stun_put_fingerprint(&w);
  return weft_stun_end(&w, &n) == WEFT_OK ? n : 0;
}

/* The source address is chosen per datagram (ip(7), IP_PKTINFO): all of 127.0.0.0/8 is this machine's. */
static int send_from(int fd, const struct sockaddr_in *to, uint32_t source, const void *data, size_t len) {
  union {
    struct cmsghdr h;
    char space[CMSG_SPACE(sizeof(struct in_pktinfo))];
  } control;
  struct iovec iov = {(void *)(uintptr_t)data, len};
  struct msghdr m = {.msg_name = (void *)(uintptr_t)to,
                     .msg_namelen = sizeof *to,
                     .msg_iov = &iov,
                     .msg_iovlen = 1,
                     .msg_control = &control,
                     .msg_controllen = sizeof control};
  struct in_pktinfo info = {0};
  memset(&control, 0, sizeof control);
  info.ipi_spec_dst.s_addr = htonl(source);
  control.h.cmsg_level = IPPROTO_IP;
  control.h.cmsg_type = IP_PKTINFO;
  control.h.cmsg_len = CMSG_LEN(sizeof info);
  memcpy(CMSG_DATA(&control.h), &info, sizeof info);
  return sendmsg(fd, &m, 0) < 0 ? -1 : 0;
}

static unsigned drain(int fd) {
  uint8_t buf[2048];
  unsigned n = 0;
  while (recv(fd, buf, sizeof buf, MSG_DONTWAIT) > 0) n++;
  return n;
}

int main(int argc, char **argv) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
                     any = {.sin_family = AF_INET};
  uint8_t buf[512];
  uint32_t count = argc > 2 ? (uint32_t)atoi(argv[2]) : 100000, answers = 0, failed = 0;
  if (argc < 2) return 2;
  to.sin_port = htons((uint16_t)atoi(argv[1]));
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof any) != 0) return 1;
  for (uint32_t i = 0; i < count; i++) {
    size_t n = request(buf, sizeof buf, i);
    if (send_from(fd, &to, 0x7f010000u + i, buf, n) != 0) failed++;
    if (i % PAUSE_EVERY == 0)
      nanosleep(&(struct timespec){0, 1000000}, NULL); /* the server is to see them, not its queue */
    answers += drain(fd);
  }
  nanosleep(&(struct timespec){0, 300000000}, NULL);
  answers += drain(fd);
  close(fd);
  printf("%u sent, %u failed, %u answers\n", count, failed, answers);
  return failed == 0 && answers > count / 2 ? 0 : 1;
}
