/* identify: the responder writes one message and closes; the asker reads it. */
#include <stdlib.h>
#include <string.h>

#include "apps/host.h"

#define AGENT "weft/0.1.0"

/* Outbound only: what has come of the answer. */
static weft_identify_reader *reader_of(app_stream *s) { return s->state; }

static void answer(app_stream *s, weft_time now) {
  const app_host *h = s->peer->host;
  uint8_t buf[WEFT_IDENTIFY_MAX + 4];
  size_t len;
  weft_identify *me = calloc(1, sizeof *me);
  if (!me) {
    app_stream_reset(s, now);
    return;
  }
  me->protocol_version = "ipfs/0.1.0";
  me->agent_version = AGENT;
  me->public_key = h->identity->key_protobuf;
  me->public_key_len = sizeof h->identity->key_protobuf;
  me->protocols = h->accepted;
  me->protocols_len = h->accepted_len;
  int rc = weft_identify_encode(me, buf, sizeof buf, &len);
  free(me);
  /* A fresh stream takes far more than one identify message: short means the connection is going. */
  if (rc != WEFT_OK || app_stream_send(s, buf, len, now) != (ptrdiff_t)len) {
    app_stream_reset(s, now);
    return;
  }
  app_stream_shutdown(s, now);
}

static void opened(app_stream *s, weft_time now) {
  if (s->inbound) answer(s, now);
}

static void data(app_stream *s, const uint8_t *bytes, size_t len, weft_time now) {
  weft_identify_reader *r = reader_of(s);
  app_peer *p = s->peer;
  if (s->inbound || !r) return;
  int rc = weft_identify_reader_input(r, bytes, len);
  if (rc == WEFT_EAGAIN) return;
  if (rc != WEFT_OK) {
    app_stream_reset(s, now);
    return;
  }
  size_t n = r->message.agent_version_len < sizeof p->agent - 1 ? r->message.agent_version_len : sizeof p->agent - 1;
  if (n > 0) memcpy(p->agent, r->message.agent_version, n);
  p->agent[n] = 0;
  s->state = NULL;
  if (p->host->identified) p->host->identified(p->host->user, p, &r->message, now);
  free(r);
  app_stream_shutdown(s, now);
}

static void remote_closed(app_stream *s, weft_time now) { app_stream_shutdown(s, now); }

static void closed(app_stream *s, int code, weft_time now) {
  (void)code;
  (void)now;
  free(s->state);
}

const app_protocol app_identify_protocol = {.name = WEFT_IDENTIFY_PROTOCOL,
                                            .limited = true,
                                            .opened = opened,
                                            .data = data,
                                            .remote_closed = remote_closed,
                                            .closed = closed};

int app_peer_identify(app_peer *p, weft_time now) {
  int rc;
  weft_identify_reader *r = calloc(1, sizeof *r);
  if (!r) return WEFT_ENOMEM;
  weft_identify_reader_init(r);
  if (app_stream_open(p, &app_identify_protocol, r, &rc, now)) return WEFT_OK;
  free(r);
  return rc;
}
