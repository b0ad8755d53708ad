#include "test/sim/nat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timer.h"

void nat_net_init(nat_net *l, net *n, uint64_t seed) {
  memset(l, 0, sizeof *l);
  l->n = n;
  test_rng_init(&l->rng, seed ^ UINT64_C(0x4e4154));
}

static weft_addr ip_of(const char *text) {
  char with_port[64];
  snprintf(with_port, sizeof with_port, strchr(text, ':') ? "[%s]:1" : "%s:1", text);
  return net_addr(with_port);
}

nat_box *nat_add(nat_net *l, nat_box *outer, const char *ip, nat_kind kind) {
  if (l->boxes_len == NAT_BOXES) abort();
  nat_box *b = &l->boxes[l->boxes_len++];
  *b = (nat_box){.l = l,
                 .outer = outer,
                 .ip = ip_of(ip),
                 .kind = kind,
                 .blocked = kind == NAT_BLOCK,
                 .timeout = WEFT_SEC(120)}; /* RFC 4787 section 4.3 */
  return b;
}

void nat_attach(nat_net *l, nat_box *box, const char *ip, int segment) {
  if (l->hosts_len == NAT_HOSTS) abort();
  l->hosts[l->hosts_len].ip = ip_of(ip);
  l->hosts[l->hosts_len].box = box;
  l->hosts[l->hosts_len++].segment = segment;
}

/* ---- mappings ---- */

static void forget(nat_mapping *m) {
  net_unbind(m->box->l->n, &m->outside);
  m->used = false;
}

void nat_flush(nat_box *box) {
  for (size_t i = 0; i < NAT_MAPPINGS; i++)
    if (box->mappings[i].used) forget(&box->mappings[i]);
}

weft_addr nat_host_of(const nat_net *l, const weft_addr *public_addr) {
  weft_addr a = *public_addr;
  for (size_t i = 0; i < l->boxes_len; i++)
    for (size_t j = 0; j < NAT_MAPPINGS; j++) {
      const nat_mapping *m = &l->boxes[i].mappings[j];
      if (!m->used || !weft_addr_equal(&m->outside, &a)) continue;
      weft_addr inside = m->inside; /* of an inner box, perhaps */
      return nat_host_of(l, &inside);
    }
  return a;
}

static bool live(nat_mapping *m, weft_time now) {
  if (m->used && weft_time_since(now, m->last) >= m->box->timeout) {
    m->box->expired++;
    forget(m);
  }
  return m->used;
}

static bool fits(const nat_mapping *m, const weft_addr *inside, const weft_addr *to) {
  if (!weft_addr_equal(&m->inside, inside)) return false;
  return m->box->kind != NAT_SYM || weft_addr_equal(&m->to, to);
}

static nat_contact *contact_of(nat_mapping *m, const weft_addr *remote, bool with_port) {
  for (size_t i = 0; i < m->contacts_len; i++) {
    nat_contact *c = &m->contacts[i];
    if (with_port ? weft_addr_equal(&c->remote, remote) : weft_addr_equal_ip(&c->remote, remote)) return c;
  }
  return NULL;
}

/* RFC 4787 section 5 */
static bool lets_in(nat_mapping *m, const weft_addr *remote, weft_time now) {
  if (m->box->kind == NAT_FULL) return true;
  const nat_contact *c = contact_of(m, remote, m->box->kind != NAT_ADDR);
  return c && weft_time_since(now, c->last) < m->box->timeout;
}

static void arrived(void *user, const weft_addr *local, const weft_addr *remote, const uint8_t *data, size_t len,
                    weft_time now) {
  nat_mapping *m = user;
  (void)local;
  if (!live(m, now)) return;
  if (m->box->blocked || !lets_in(m, remote, now)) {
    m->box->filtered++;
    return;
  }
  if (m->box->kind == NAT_LINUX) {
    nat_contact *c = contact_of(m, remote, true);
    m->last = now;
    if (c) c->last = now;
  }
  weft_addr inside = m->inside;
  net_hand_over(m->box->l->n, remote, &inside, data, len, now);
}

static bool taken(const nat_box *box, uint16_t port) {
  for (size_t i = 0; i < NAT_MAPPINGS; i++)
    if (box->mappings[i].used && box->mappings[i].outside.port == port) return true;
  return false;
}

static nat_mapping *make(nat_box *box, const weft_addr *inside, const weft_addr *to) {
  nat_mapping *m = NULL;
  for (size_t i = 0; i < NAT_MAPPINGS && !m; i++)
    if (!box->mappings[i].used) m = &box->mappings[i];
  if (!m) return NULL; /* full */
  *m = (nat_mapping){.box = box, .inside = *inside, .to = *to, .outside = box->ip};
  do m->outside.port = (uint16_t)(1024 + test_rng_below(&box->l->rng, 64000));
  while (taken(box, m->outside.port));
  m->used = true;
  net_bind(box->l->n, &m->outside, arrived, m);
  *net_link_of(box->l->n, &m->outside) = box->link;
  return m;
}

static void meet(nat_mapping *m, const weft_addr *to, weft_time now) {
  nat_contact *c = contact_of(m, to, true);
  if (!c && m->contacts_len < NAT_CONTACTS) {
    c = &m->contacts[m->contacts_len++];
    c->remote = *to;
  }
  if (c) c->last = now;
  m->last = now;
}

static nat_mapping *map(nat_box *box, const weft_addr *inside, const weft_addr *to, weft_time now) {
  nat_mapping *found = NULL;
  for (size_t i = 0; i < NAT_MAPPINGS; i++)
    if (live(&box->mappings[i], now) && !found && fits(&box->mappings[i], inside, to)) found = &box->mappings[i];
  if (!found) found = make(box, inside, to);
  if (found) meet(found, to, now);
  return found;
}

/* ---- the way of a datagram ---- */

static size_t host_of(const nat_net *l, const weft_addr *a) {
  size_t i = 0;
  while (i < l->hosts_len && !weft_addr_equal_ip(&l->hosts[i].ip, a)) i++;
  return i;
}

static bool private_ip(const weft_addr *a) {
  if (a->family != WEFT_AF_IP4) return false;
  return a->ip[0] == 10 || (a->ip[0] == 192 && a->ip[1] == 168) || (a->ip[0] == 172 && (a->ip[1] & 0xf0) == 16) ||
         (a->ip[0] == 100 && (a->ip[1] & 0xc0) == 64);
}

static bool same_segment(const nat_net *l, const weft_addr *from, const weft_addr *to) {
  size_t f = host_of(l, from), t = host_of(l, to);
  return f < l->hosts_len && t < l->hosts_len && l->hosts[f].box == l->hosts[t].box &&
         l->hosts[f].segment == l->hosts[t].segment;
}

/* Inwards in its turn is `arrived`. */
int nat_send(nat_net *l, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len, weft_time now) {
  weft_addr source = *from;
  size_t at = host_of(l, from);
  nat_box *box = at < l->hosts_len ? l->hosts[at].box : NULL;
  if (!box && private_ip(from)) return WEFT_OK; /* of a network that leads nowhere */
  while (box && !same_segment(l, &source, to)) {
    bool own = weft_addr_equal_ip(&box->ip, to);
    if (box->blocked || (own && !box->hairpin)) return WEFT_OK; /* it vanishes */
    nat_mapping *m = map(box, &source, to, now);
    if (!m) return WEFT_OK;
    source = m->outside;
    box = own ? NULL : box->outer;
  }
  if (!box && private_ip(to)) {
    l->unroutable++;
    return WEFT_OK;
  }
  return net_send(l->n, &source, to, data, len, now);
}
