/* The ops of vectors/import/sdp.json that are ICE's: candidate, ufrag. */
#ifndef TEST_CONFORMANCE_ICE_CASES_H
#define TEST_CONFORMANCE_ICE_CASES_H

#include <string.h>

#include "ice/ice.h"
#include "test/conformance/conform.h"

static inline bool conform_ice_ip_is(const conform_case *c, const char *path, const weft_addr *a) {
  const char *text = conform_text(c, path);
  weft_addr want;
  if (text == NULL) return a->family == WEFT_AF_NONE;
  return weft_addr_parse_ip(&want, text, strlen(text)) == WEFT_OK && weft_addr_equal_ip(&want, a);
}

static inline bool conform_ice_same(const conform_case *c, const weft_ice_candidate *got) {
  bool host = got->host[0] != 0;
  return conform_text_is(c, "expected.foundation", got->foundation) &&
         conform_u64_is(c, "expected.component", got->component) &&
         conform_text_is(c, "expected.transport", got->tcp ? "tcp" : "udp") &&
         conform_u64_is(c, "expected.priority", got->priority) && conform_u64_is(c, "expected.port", got->addr.port) &&
         (host ? conform_text_is(c, "expected.address", got->host)
               : conform_ice_ip_is(c, "expected.address", &got->addr)) &&
         conform_text_is(c, "expected.type", weft_ice_candidate_type_name(got->type)) &&
         conform_ice_ip_is(c, "expected.rel_address", &got->related) &&
         (!conform_has(c, "expected.rel_port") || conform_u64_is(c, "expected.rel_port", got->related.port));
}

static inline bool conform_ice_ufrag_extension_is(const conform_case *c, const weft_ice_candidate *got) {
  const char *want = "";
  for (const json *e = json_first(json_find(c->expected, "extensions")); e != NULL; e = e->next)
    if (strcmp(json_text(json_at(e, 0)), "ufrag") == 0) want = json_text(json_at(e, 1));
  return strcmp(want, got->ufrag) == 0;
}

static inline void conform_ice_candidate(conform_ctx *ctx, const conform_case *c) {
  const char *text = conform_text(c, "input.text");
  char again[512];
  weft_ice_candidate got, second;
  int rc = text == NULL ? WEFT_EMALFORMED : weft_ice_candidate_parse(&got, text, strlen(text));
  if (!c->valid) {
    conform_refused(ctx, c, rc != WEFT_OK);
    return;
  }
  bool same = rc == WEFT_OK && conform_ice_same(c, &got) && conform_ice_ufrag_extension_is(c, &got);
  if (same && !got.tcp) { /* and back */
    same = weft_ice_candidate_format(&got, again, sizeof again) == WEFT_OK &&
           weft_ice_candidate_parse(&second, again, strlen(again)) == WEFT_OK && conform_ice_same(c, &second);
  }
  conform_verdict(ctx, c, same, "candidate differs");
}

static inline void conform_ice_ufrag(conform_ctx *ctx, const conform_case *c) {
  const char *value = conform_text(c, "input.value");
  size_t min = conform_text_is(c, "input.kind", "pwd") ? WEFT_ICE_PWD_MIN : WEFT_ICE_UFRAG_MIN;
  bool ok = value != NULL && weft_ice_cred_valid(value, strlen(value), min);
  if (!c->valid)
    conform_refused(ctx, c, !ok);
  else
    conform_verdict(ctx, c, ok, "refused");
}

#endif
