/* A connection to a webrtc-p2p-relay over TCP as load and benchmarks need them by the thousand: it reserves, or dials a circuit, and hands out the
 * circuit's bytes. And the relay itself, as a child process.
 *
 *   relay_child_start(&child, "build/bin", extra_arguments, n);
 *   relay_end_start(&e, &pool, &child, &rng, &callbacks, me, now);
 *   on ready:    relay_end_reserve(&e, now)  or  relay_end_connect(&e, target.identity.peer_id, now)
 *   on circuit:  app_stream_send(e.circuit, ...)
 *   relay_end_free(&e, now);  relay_child_stop(&child);
 */
#ifndef TEST_SUPPORT_RELAY_END_H
#define TEST_SUPPORT_RELAY_END_H

#include <sys/types.h>

#include <weft/relay/relay.h>

#include "apps/link.h"
#include "apps/tcp.h"

typedef struct relay_child {
  pid_t pid;
  char dir[64], file[96];
  weft_addr addr;
  weft_peer_id id;
} relay_child;

int relay_child_start(relay_child *c, const char *bin, const char *const *args, size_t n);
void relay_child_stop(relay_child *c);
long relay_child_rss_kib(const relay_child *c);
double relay_child_cpu_seconds(const relay_child *c);

typedef struct relay_end relay_end;

typedef struct relay_end_callbacks {
  void (*ready)(relay_end *e, weft_time now);
  void (*reserved)(relay_end *e, weft_time now);
  void (*circuit)(relay_end *e, weft_time now); /* e->circuit may be written */
  void (*data)(relay_end *e, const uint8_t *data, size_t len, weft_time now);
  void (*writable)(relay_end *e, weft_time now);
  void (*ended)(relay_end *e, weft_time now); /* the far side's last byte has come */
  /* status: a refusal of the relay's, 0: something else, and what. */
  void (*failed)(relay_end *e, int status, const char *what, weft_time now);
} relay_end_callbacks;

struct relay_end {
  app_host host;
  weft_identity identity;
  app_protocol hop, stop;
  const relay_child *relay;
  const relay_end_callbacks *cb;
  void *user;
  app_tcp *tcp;
  app_link *link;
  app_peer *peer;
  weft_relay_client *client;
  app_stream *circuit;
  const uint8_t *target; /* of relay_end_connect, 38 bytes */
  uint64_t sent, got;
  bool up; /* the circuit stands */
};

/* Identity and handshake come from rng. */
int relay_end_start(relay_end *e, app_tcp_pool *pool, const relay_child *relay, const weft_rng *rng,
                    const relay_end_callbacks *cb, void *user, weft_time now);
void relay_end_reserve(relay_end *e, weft_time now);
void relay_end_connect(relay_end *e, const uint8_t target[38], weft_time now);
void relay_end_free(relay_end *e, weft_time now);

#endif
