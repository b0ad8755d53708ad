/* Two peers of /webrtc on one simulated network, with their signaling stream: a pair of pipes that are late and cut where a test wants.
 *
 *   private_world w;
 *   private_world_prepare(&w, 42, test_alloc());       A offers at 10.0.0.1:5000, B answers at 10.0.0.2:6000; 10 ms each way
 *   w.sides[0].pipe.cut = 1;                            what A says comes byte by byte
 *   private_world_start(&w);
 *   private_world_run(&w, WEFT_SEC(5), private_world_ready);
 *   private_world_end(&w);
 *
 * A side that is CONNECTED takes its connection at once and ends its half of the stream, unless `keep`; one that is CLOSED resets it.
 */
#ifndef TEST_SUPPORT_PRIVATE_WORLD_H
#define TEST_SUPPORT_PRIVATE_WORLD_H

#include <weft/webrtc/signaling.h>

#include "test/support/net.h"
#include "test/support/rng.h"

enum {
  PRIVATE_WORLD_SAID = 128 * 1024,
  PRIVATE_WORLD_TEXT = 256,
  PRIVATE_WORLD_STEPS = 16,
  PRIVATE_WORLD_ADDRS = 24,
  PRIVATE_WORLD_CANDIDATES = 80
};

typedef struct private_world private_world;

/* What one side has said to the other. */
typedef struct private_pipe {
  weft_time delay;
  size_t cut;  /* at most so many bytes arrive at once; 0: as they were written */
  size_t room; /* bytes that may be on their way; 0: any number */
  bool ended, reset, end_told, reset_told;
  uint8_t said[PRIVATE_WORLD_SAID];
  size_t len, heard; /* written, read */
  struct {
    size_t end; /* of the write, in `said` */
    weft_time at;
  } writes[512];
  size_t writes_len, writes_done;
  weft_time end_at;
  bool blocked; /* the writer waits for room */
} private_pipe;

typedef struct private_side {
  private_world *w;
  int index;
  weft_private_config cfg;
  weft_addr addrs[PRIVATE_WORLD_ADDRS], stun;
  size_t addrs_len;
  weft_private *p;
  weft_webrtc *c; /* after take */
  bool keep;      /* not taken by itself */
  private_pipe pipe;
  weft_private_callbacks cb;
  void (*hear)(struct private_side *s, const uint8_t *data, size_t len); /* without p: what the other side says */
  /* seen */
  const char *steps[PRIVATE_WORLD_STEPS];
  size_t steps_len;
  unsigned connected, closed_seen, selected, candidates_local, candidates_remote, ready, conn_closed, paths;
  weft_ice_candidate candidates[PRIVATE_WORLD_CANDIDATES]; /* local ones */
  weft_closed closed, conn_why;
  char closed_text[PRIVATE_WORLD_TEXT], conn_text[PRIVATE_WORLD_TEXT];
  weft_addr local, remote;
  weft_ice_candidate_type local_type, remote_type;
  weft_time connected_at, selected_at;
  uint8_t peer_id[WEFT_PEER_ID_MAX];
  size_t peer_id_len;
  bool late_event; /* something after CLOSED, or a stream before READY */
  void *data;
} private_side;

struct private_world {
  net net;
  test_rng rngs[2];
  weft_dtls_cert *certs[2]; /* made once per process */
  private_side sides[2];    /* A, who offers; B */
  weft_time now;
  uint64_t said_hash, steps;
  bool livelock;
  /* In the place of net_send. */
  int (*send)(void *user, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len, weft_time now);
  /* Sees what arrives at an address of a side; false: it is filtered. */
  bool (*arrives)(void *user, private_side *s, const weft_addr *local, const weft_addr *remote, weft_time now);
  /* Sees, and may change, what a side says as it says it. */
  void (*tap)(private_side *s, uint8_t *data, size_t len);
  void (*on_private)(private_side *s, const weft_private_event *ev, weft_time now);
  void (*on_webrtc)(private_side *s, const weft_webrtc_event *ev, weft_time now);
  void *user;
};

/* Everything that can be changed before the start. alloc may be NULL. */
void private_world_prepare(private_world *w, uint64_t seed, const weft_alloc *alloc);
/* One address in the place of those a side has. */
void private_world_set_addr(private_side *s, const char *addr);
/* One side's object with its addresses, not started; false when there was no memory. */
bool private_world_make(private_side *s);
/* For a side whose connection is made by hand. */
weft_webrtc_callbacks private_world_callbacks(void);
void private_world_bind(private_side *s);
bool private_world_start(private_world *w);
bool private_world_step(private_world *w, weft_time until);
bool private_world_run(private_world *w, weft_time until, bool (*done)(private_world *w));
bool private_world_ready(private_world *w);  /* READY on both sides */
bool private_world_closed(private_world *w); /* CLOSED on both sides */
/* The connection into the side's hands, as `keep` leaves it to the test. */
bool private_world_take(private_side *s, weft_time now);
/* Bytes from nobody: as if the other side had written them. */
void private_world_say(private_side *s, const void *data, size_t len);
/* Both sides as they were before the start, on the same network and in the same time. */
void private_world_again(private_world *w);
void private_world_end(private_world *w);
private_side *private_world_peer(private_side *s);

#endif
