/* apps: addresses of names under .local, asked by multicast DNS (RFC 6762). Browsers hide their host candidates behind
 * such names. No sockets in here: apps/mdns_net.h has them.
 *
 *   app_mdns m;
 *   app_mdns_init(&m, &rng, &(app_mdns_callbacks){my_output, my_found, my_ended}, me);
 *   app_mdns_ask(&m, "3a5b6c7d-0000-4000-8000-123456789abc.local", now);
 *   on a datagram:  app_mdns_input(&m, &from, data, len, now);
 *   app_mdns_tick(&m, now) by app_mdns_deadline(&m);
 *   on found(name, ip): every candidate with that name gets the address, weft_ice_add_remote takes it
 *
 * Nothing is allocated. What an answer says is no more than a candidate: whoever is behind the address still has to know
 * the ICE credentials.
 */
#ifndef APPS_MDNS_H
#define APPS_MDNS_H

#include <weft/base/addr.h>

enum {
  APP_MDNS_PORT = 5353,     /* RFC 6762 section 3 */
  APP_MDNS_NAMES = 32,      /* asked for at once */
  APP_MDNS_NAME_MAX = 63,   /* bytes of a name; that of a candidate is no longer */
  APP_MDNS_ADDRS = 4,       /* addresses told of one name */
  APP_MDNS_TRIES = 3,       /* queries, a second apart (RFC 6762 section 5.2: not sooner) */
  APP_MDNS_DATAGRAM = 9000, /* longer ones are dropped: RFC 6762 section 17 */
  APP_MDNS_RECORDS = 64     /* looked at in one answer */
};

typedef struct app_mdns_callbacks {
  /* Sends one message to both groups, 224.0.0.251 and ff02::fb, on every interface. */
  void (*output)(void *user, const uint8_t *data, size_t len, weft_time now);
  /* An address of the name, port 0; each once. */
  void (*found)(void *user, const char *name, const weft_addr *ip, weft_time now);
  /* The name is forgotten: a second after its first address, or three seconds after it was asked for. */
  void (*ended)(void *user, const char *name, unsigned addresses, weft_time now);
} app_mdns_callbacks;

typedef struct app_mdns_name {
  char text[APP_MDNS_NAME_MAX + 1]; /* "": free */
  uint16_t id;
  uint8_t tries, addrs_len;
  weft_addr addrs[APP_MDNS_ADDRS];
  weft_time next_at;
} app_mdns_name;

typedef struct app_mdns {
  weft_rng rng;
  app_mdns_callbacks cb;
  void *user;
  app_mdns_name names[APP_MDNS_NAMES];
  uint64_t queries, answers, dropped; /* answers: addresses of names that were asked for */
} app_mdns;

void app_mdns_init(app_mdns *m, const weft_rng *rng, const app_mdns_callbacks *cb, void *user);
/* Sends the first query before it returns. WEFT_OK also when it is being asked for already; WEFT_EINVAL: not a name under
 * .local; WEFT_ELIMIT: APP_MDNS_NAMES; WEFT_ERANDOM. May be called from `found` and `ended`. */
int app_mdns_ask(app_mdns *m, const char *name, weft_time now);
/* A datagram from that source. Whatever is no answer to a question of ours is dropped. */
void app_mdns_input(app_mdns *m, const weft_addr *from, const uint8_t *data, size_t len, weft_time now);
void app_mdns_tick(app_mdns *m, weft_time now);
weft_time app_mdns_deadline(const app_mdns *m);

#endif
