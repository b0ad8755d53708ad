/* ice_candidate.*, ice_credentials.*, ice_priority.* */
#include "ice/ice.h"

#include <string.h>

#include "apps/conform/op.h"

static void put_ip(json *to, const char *key, const weft_addr *a) {
  char ip[WEFT_ADDR_TEXT_MAX];
  if (a->family == WEFT_AF_NONE)
    json_put_null(to, key);
  else
    json_put_string(to, key, weft_addr_format_ip(a, ip, sizeof ip));
}

static conform_status put_candidate(conform_call *c, const weft_ice_candidate *got) {
  json_put_string(c->out, "foundation", got->foundation);
  json_put_u64(c->out, "component", got->component);
  json_put_string(c->out, "transport", got->tcp ? "tcp" : "udp");
  json_put_u64(c->out, "priority", got->priority);
  if (got->host[0])
    json_put_string(c->out, "address", got->host);
  else
    put_ip(c->out, "address", &got->addr);
  json_put_u64(c->out, "port", got->addr.port);
  json_put_string(c->out, "type", weft_ice_candidate_type_name(got->type));
  put_ip(c->out, "rel_address", &got->related);
  if (got->related.family != WEFT_AF_NONE) json_put_u64(c->out, "rel_port", got->related.port);
  json_put_string(c->out, "ufrag", got->ufrag[0] ? got->ufrag : NULL);
  return CONFORM_OK;
}

static conform_status parse(conform_call *c) {
  const json *text = conform_string(c, "text");
  weft_ice_candidate got;
  if (!text) return CONFORM_BAD;
  int rc = weft_ice_candidate_parse(&got, text->text, text->len);
  /* RFC 8839 section 5.1: a candidate of a transport that is not known is ignored, by everybody. */
  if (rc == WEFT_EUNSUPPORTED) return CONFORM_MALFORMED;
  return rc == WEFT_OK ? put_candidate(c, &got) : conform_code(rc);
}

static bool ip_of(const conform_call *c, const char *key, weft_addr *a) {
  const char *ip = conform_text(c, key);
  return ip && weft_addr_parse_ip(a, ip, strlen(ip)) == WEFT_OK;
}

static bool copy_text(const conform_call *c, const char *key, char *to, size_t cap) {
  const char *text = conform_text(c, key);
  if (!text || strlen(text) >= cap) return false;
  memcpy(to, text, strlen(text) + 1);
  return true;
}

static conform_status format(conform_call *c) {
  static const weft_ice_candidate_type types[] = {WEFT_ICE_HOST, WEFT_ICE_SRFLX, WEFT_ICE_PRFLX, WEFT_ICE_RELAY};
  weft_ice_candidate k;
  char text[512];
  size_t i = 0;
  memset(&k, 0, sizeof k);
  while (i < 4 && !conform_is(c, "type", weft_ice_candidate_type_name(types[i]))) i++;
  if (i == 4 || !copy_text(c, "foundation", k.foundation, sizeof k.foundation) ||
      !conform_u16(c, "component", &k.component) || !conform_u32(c, "priority", &k.priority))
    return CONFORM_BAD;
  k.type = types[i];
  if (!ip_of(c, "address", &k.addr) && !copy_text(c, "address", k.host, sizeof k.host)) return CONFORM_BAD;
  if (!conform_u16(c, "port", &k.addr.port)) return CONFORM_BAD;
  if (ip_of(c, "rel_address", &k.related)) (void)conform_u16(c, "rel_port", &k.related.port);
  (void)copy_text(c, "ufrag", k.ufrag, sizeof k.ufrag);
  int rc = weft_ice_candidate_format(&k, text, sizeof text);
  if (rc == WEFT_OK) json_put_string(c->out, "text", text);
  return conform_code(rc);
}

static conform_status credentials(conform_call *c) {
  const json *value = conform_string(c, "value");
  if (!value) return CONFORM_BAD;
  size_t min = conform_is(c, "kind", "pwd") ? WEFT_ICE_PWD_MIN : WEFT_ICE_UFRAG_MIN;
  return weft_ice_cred_valid(value->text, value->len, min) ? CONFORM_OK : CONFORM_MALFORMED;
}

/* The layer has the type preferences of RFC 8445 section 5.1.2.2 and no others; they go from 0 to 126. */
static conform_status preference_status(const conform_call *c, weft_ice_candidate_type type) {
  uint32_t preference;
  if (!conform_u32(c, "type_preference", &preference)) return CONFORM_OK;
  if (preference > 126) return CONFORM_MALFORMED;
  return preference == weft_ice_priority(type, 0, 1) >> 24 ? CONFORM_OK : CONFORM_UNSUPPORTED;
}

static conform_status priority(conform_call *c) {
  static const weft_ice_candidate_type all[] = {WEFT_ICE_HOST, WEFT_ICE_SRFLX, WEFT_ICE_PRFLX, WEFT_ICE_RELAY};
  uint32_t local, component, got;
  size_t i = 0;
  if (!conform_u32(c, "local_preference", &local) || !conform_u32(c, "component", &component)) return CONFORM_BAD;
  while (i < WEFT_ARRAY_LEN(all) && !conform_is(c, "type", weft_ice_candidate_type_name(all[i]))) i++;
  if (i == WEFT_ARRAY_LEN(all)) return CONFORM_UNSUPPORTED;
  conform_status status = preference_status(c, all[i]);
  if (status != CONFORM_OK) return status;
  if (local > UINT16_MAX || component > UINT16_MAX) return CONFORM_MALFORMED; /* nobody can hand it to the layer */
  got = weft_ice_priority(all[i], (uint16_t)local, (uint16_t)component);
  json_put_u64(c->out, "priority", got);
  return got ? CONFORM_OK : CONFORM_MALFORMED;
}

static conform_status pair_priority(conform_call *c) {
  uint32_t g, d;
  if (!conform_u32(c, "G", &g) || !conform_u32(c, "D", &d)) return CONFORM_BAD;
  uint64_t got = weft_ice_pair_priority(g, d);
  json_put_u64(c->out, "priority", got);
  return got ? CONFORM_OK : CONFORM_MALFORMED;
}

const conform_entry conform_ice[] = {{"ice_candidate.parse", parse},         {"ice_candidate.format", format},
                                     {"ice_credentials.check", credentials}, {"ice_priority.candidate", priority},
                                     {"ice_priority.pair", pair_priority},   {NULL, NULL}};
