#include "libp2p/upgrade_int.h"

static int ready(const weft_upgrade *u) {
  if (u->state == WEFT_UPGRADE_STATE_MUXED) return WEFT_OK;
  return u->state < WEFT_UPGRADE_STATE_MUXED ? WEFT_ESTATE : WEFT_ECLOSED;
}

int weft_upgrade_stream_open(weft_upgrade *u, uint32_t *stream, weft_time now) {
  int rc = ready(u);
  if (rc != WEFT_OK) return rc;
  weft_upgrade_enter(u, now);
  rc = weft_yamux_open(u->yamux, stream, u->now);
  weft_upgrade_leave(u);
  return rc;
}

ptrdiff_t weft_upgrade_stream_send(weft_upgrade *u, uint32_t stream, const uint8_t *data, size_t len, weft_time now) {
  int rc = ready(u);
  if (rc != WEFT_OK) return rc;
  weft_upgrade_enter(u, now);
  ptrdiff_t taken = weft_yamux_send(u->yamux, stream, data, len, u->now);
  weft_upgrade_leave(u);
  return taken;
}

int weft_upgrade_stream_shutdown(weft_upgrade *u, uint32_t stream, weft_time now) {
  int rc = ready(u);
  if (rc != WEFT_OK) return rc;
  weft_upgrade_enter(u, now);
  rc = weft_yamux_shutdown(u->yamux, stream, u->now);
  weft_upgrade_leave(u);
  return rc;
}

int weft_upgrade_stream_reset(weft_upgrade *u, uint32_t stream, weft_time now) {
  int rc = ready(u);
  if (rc != WEFT_OK) return rc;
  weft_upgrade_enter(u, now);
  rc = weft_yamux_reset(u->yamux, stream, u->now);
  weft_upgrade_leave(u);
  return rc;
}

int weft_upgrade_stream_consumed(weft_upgrade *u, uint32_t stream, size_t n, weft_time now) {
  int rc = ready(u);
  if (rc != WEFT_OK) return rc;
  weft_upgrade_enter(u, now);
  rc = weft_yamux_consumed(u->yamux, stream, n, u->now);
  weft_upgrade_leave(u);
  return rc;
}

size_t weft_upgrade_stream_room(const weft_upgrade *u, uint32_t stream) {
  return ready(u) == WEFT_OK ? weft_yamux_room(u->yamux, stream) : 0;
}
