/* sctp_association.*: packets into an association that was set up by the peer's INIT. The operation finds the cookie in the INIT ACK, echoes
 * it, and wraps the case's chunks into packets with the tag and checksum the case asks for. */
#include <string.h>

#include "apps/conform/op.h"
#include "sctp/crc32c.h"
#include "sctp/wire.h"

enum { PACKET = 2048, COOKIE_MAX = 1024 };

typedef struct seen {
  weft_sctp *sctp;
  json *messages, *sent, *resets;
  uint8_t cookie[COOKIE_MAX], sack[512];
  size_t cookie_len, sack_len;
  uint32_t tag; /* ours, as the INIT ACK has it */
  bool connected, closed;
  weft_time now;
} seen;

static void find_cookie(seen *s, const weft_sctp_chunk *k) {
  weft_sctp_init init;
  weft_sctp_tlv t;
  if (weft_sctp_init_read(&init, k) != WEFT_OK) return;
  s->tag = init.tag;
  while (weft_sctp_tlv_next(&init.params, &t) == 1) {
    if (t.type != WEFT_SCTP_PARAM_COOKIE || t.value_len >= sizeof s->cookie) continue;
    memcpy(s->cookie, t.value, t.value_len);
    s->cookie_len = t.value_len;
  }
}

static int output(void *user, const uint8_t *data, size_t len, weft_time now) {
  seen *s = user;
  weft_sctp_packet p;
  weft_sctp_chunk k;
  (void)now;
  if (weft_sctp_packet_read(&p, data, len) != WEFT_OK) return WEFT_OK;
  while (weft_sctp_chunk_next(&p.chunks, &k) == 1) {
    if (k.type == WEFT_SCTP_INIT_ACK) find_cookie(s, &k);
    if (k.type == WEFT_SCTP_SACK && k.length <= sizeof s->sack) {
      memcpy(s->sack, k.start, k.length);
      s->sack_len = k.length;
    } else if (s->connected && k.type != WEFT_SCTP_HEARTBEAT && k.type != WEFT_SCTP_COOKIE_ACK) {
      json_put_u64(s->sent, NULL, k.type);
    }
  }
  return WEFT_OK;
}

static void event(void *user, const weft_sctp_event *ev, weft_time now) {
  seen *s = user;
  (void)now;
  if (ev->type == WEFT_SCTP_EVENT_CONNECTED) s->connected = true;
  if (ev->type == WEFT_SCTP_EVENT_CLOSED) s->closed = true;
  if (ev->type == WEFT_SCTP_EVENT_RESET_IN)
    for (size_t i = 0; i < ev->streams_n; i++) json_put_u64(s->resets, NULL, ev->streams[i]);
  if (ev->type != WEFT_SCTP_EVENT_MESSAGE) return;
  json *to = json_put_object(s->messages, NULL);
  json_put_u64(to, "stream", ev->stream);
  json_put_u64(to, "ppid", ev->ppid);
  json_put_bool(to, "unordered", ev->unordered);
  json_put_hex(to, "data", ev->data, ev->len);
}

/* ---- packets ---- */

static void give(seen *s, uint32_t tag, const uint8_t *chunks, size_t len, bool spoil_crc) {
  uint8_t packet[PACKET];
  weft_wr w;
  weft_wr_init(&w, packet, sizeof packet);
  weft_sctp_put_header(&w, 5000, 5000, tag);
  weft_wr_bytes(&w, chunks, len);
  if (!weft_wr_ok(&w)) return;
  size_t n = weft_wr_len(&w);
  uint32_t crc = weft_sctp_packet_crc(weft_sctp_crc32c_table, packet, n) ^ (spoil_crc ? 1u : 0u);
  for (unsigned i = 0; i < 4; i++) packet[8 + i] = (uint8_t)(crc >> 8 * i);
  weft_sctp_input(s->sctp, packet, n, s->now);
}

static void advance(seen *s, weft_time to) {
  while (weft_sctp_deadline(s->sctp) <= to) {
    weft_time due = weft_sctp_deadline(s->sctp);
    s->now = due > s->now ? due : s->now;
    weft_sctp_tick(s->sctp, s->now);
  }
  if (to > s->now) s->now = to;
}

static void change_cookie(const conform_call *c, seen *s) {
  if (conform_is(c, "cookie", "flipped")) s->cookie[s->cookie_len / 2] ^= 1;
  if (conform_is(c, "cookie", "first")) s->cookie[0] ^= 1;
  if (conform_is(c, "cookie", "last")) s->cookie[s->cookie_len - 1] ^= 1;
  if (conform_is(c, "cookie", "truncated")) s->cookie_len--;
  if (conform_is(c, "cookie", "extended")) s->cookie[s->cookie_len++] = 0;
  if (conform_is(c, "cookie", "zero")) memset(s->cookie, 0, s->cookie_len);
  if (conform_is(c, "cookie", "empty")) s->cookie_len = 0;
}

static void echo_cookie(conform_call *c, seen *s) {
  uint8_t chunk[COOKIE_MAX + 8];
  uint64_t after = 0;
  weft_wr w;
  change_cookie(c, s);
  if (conform_u64(c, "cookie_after_us", &after)) advance(s, after);
  weft_wr_init(&w, chunk, sizeof chunk);
  size_t at = weft_sctp_open_chunk(&w, WEFT_SCTP_COOKIE_ECHO, 0);
  weft_wr_bytes(&w, s->cookie, s->cookie_len);
  weft_sctp_close_chunk(&w, at);
  give(s, conform_is(c, "cookie_tag", "wrong") ? s->tag ^ 1 : s->tag, chunk, weft_wr_len(&w), false);
}

static bool give_packet(conform_call *c, seen *s, const json *p) {
  conform_call at = {p, c->out, NULL};
  uint8_t *all = conform_memory(c, PACKET);
  size_t n = 0, len;
  uint64_t when;
  if (conform_u64(&at, "at_us", &when)) advance(s, when);
  for (const json *k = json_first(json_get(p, "chunks")); k; k = k->next) {
    const uint8_t *chunk = conform_bytes_of(c, k, &len);
    if (!chunk || weft_sctp_pad4(len) > PACKET - n) return false;
    memcpy(all + n, chunk, len);
    n += weft_sctp_pad4(len);
  }
  give(s, conform_is(&at, "tag", "wrong") ? s->tag ^ 1 : s->tag, all, n, conform_is(&at, "crc", "wrong"));
  return true;
}

static void put_sack(json *to, const seen *s) {
  weft_rd r;
  weft_sctp_chunk k;
  weft_sctp_sack sack;
  weft_rd_init(&r, s->sack, s->sack_len);
  if (s->sack_len == 0 || weft_sctp_chunk_next(&r, &k) != 1 || weft_sctp_sack_read(&sack, &k) != WEFT_OK) {
    json_put_null(to, "sack");
    return;
  }
  json *out = json_put_object(to, "sack"), *gaps, *dups;
  json_put_u64(out, "cumulative_tsn", sack.cumulative);
  gaps = json_put_array(out, "gap_blocks");
  dups = json_put_array(out, "duplicates");
  for (size_t i = 0; i < sack.gaps_n; i++) {
    uint16_t start, end;
    json *pair = json_put_array(gaps, NULL);
    weft_sctp_sack_gap(&sack, i, &start, &end);
    json_put_u64(pair, NULL, start);
    json_put_u64(pair, NULL, end);
  }
  for (size_t i = 0; i < sack.dups_n; i++) json_put_u64(dups, NULL, weft_sctp_be32(sack.dups + 4 * i));
}

/* Why an INIT ACK did not come: an INIT that is alone in its packet was wrong in itself. */
static conform_status not_answered(const uint8_t *init, size_t len) {
  weft_rd r;
  weft_sctp_chunk k;
  weft_rd_init(&r, init, len);
  bool lone = weft_sctp_chunk_next(&r, &k) != 1 || (k.type == WEFT_SCTP_INIT && weft_rd_left(&r) == 0);
  return lone ? CONFORM_MALFORMED : CONFORM_STATE;
}

static conform_status run(conform_call *c, seen *s) {
  size_t len;
  const uint8_t *init = conform_bytes(c, "init", &len);
  if (!init) return CONFORM_BAD;
  give(s, 0, init, len, false);
  if (s->cookie_len == 0) return not_answered(init, len);
  echo_cookie(c, s);
  if (!s->connected) return CONFORM_AUTH;
  for (const json *p = json_first(json_get(c->in, "packets")); p; p = p->next)
    if (!give_packet(c, s, p)) return CONFORM_BAD;
  if (!s->closed) advance(s, s->now + WEFT_MS(500)); /* RFC 9260 section 6.2: no SACK is held longer */
  put_sack(c->out, s);
  json_put_string(c->out, "state", s->closed ? "closed" : "established");
  return CONFORM_OK;
}

static conform_status receive(conform_call *c) {
  seen s = {.messages = json_put_array(c->out, "messages"),
            .sent = json_put_array(c->out, "sent"),
            .resets = json_put_array(c->out, "reset_streams")};
  weft_sctp_config cfg;
  weft_sctp_callbacks cb = {sizeof cb, output, event};
  weft_sctp_config_default(&cfg);
  cfg.heartbeat_interval = WEFT_NEVER;
  if (!conform_rng(c, &cfg.rng) || weft_sctp_new(&s.sctp, &cfg, &cb, &s) != WEFT_OK) return CONFORM_BAD;
  conform_status status = run(c, &s);
  weft_sctp_free(s.sctp);
  return status;
}

const conform_entry conform_association[] = {{"sctp_association.receive", receive}, {NULL, NULL}};
