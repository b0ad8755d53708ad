/* Which addresses are ever sent to, and which fit together. A peer's candidate must not make us talk to ourselves, to
 * groups, or through forms of IPv4 inside IPv6 that slip past a check of either. */
#include "ice/ice_int.h"

#include <string.h>

static bool has_prefix(const weft_addr *a, const uint8_t *prefix, size_t n) {
  return a->family == WEFT_AF_IP6 && memcmp(a->ip, prefix, n) == 0;
}

/* The IPv4 address in 64:ff9b::/96 (RFC 6052). */
static bool nat64_inner(const weft_addr *a, weft_addr *inner) {
  static const uint8_t prefix[12] = {0x00, 0x64, 0xff, 0x9b};
  if (!has_prefix(a, prefix, sizeof prefix)) return false;
  *inner = weft_addr_ip4(a->ip + 12, a->port);
  return true;
}

/* RFC 8445 section 5.1.1.1: IPv4-compatible (::/96), v4-mapped and site-local (fec0::/10) addresses are never used. */
static bool deprecated_ip6(const weft_addr *a) {
  static const uint8_t zero[12];
  if (a->family != WEFT_AF_IP6) return false;
  if (weft_addr_is_v4_mapped(a)) return true;
  if (a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0xc0) return true;
  return has_prefix(a, zero, sizeof zero) && !weft_addr_is_loopback(a);
}

bool weft_ice_addr_forbidden(const weft_addr *a, bool allow_loopback) {
  weft_addr inner;
  if (a->family != WEFT_AF_IP4 && a->family != WEFT_AF_IP6) return true;
  if (a->port == 0 || weft_addr_is_unspecified(a) || weft_addr_is_multicast(a) || deprecated_ip6(a)) return true;
  if (a->family == WEFT_AF_IP4 && (a->ip[0] == 0 || a->ip[0] >= 240))
    return true; /* RFC 6890: this network, reserved */
  if (nat64_inner(a, &inner)) return weft_addr_is_link_local(&inner) || weft_ice_addr_forbidden(&inner, false);
  return weft_addr_is_loopback(a) && !allow_loopback;
}

static bool zoned(const weft_addr *a) { return a->family == WEFT_AF_IP6 && weft_addr_is_link_local(a); }

/* A zone is ours, not the peer's: his link-local address is in the zone of our base, or says nothing (RFC 4007 section
 * 6). */
static bool zones_fit(const weft_addr *base, const weft_addr *remote) {
  if (!zoned(remote)) return true;
  if (base->scope == 0 || remote->scope == 0) return base->scope != remote->scope;
  return base->scope == remote->scope;
}

/* RFC 8445 section 6.1.2.2: same family, and link-local only with link-local; likewise loopback. */
bool weft_ice_addr_pairable(const weft_addr *base, const weft_addr *remote) {
  if (base->family != remote->family) return false;
  if (base->port == remote->port && weft_addr_equal_ip(base, remote)) return false; /* our own socket */
  if (!zones_fit(base, remote)) return false;
  if (weft_addr_is_unspecified(base)) return true;
  return weft_addr_is_link_local(base) == weft_addr_is_link_local(remote) &&
         weft_addr_is_loopback(base) == weft_addr_is_loopback(remote);
}

bool weft_ice_remote_passes(const weft_ice *ice, weft_ice_candidate_type type, const weft_addr *remote) {
  if (ice->cfg.remote_types != 0 && (ice->cfg.remote_types & WEFT_ICE_TYPE(type)) == 0) return false;
  return ice->cfg.remote_allowed == NULL || ice->cfg.remote_allowed(ice->cfg.remote_allowed_user, remote);
}
