#define _GNU_SOURCE
#include "apps/sockaddr.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

socklen_t app_sockaddr_from(struct sockaddr_storage *ss, const weft_addr *a) {
  memset(ss, 0, sizeof *ss);
  if (a->family == WEFT_AF_IP6) {
    struct sockaddr_in6 *s6 = (struct sockaddr_in6 *)ss;
    s6->sin6_family = AF_INET6;
    s6->sin6_port = htons(a->port);
    s6->sin6_scope_id = a->scope;
    memcpy(&s6->sin6_addr, a->ip, 16);
    return sizeof *s6;
  }
  struct sockaddr_in *s4 = (struct sockaddr_in *)ss;
  s4->sin_family = AF_INET;
  s4->sin_port = htons(a->port);
  memcpy(&s4->sin_addr, a->ip, 4);
  return sizeof *s4;
}

void app_sockaddr_to(weft_addr *a, const struct sockaddr_storage *ss) {
  memset(a, 0, sizeof *a);
  if (ss->ss_family == AF_INET6) {
    const struct sockaddr_in6 *s6 = (const struct sockaddr_in6 *)ss;
    *a = weft_addr_ip6(s6->sin6_addr.s6_addr, ntohs(s6->sin6_port));
    if (weft_addr_is_link_local(a)) a->scope = s6->sin6_scope_id;
  } else if (ss->ss_family == AF_INET) {
    const struct sockaddr_in *s4 = (const struct sockaddr_in *)ss;
    uint8_t ip[4];
    memcpy(ip, &s4->sin_addr, 4);
    *a = weft_addr_ip4(ip, ntohs(s4->sin_port));
  }
}

static bool usable(const struct ifaddrs *ifa, uint8_t family, weft_addr *a) {
  struct sockaddr_storage ss;
  if (!ifa->ifa_addr || !(ifa->ifa_flags & IFF_UP)) return false;
  if (ifa->ifa_addr->sa_family != (family == WEFT_AF_IP6 ? AF_INET6 : AF_INET)) return false;
  memset(&ss, 0, sizeof ss);
  memcpy(&ss, ifa->ifa_addr, family == WEFT_AF_IP6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
  app_sockaddr_to(a, &ss);
  return !weft_addr_is_link_local(a);
}

static size_t collect(const struct ifaddrs *list, const char *name, uint8_t family, bool loopback, weft_addr *out,
                      size_t cap) {
  size_t n = 0;
  for (const struct ifaddrs *ifa = list; ifa && n < cap; ifa = ifa->ifa_next) {
    weft_addr a;
    if (name && strcmp(ifa->ifa_name, name) != 0) continue;
    if (usable(ifa, family, &a) && weft_addr_is_loopback(&a) == loopback) out[n++] = a;
  }
  return n;
}

size_t app_interface(const char *name, uint8_t family, weft_addr *out, size_t cap) {
  struct ifaddrs *list;
  if (getifaddrs(&list) != 0) return 0;
  size_t n = collect(list, name, family, false, out, cap);
  n += collect(list, name, family, true, out + n, cap - n);
  freeifaddrs(list);
  return n;
}

size_t app_interfaces(uint8_t family, weft_addr *out, size_t cap) { return app_interface(NULL, family, out, cap); }
