#define _GNU_SOURCE
#include "apps/gather.h"

#include <net/if.h>
#include <string.h>

#include "apps/sockaddr.h"

enum { WANTED_MAX = 64 };

void app_gather_init(app_gather *g, app_node *n) {
  memset(g, 0, sizeof *g);
  g->node = n;
}

static bool interface_has_loopback(const char *name) {
  weft_addr a[WANTED_MAX];
  size_t n = app_interface(name, WEFT_AF_IP4, a, WANTED_MAX / 2);
  n += app_interface(name, WEFT_AF_IP6, a + n, WANTED_MAX - n);
  for (size_t i = 0; i < n; i++)
    if (weft_addr_is_loopback(&a[i])) return true;
  return false;
}

int app_gather_bind(app_gather *g, const char *text) {
  weft_addr a = {.family = WEFT_AF_NONE};
  bool address = weft_addr_parse(&a, text) == WEFT_OK || weft_addr_parse_ip(&a, text, strlen(text)) == WEFT_OK;
  if (!address && if_nametoindex(text) == 0) return WEFT_EMALFORMED;
  if (g->bind_len == APP_GATHER_BIND) return WEFT_ELIMIT;
  g->names[g->bind_len] = address ? NULL : text;
  g->bind[g->bind_len++] = a;
  if (address ? weft_addr_is_loopback(&a) : interface_has_loopback(text)) g->loopback = true;
  return WEFT_OK;
}

static size_t interfaces(const char *name, uint8_t family, uint16_t port, weft_addr *out, size_t cap) {
  size_t n = app_interface(name, family, out, cap);
  for (size_t i = 0; i < n; i++) out[i].port = port;
  return n;
}

/* name NULL: of every interface. */
static size_t in_turn(const char *name, weft_addr *out, size_t cap) {
  weft_addr v4[WANTED_MAX / 2], v6[WANTED_MAX / 2];
  size_t n4 = interfaces(name, WEFT_AF_IP4, 0, v4, WANTED_MAX / 2), n = 0;
  size_t n6 = interfaces(name, WEFT_AF_IP6, 0, v6, WANTED_MAX / 2);
  for (size_t i = 0; (i < n4 || i < n6) && n + 2 <= cap; i++) {
    if (i < n6) out[n++] = v6[i];
    if (i < n4) out[n++] = v4[i];
  }
  return n;
}

static size_t wanted(const app_gather *g, weft_addr *out, size_t cap) {
  size_t n = 0;
  if (g->bind_len == 0) return in_turn(NULL, out, cap);
  for (size_t i = 0; i < g->bind_len && n < cap; i++) {
    const weft_addr *b = &g->bind[i];
    if (g->names[i])
      n += in_turn(g->names[i], out + n, cap - n);
    else if (weft_addr_is_unspecified(b))
      n += interfaces(NULL, b->family, b->port, out + n, cap - n);
    else
      out[n++] = *b;
  }
  return n;
}

static app_udp *socket_at(app_gather *g, const weft_addr *a) {
  for (size_t i = 0; i < g->sockets_len; i++)
    if (weft_addr_equal_ip(&g->sockets[i]->bound, a)) return g->sockets[i];
  if (g->sockets_len == APP_GATHER_ADDRS) return NULL;
  bool fixed = a->port != 0;
  app_udp *u = app_node_try_socket(g->node, a, fixed ? 0 : g->port_min, fixed ? 0 : g->port_max);
  if (u) g->sockets[g->sockets_len++] = u;
  return u;
}

size_t app_gather_addrs(app_gather *g, bool loopback, weft_addr *out, size_t cap) {
  weft_addr want[WANTED_MAX];
  char text[WEFT_ADDR_TEXT_MAX];
  size_t n = wanted(g, want, WANTED_MAX), found = 0;
  for (size_t i = 0; i < n && found < cap; i++) {
    if (weft_addr_is_loopback(&want[i]) && !loopback && !g->loopback) continue;
    const app_udp *u = socket_at(g, &want[i]);
    if (u)
      out[found++] = u->bound;
    else
      app_report_detail(&g->node->report, "No UDP socket at %s", weft_addr_format(&want[i], text, sizeof text));
  }
  return found;
}
