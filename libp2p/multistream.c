/* multistream-select 1.0: lines of uvarint length, text, newline. */
#include "libp2p/multistream.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/evq.h"
#include "base/mem.h"
#include "base/timer.h"

#define NA "na"
#define LS "ls"

typedef enum state {
  STATE_NEW = 0,
  STATE_HEADER,    /* waiting for the peer's header */
  STATE_PROPOSALS, /* dialer: waiting for an answer; listener: for a proposal */
  STATE_SELECTED,  /* agreed; SELECTED is raised when our bytes are out */
  STATE_ENDED
} state;

struct weft_multistream {
  weft_multistream_config cfg;
  weft_multistream_callbacks cb;
  void *user;
  const weft_alloc *alloc;
  weft_alloc alloc_copy;
  weft_evq q;
  weft_multistream_event ring[1];
  weft_buf out;
  state state;
  weft_time now, limit_at;
  size_t index;       /* dialer: proposal under way; then the selected one */
  uint32_t proposals; /* listener: answered so far */
  /* The message being read: its length, then its bytes. Only the first LINE_MAX bytes are kept; the rest is counted. */
  uint8_t length[3];
  size_t length_n;
  bool in_line;
  uint64_t line_len, line_got;
  uint8_t line[WEFT_MULTISTREAM_LINE_MAX];
};

enum { OUT_LIMIT = 64 * 1024 };

void weft_multistream_config_init(weft_multistream_config *c, size_t size) {
  weft_multistream_config d;
  memset(&d, 0, sizeof d);
  d.size = size < sizeof d ? size : sizeof d;
  d.limit = WEFT_SEC(10);
  memcpy(c, &d, d.size);
}

int weft_multistream_new(weft_multistream **out, const weft_multistream_config *cfg,
                         const weft_multistream_callbacks *cb, void *user) {
  assert(out && cfg && cb && cb->output && cb->event);
  const weft_alloc *alloc = weft_alloc_or_libc(cfg->alloc);
  if (cfg->protocols_len == 0) return WEFT_EINVAL;
  for (size_t i = 0; i < cfg->protocols_len; i++)
    if (strlen(cfg->protocols[i]) + 1 > WEFT_MULTISTREAM_LINE_MAX) return WEFT_EINVAL;
  weft_multistream *m = weft_mem_new(alloc, sizeof *m);
  if (!m) return WEFT_ENOMEM;
  weft_multistream_config_default(&m->cfg);
  weft_sized_copy(&m->cfg, sizeof m->cfg, cfg);
  weft_sized_copy(&m->cb, sizeof m->cb, cb);
  m->alloc_copy = *alloc;
  m->alloc = &m->alloc_copy;
  m->user = user;
  m->limit_at = WEFT_NEVER;
  weft_evq_init(&m->q, m->ring, sizeof m->ring[0], 1);
  weft_buf_init(&m->out, m->alloc, OUT_LIMIT);
  *out = m;
  return WEFT_OK;
}

static void destroy(weft_multistream *m) {
  weft_alloc a = m->alloc_copy;
  weft_buf_free(&m->out);
  weft_mem_free(&a, m, sizeof *m);
}

static void enter(weft_multistream *m, weft_time now) {
  weft_evq_enter(&m->q);
  m->now = weft_time_max(m->now, now);
}

static void leave(weft_multistream *m) {
  weft_multistream_event ev;
  if (weft_evq_outermost(&m->q))
    while (weft_evq_pop(&m->q, &ev)) m->cb.event(m->user, &ev, m->now);
  if (weft_evq_leave(&m->q)) destroy(m);
}

void weft_multistream_free(weft_multistream *m) {
  if (!m) return;
  weft_evq_enter(&m->q);
  m->q.free_pending = true;
  if (weft_evq_leave(&m->q)) destroy(m);
}

static void fail(weft_multistream *m, weft_who who, int code, const char *text) {
  if (m->state == STATE_ENDED) return;
  weft_multistream_event ev = {.type = WEFT_MULTISTREAM_EVENT_CLOSED,
                               .closed = {who, "multistream", "select", code, 0, text}};
  m->state = STATE_ENDED;
  m->limit_at = WEFT_NEVER;
  weft_evq_push(&m->q, &ev);
}

/* ---- writing ---------------------------------------------------------------------------------------------------------- */

static void put_line(weft_multistream *m, const char *text, size_t len) {
  uint8_t buf[WEFT_MULTISTREAM_LINE_MAX + 4];
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  weft_wr_uvarint(&w, len + 1);
  weft_wr_bytes(&w, text, len);
  weft_wr_u8(&w, '\n');
  int rc = weft_buf_append(&m->out, buf, weft_wr_len(&w));
  /* Only a peer that proposes without ever reading fills 64 KiB of answers. */
  if (rc == WEFT_ETOOBIG)
    fail(m, WEFT_WHO_PEER, WEFT_ELIMIT, "the peer proposes protocols and does not read the answers");
  else if (rc != WEFT_OK)
    fail(m, WEFT_WHO_SELF, rc, "out of memory");
}

static void put_text(weft_multistream *m, const char *text) { put_line(m, text, strlen(text)); }

static void flush(weft_multistream *m) {
  while (weft_buf_len(&m->out) > 0) {
    ptrdiff_t n = m->cb.output(m->user, weft_buf_data(&m->out), weft_buf_len(&m->out), m->now);
    if (n < 0) {
      fail(m, WEFT_WHO_SELF, (int)n, "the stream underneath refused our bytes");
      return;
    }
    if (n == 0) return;
    weft_buf_consume(&m->out, (size_t)n);
  }
  if (m->state != STATE_SELECTED) return;
  weft_multistream_event ev = {
      .type = WEFT_MULTISTREAM_EVENT_SELECTED, .protocol = m->cfg.protocols[m->index], .index = m->index};
  m->state = STATE_ENDED;
  m->limit_at = WEFT_NEVER;
  weft_evq_push(&m->q, &ev);
}

int weft_multistream_start(weft_multistream *m, weft_time now) {
  if (m->state != STATE_NEW) return WEFT_ESTATE;
  enter(m, now);
  m->state = STATE_HEADER;
  m->limit_at = weft_time_add(m->now, m->cfg.limit);
  if (m->cfg.dialer) {
    put_text(m, WEFT_MULTISTREAM_HEADER);
    put_text(m, m->cfg.protocols[0]);
  }
  flush(m);
  leave(m);
  return WEFT_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

static bool line_is(const weft_multistream *m, const char *text) {
  size_t n = strlen(text);
  return m->line_len == n + 1 && memcmp(m->line, text, n) == 0;
}

static void on_answer(weft_multistream *m) {
  if (line_is(m, m->cfg.protocols[m->index])) {
    m->state = STATE_SELECTED;
    return;
  }
  if (!line_is(m, NA)) {
    fail(m, WEFT_WHO_PEER, WEFT_EPROTO, "the peer answered with a protocol that was not proposed");
    return;
  }
  if (++m->index == m->cfg.protocols_len) {
    fail(m, WEFT_WHO_PEER, WEFT_EUNSUPPORTED, "the peer speaks none of the protocols proposed");
    return;
  }
  put_text(m, m->cfg.protocols[m->index]);
}

/* "ls" is answered with one message that holds a line per protocol (multistream-select README, "Listing"). */
static void on_list(weft_multistream *m) {
  uint8_t buf[WEFT_MULTISTREAM_LINE_MAX];
  weft_wr w;
  weft_wr_init(&w, buf, sizeof buf);
  for (size_t i = 0; i < m->cfg.protocols_len; i++) {
    size_t n = strlen(m->cfg.protocols[i]);
    weft_wr_uvarint(&w, n + 1);
    weft_wr_bytes(&w, m->cfg.protocols[i], n);
    weft_wr_u8(&w, '\n');
  }
  if (weft_wr_ok(&w))
    put_line(m, (const char *)buf, weft_wr_len(&w));
  else
    put_text(m, NA);
}

static void on_proposal(weft_multistream *m) {
  if (++m->proposals > WEFT_MULTISTREAM_PROPOSALS_MAX) {
    fail(m, WEFT_WHO_PEER, WEFT_ELIMIT, "the peer proposed more than 1000 protocols");
    return;
  }
  for (size_t i = 0; i < m->cfg.protocols_len; i++)
    if (line_is(m, m->cfg.protocols[i])) {
      m->index = i;
      m->state = STATE_SELECTED;
      put_text(m, m->cfg.protocols[i]);
      return;
    }
  if (line_is(m, LS))
    on_list(m);
  else
    put_text(m, NA);
}

static void on_line(weft_multistream *m) {
  bool kept = m->line_len <= sizeof m->line;
  if (kept && m->line[m->line_len - 1] != '\n') {
    fail(m, WEFT_WHO_PEER, WEFT_EMALFORMED, "a multistream line does not end in a newline");
    return;
  }
  if (m->state == STATE_HEADER) {
    if (!kept || !line_is(m, WEFT_MULTISTREAM_HEADER)) {
      fail(m, WEFT_WHO_PEER, WEFT_EPROTO, "the peer does not speak multistream-select 1.0");
      return;
    }
    m->state = STATE_PROPOSALS;
    /* Not earlier: py-libp2p 0.8.1 loses on a data channel what comes before its own first bytes are out. Nothing is
     * late by it, since our answer waits for a proposal; rust-libp2p listens so too. */
    if (!m->cfg.dialer) put_text(m, WEFT_MULTISTREAM_HEADER);
  } else if (m->cfg.dialer) {
    on_answer(m);
  } else {
    on_proposal(m);
  }
}

/* One byte of the length prefix. */
static void length_byte(weft_multistream *m, uint8_t b) {
  m->length[m->length_n++] = b;
  int n = weft_uvarint_peek(m->length, m->length_n, &m->line_len);
  if (n == 0 && m->length_n < sizeof m->length) return;
  if (n <= 0 || m->line_len == 0 || m->line_len > WEFT_MULTISTREAM_MESSAGE_MAX) {
    fail(m, WEFT_WHO_PEER, n <= 0 ? WEFT_EMALFORMED : WEFT_ETOOBIG, "a multistream line must have 1 to 16384 bytes");
    return;
  }
  m->length_n = 0;
  m->line_got = 0;
  m->in_line = true;
}

static size_t line_bytes(weft_multistream *m, const uint8_t *data, size_t len) {
  uint64_t left = m->line_len - m->line_got;
  size_t n = len < left ? len : (size_t)left;
  if (m->line_got < sizeof m->line) {
    size_t room = sizeof m->line - (size_t)m->line_got;
    memcpy(m->line + m->line_got, data, n < room ? n : room);
  }
  m->line_got += n;
  if (m->line_got == m->line_len) {
    m->in_line = false;
    on_line(m);
  }
  return n;
}

static bool reading(const weft_multistream *m) { return m->state == STATE_HEADER || m->state == STATE_PROPOSALS; }

ptrdiff_t weft_multistream_input(weft_multistream *m, const uint8_t *data, size_t len, weft_time now) {
  size_t at = 0;
  if (m->state == STATE_NEW) return WEFT_ESTATE;
  enter(m, now);
  while (at < len && reading(m)) {
    if (m->in_line)
      at += line_bytes(m, data + at, len - at);
    else
      length_byte(m, data[at++]);
  }
  flush(m);
  leave(m);
  return (ptrdiff_t)at;
}

int weft_multistream_input_end(weft_multistream *m, weft_time now) {
  enter(m, now);
  if (reading(m)) fail(m, WEFT_WHO_PEER, WEFT_ECLOSED, "the peer ended the stream during protocol selection");
  leave(m);
  return WEFT_OK;
}

int weft_multistream_tick(weft_multistream *m, weft_time now) {
  enter(m, now);
  if (m->state != STATE_ENDED) flush(m);
  if (m->state != STATE_ENDED && weft_time_due(m->limit_at, m->now))
    fail(m, WEFT_WHO_TIMEOUT, WEFT_ETIMEDOUT, "no protocol was agreed in time");
  leave(m);
  return WEFT_OK;
}

weft_time weft_multistream_deadline(const weft_multistream *m) { return m->limit_at; }
