#define _GNU_SOURCE
#include "apps/mdns_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/sockaddr.h"

enum { BATCH = 32, HOPS = 255 /* RFC 6762 section 11 */ };

static const uint8_t group4[4] = {224, 0, 0, 251}; /* RFC 6762 section 3 */
static const uint8_t group6[16] = {0xff, 0x02, [15] = 0xfb};

static int family_of(int which) { return which == 0 ? AF_INET : AF_INET6; }

static bool has(const app_mdns_net *n, unsigned index) {
  for (size_t i = 0; i < n->interfaces_len; i++)
    if (n->interfaces[i] == index) return true;
  return false;
}

static void find_interfaces(app_mdns_net *n) {
  struct ifaddrs *list;
  if (getifaddrs(&list) != 0) return;
  for (const struct ifaddrs *i = list; i && n->interfaces_len < APP_MDNS_INTERFACES; i = i->ifa_next) {
    unsigned index = if_nametoindex(i->ifa_name);
    bool wanted = (i->ifa_flags & IFF_UP) && (i->ifa_flags & IFF_MULTICAST);
    if (wanted && index != 0 && !has(n, index)) n->interfaces[n->interfaces_len++] = index;
  }
  freeifaddrs(list);
}

static int set_int(int fd, int level, int name, int value) { return setsockopt(fd, level, name, &value, sizeof value); }

static int join(int fd, int which, unsigned index) {
  if (which == 0) {
    struct ip_mreqn m;
    memset(&m, 0, sizeof m);
    memcpy(&m.imr_multiaddr, group4, 4);
    m.imr_ifindex = (int)index;
    return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m);
  }
  struct ipv6_mreq m;
  memset(&m, 0, sizeof m);
  memcpy(&m.ipv6mr_multiaddr, group6, 16);
  m.ipv6mr_interface = index;
  return setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &m, sizeof m);
}

static int leave_by(int fd, int which, unsigned index) {
  if (which == 1) return set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)index);
  struct ip_mreqn m;
  memset(&m, 0, sizeof m);
  m.imr_ifindex = (int)index;
  return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &m, sizeof m);
}

static int bind_any(int fd, int which, uint16_t port) {
  static const uint8_t any[16];
  struct sockaddr_storage ss;
  weft_addr a = which == 0 ? weft_addr_ip4(any, port) : weft_addr_ip6(any, port);
  socklen_t len = app_sockaddr_from(&ss, &a);
  return bind(fd, (struct sockaddr *)&ss, len);
}

static int configure(int fd, int which) {
  (void)set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  (void)set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (which == 0) return set_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, HOPS);
  if (set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0) return -1;
  return set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, HOPS);
}

static int open_socket(const app_mdns_net *n, int which) {
  size_t joined = 0;
  int fd = socket(family_of(which), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (configure(fd, which) != 0 || (bind_any(fd, which, APP_MDNS_PORT) != 0 && bind_any(fd, which, 0) != 0)) {
    close(fd);
    return -1;
  }
  for (size_t i = 0; i < n->interfaces_len; i++) joined += join(fd, which, n->interfaces[i]) == 0;
  if (joined > 0) return fd;
  close(fd);
  return -1;
}

/* ---- traffic ---- */

/* An interface that does not take it is one where nobody answers. */
static void output(void *user, const uint8_t *data, size_t len, weft_time now) {
  app_mdns_net *n = user;
  (void)now;
  for (int which = 0; which < 2; which++) {
    if (n->fd[which] < 0) continue;
    for (size_t i = 0; i < n->interfaces_len; i++) {
      struct sockaddr_storage ss;
      weft_addr to = which == 0 ? weft_addr_ip4(group4, APP_MDNS_PORT) : weft_addr_ip6(group6, APP_MDNS_PORT);
      to.scope = which == 1 ? n->interfaces[i] : 0;
      socklen_t size = app_sockaddr_from(&ss, &to);
      if (leave_by(n->fd[which], which, n->interfaces[i]) == 0)
        (void)sendto(n->fd[which], data, len, 0, (struct sockaddr *)&ss, size);
    }
  }
}

static void receive(app_mdns_net *n, int fd, weft_time now) {
  uint8_t buf[APP_MDNS_DATAGRAM + 1];
  for (int i = 0; i < BATCH && n->open; i++) {
    struct sockaddr_storage ss;
    socklen_t size = sizeof ss;
    weft_addr from;
    ssize_t len = recvfrom(fd, buf, sizeof buf, 0, (struct sockaddr *)&ss, &size);
    if (len < 0 && errno == EINTR) continue;
    if (len < 0) return;
    app_sockaddr_to(&from, &ss);
    app_mdns_input(&n->mdns, &from, buf, (size_t)len, now);
  }
}

static void ready4(void *user, short revents, weft_time now) {
  app_mdns_net *n = user;
  (void)revents;
  receive(n, n->fd[0], now);
}

static void ready6(void *user, short revents, weft_time now) {
  app_mdns_net *n = user;
  (void)revents;
  receive(n, n->fd[1], now);
}

static weft_time deadline(const void *user) {
  const app_mdns_net *n = user;
  return n->open ? app_mdns_deadline(&n->mdns) : WEFT_NEVER;
}

static void tick(void *user, weft_time now) {
  app_mdns_net *n = user;
  if (n->open) app_mdns_tick(&n->mdns, now);
}

static void on_found(void *user, const char *name, const weft_addr *ip, weft_time now) {
  app_mdns_net *n = user;
  n->found(n->user, name, ip, now);
}

static void on_ended(void *user, const char *name, unsigned addresses, weft_time now) {
  app_mdns_net *n = user;
  n->ended(n->user, name, addresses, now);
}

/* ---- life ---- */

int app_mdns_net_open(app_mdns_net *n, app_loop *loop, const weft_rng *rng,
                      void (*found)(void *user, const char *name, const weft_addr *ip, weft_time now),
                      void (*ended)(void *user, const char *name, unsigned addresses, weft_time now), void *user) {
  static const app_ready_fn ready[2] = {ready4, ready6};
  const app_mdns_callbacks cb = {output, on_found, on_ended};
  memset(n, 0, sizeof *n);
  n->loop = loop;
  n->user = user;
  n->found = found;
  n->ended = ended;
  app_mdns_init(&n->mdns, rng, &cb, n);
  find_interfaces(n);
  for (int which = 0; which < 2; which++) {
    n->fd[which] = open_socket(n, which);
    if (n->fd[which] < 0) continue;
    n->open = app_loop_watch(loop, n->fd[which], POLLIN, ready[which], n) == WEFT_OK || n->open;
  }
  if (n->open && app_loop_timer(loop, deadline, tick, n) == WEFT_OK) return WEFT_OK;
  app_mdns_net_close(n);
  return WEFT_EINTERNAL;
}

void app_mdns_net_close(app_mdns_net *n) {
  for (int which = 0; which < 2; which++) {
    if (n->fd[which] < 0) continue;
    app_loop_unwatch(n->loop, n->fd[which]);
    close(n->fd[which]);
    n->fd[which] = -1;
  }
  n->open = false;
}
