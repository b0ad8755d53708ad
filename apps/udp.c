#define _GNU_SOURCE
#include "apps/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/sockaddr.h"

enum { IN_SIZE = 65536, BATCH = 64, SOCKET_BUFFER = 4 * 1024 * 1024, SEGMENTS_MAX = 44 };

static int set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value);
}

static int configure(app_udp *u) {
  if (u->bound.family == WEFT_AF_IP6) {
    if (set_option(u->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0) return -1;
    if (u->wildcard && set_option(u->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) != 0) return -1;
  } else if (u->wildcard && set_option(u->fd, IPPROTO_IP, IP_PKTINFO, 1) != 0) {
    return -1;
  }
  /* Larger buffers and GRO are welcome, not needed. */
  (void)set_option(u->fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
  (void)set_option(u->fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
  (void)set_option(u->fd, SOL_UDP, UDP_GRO, 1);
  u->segment = set_option(u->fd, SOL_UDP, UDP_SEGMENT, 0) == 0;
  return 0;
}

static int bind_socket(app_udp *u) {
  struct sockaddr_storage ss;
  socklen_t n = app_sockaddr_from(&ss, &u->bound);
  if (bind(u->fd, (struct sockaddr *)&ss, n) != 0) return -1;
  n = sizeof ss;
  if (getsockname(u->fd, (struct sockaddr *)&ss, &n) != 0) return -1;
  app_sockaddr_to(&u->bound, &ss);
  return 0;
}

int app_udp_open(app_udp *u, const weft_addr *bind_to) {
  memset(u, 0, sizeof *u);
  u->bound = *bind_to;
  u->wildcard = weft_addr_is_unspecified(bind_to);
  u->queue = malloc(APP_UDP_QUEUE * sizeof *u->queue);
  u->in = malloc(IN_SIZE);
  u->fd = socket(bind_to->family == WEFT_AF_IP6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (!u->queue || !u->in || u->fd < 0 || configure(u) != 0 || bind_socket(u) != 0) {
    int saved = errno;
    app_udp_close(u);
    errno = saved;
    return WEFT_EINTERNAL;
  }
  return WEFT_OK;
}

int app_udp_open_range(app_udp *u, const weft_addr *bind_to, uint16_t min, uint16_t max, uint32_t start) {
  weft_addr at = *bind_to;
  memset(u, 0, sizeof *u);
  u->fd = -1;
  if (min == 0 || min > max) return WEFT_EINVAL;
  uint32_t n = max - min + 1u;
  for (uint32_t i = 0; i < n; i++) {
    at.port = (uint16_t)(min + (start % n + i) % n);
    int rc = app_udp_open(u, &at);
    if (rc == WEFT_OK || errno != EADDRINUSE) return rc;
  }
  return WEFT_ELIMIT;
}

void app_udp_close(app_udp *u) {
  if (u->fd >= 0) close(u->fd);
  free(u->queue);
  free(u->in);
  u->queue = NULL;
  u->in = NULL;
  u->fd = -1;
}

/* ---- sending ---------------------------------------------------------------------------------------------------------- */

typedef union control_buffer {
  struct cmsghdr align;
  uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))];
} control_buffer;

static void *add_control(struct msghdr *m, int level, int type, size_t len) {
  struct cmsghdr *c = (struct cmsghdr *)(void *)((uint8_t *)m->msg_control + m->msg_controllen);
  m->msg_controllen += CMSG_SPACE(len);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(len);
  return CMSG_DATA(c);
}

static void add_source(struct msghdr *m, const weft_addr *local) {
  if (weft_addr_is_unspecified(local)) return;
  if (local->family == WEFT_AF_IP6) {
    struct in6_pktinfo info;
    memset(&info, 0, sizeof info);
    memcpy(&info.ipi6_addr, local->ip, 16);
    info.ipi6_ifindex = local->scope;
    memcpy(add_control(m, IPPROTO_IPV6, IPV6_PKTINFO, sizeof info), &info, sizeof info);
  } else {
    struct in_pktinfo info;
    memset(&info, 0, sizeof info);
    memcpy(&info.ipi_spec_dst, local->ip, 4);
    memcpy(add_control(m, IPPROTO_IP, IP_PKTINFO, sizeof info), &info, sizeof info);
  }
}

static app_udp_item *item_at(app_udp *u, size_t i) { return &u->queue[(u->head + i) % APP_UDP_QUEUE]; }

/* How many queued datagrams may leave as one: same ends, same size, the last may be shorter. */
static size_t run_length(app_udp *u) {
  const app_udp_item *first = item_at(u, 0);
  size_t n = 1, total = first->len;
  if (!u->segment) return 1;
  while (n < u->count && n < SEGMENTS_MAX) {
    const app_udp_item *it = item_at(u, n);
    if (it->len > first->len || !weft_addr_equal(&it->remote, &first->remote)) break;
    if (!weft_addr_equal(&it->local, &first->local) || total + it->len > 65000) break;
    total += it->len;
    n++;
    if (it->len < first->len) break;
  }
  return n;
}

static ssize_t send_run(app_udp *u, size_t n) {
  struct iovec iov[SEGMENTS_MAX];
  struct sockaddr_storage to;
  control_buffer control;
  const app_udp_item *first = item_at(u, 0);
  struct msghdr m;
  memset(&m, 0, sizeof m);
  memset(&control, 0, sizeof control);
  for (size_t i = 0; i < n; i++) iov[i] = (struct iovec){item_at(u, i)->data, item_at(u, i)->len};
  m.msg_name = &to;
  m.msg_namelen = app_sockaddr_from(&to, &first->remote);
  m.msg_iov = iov;
  m.msg_iovlen = n;
  m.msg_control = control.bytes;
  if (u->wildcard) add_source(&m, &first->local);
  if (n > 1) memcpy(add_control(&m, SOL_UDP, UDP_SEGMENT, sizeof(uint16_t)), &first->len, sizeof(uint16_t));
  if (m.msg_controllen == 0) m.msg_control = NULL;
  return sendmsg(u->fd, &m, 0);
}

bool app_udp_flush(app_udp *u) {
  while (u->count > 0) {
    size_t n = run_length(u);
    if (send_run(u, n) < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return false;
      if (n > 1 && (errno == EIO || errno == EINVAL || errno == EMSGSIZE)) {
        u->segment = false; /* this path or kernel cannot: one by one from now on */
        continue;
      }
      u->send_errors++; /* unreachable and the like: a lost datagram, which every layer above expects */
    }
    u->sent += n;
    u->head = (u->head + n) % APP_UDP_QUEUE;
    u->count -= n;
  }
  return true;
}

int app_udp_send(app_udp *u, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len) {
  if (len > APP_UDP_DATAGRAM) return WEFT_ETOOBIG;
  if (u->count == APP_UDP_QUEUE && !app_udp_flush(u) && u->count == APP_UDP_QUEUE) return WEFT_EAGAIN;
  app_udp_item *it = item_at(u, u->count++);
  it->local = *local;
  it->remote = *remote;
  it->len = (uint16_t)len;
  memcpy(it->data, data, len);
  return WEFT_OK;
}

/* ---- receiving -------------------------------------------------------------------------------------------------------- */

static size_t read_control(const app_udp *u, struct msghdr *m, weft_addr *local, size_t len) {
  size_t segment = len;
  *local = u->bound;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(c), sizeof info);
      memcpy(local->ip, &info.ipi_addr, 4);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;
      memcpy(&info, CMSG_DATA(c), sizeof info);
      memcpy(local->ip, &info.ipi6_addr, 16);
      if (weft_addr_is_link_local(local)) local->scope = info.ipi6_ifindex;
    } else if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
      int size;
      memcpy(&size, CMSG_DATA(c), sizeof size);
      if (size > 0) segment = (size_t)size;
    }
  }
  return segment;
}

static bool receive_one(app_udp *u, app_udp_fn fn, void *user, weft_time now) {
  struct sockaddr_storage from;
  union {
    struct cmsghdr align;
    uint8_t bytes[256];
  } control;
  struct iovec iov = {u->in, IN_SIZE};
  struct msghdr m;
  weft_addr local, remote;
  memset(&m, 0, sizeof m);
  m.msg_name = &from;
  m.msg_namelen = sizeof from;
  m.msg_iov = &iov;
  m.msg_iovlen = 1;
  m.msg_control = control.bytes;
  m.msg_controllen = sizeof control.bytes;
  ssize_t got = recvmsg(u->fd, &m, 0);
  if (got < 0) return errno == EINTR;
  app_sockaddr_to(&remote, &from);
  size_t len = (size_t)got, segment = read_control(u, &m, &local, len);
  for (size_t at = 0; at < len && u->fd >= 0; at += segment) {
    size_t n = len - at < segment ? len - at : segment;
    u->received++;
    fn(user, &local, &remote, u->in + at, n, now);
  }
  return u->fd >= 0;
}

void app_udp_receive(app_udp *u, app_udp_fn fn, void *user, weft_time now) {
  for (int i = 0; i < BATCH; i++)
    if (!receive_one(u, fn, user, now)) return;
}

int app_udp_source(const weft_addr *remote, weft_addr *source) {
  struct sockaddr_storage ss;
  socklen_t n = app_sockaddr_from(&ss, remote);
  int rc = WEFT_EINTERNAL;
  int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return rc;
  if (connect(fd, (struct sockaddr *)&ss, n) == 0) {
    n = sizeof ss;
    if (getsockname(fd, (struct sockaddr *)&ss, &n) == 0) {
      app_sockaddr_to(source, &ss);
      source->port = 0;
      rc = WEFT_OK;
    }
  }
  int saved = errno;
  close(fd);
  errno = saved;
  return rc;
}
