#include <weft/libp2p/upgrade.h>

#include "apps/host.h"

static int mux_open(void *conn, uint32_t *stream, weft_time now) { return weft_upgrade_stream_open(conn, stream, now); }

static ptrdiff_t mux_send(void *conn, uint32_t stream, const uint8_t *data, size_t len, weft_time now) {
  return weft_upgrade_stream_send(conn, stream, data, len, now);
}

static int mux_shutdown(void *conn, uint32_t stream, weft_time now) {
  return weft_upgrade_stream_shutdown(conn, stream, now);
}

static int mux_reset(void *conn, uint32_t stream, weft_time now) {
  return weft_upgrade_stream_reset(conn, stream, now);
}

static int mux_consumed(void *conn, uint32_t stream, size_t n, weft_time now) {
  return weft_upgrade_stream_consumed(conn, stream, n, now);
}

static size_t mux_room(const void *conn, uint32_t stream) { return weft_upgrade_stream_room(conn, stream); }

const app_muxer app_upgrade_muxer = {mux_open, mux_send, mux_shutdown, mux_reset, mux_consumed, mux_room};
