/* NAT boxes on a simulated network (test/support/net.h), in the terms of RFC 4787.
 *
 *   nat_net l;
 *   nat_net_init(&l, &net, 42);
 *   nat_box *home = nat_add(&l, NULL, "198.51.100.1", NAT_PORT);      on the public network
 *   nat_attach(&l, home, "192.168.1.10", 0);                          a host behind it, in its segment 0
 *   nat_send(&l, &from, &to, data, len, now);                         in the place of net_send, for every host
 *   nat_flush(home);                                                  it forgets all mappings
 *
 * A mapping is a binding of the network: what arrives there is filtered when it arrives and handed to the inside. Hosts that were not attached
 * are public. Addresses are unlike each other everywhere, but private ones (RFC 1918, RFC 6598) are not carried by the public network.
 */
#ifndef TEST_SIM_NAT_H
#define TEST_SIM_NAT_H

#include "test/support/net.h"

typedef enum nat_kind {
  NAT_FULL,  /* endpoint-independent mapping, endpoint-independent filtering */
  NAT_ADDR,  /* endpoint-independent mapping, address-dependent filtering */
  NAT_PORT,  /* endpoint-independent mapping, address- and port-dependent filtering */
  NAT_LINUX, /* the same, and what comes in keeps it too */
  NAT_SYM,   /* address- and port-dependent both */
  NAT_BLOCK  /* no UDP */
} nat_kind;

enum { NAT_BOXES = 8, NAT_HOSTS = 12, NAT_MAPPINGS = 24, NAT_CONTACTS = 48 };

typedef struct nat_contact {
  weft_addr remote;
  weft_time last;
} nat_contact;

typedef struct nat_mapping {
  struct nat_box *box;
  bool used;
  weft_addr inside, outside, to; /* to: of a symmetric one */
  weft_time last;
  nat_contact contacts[NAT_CONTACTS];
  size_t contacts_len;
} nat_mapping;

typedef struct nat_net nat_net;

typedef struct nat_box {
  nat_net *l;
  struct nat_box *outer; /* NULL: the public network */
  weft_addr ip;          /* outside */
  nat_kind kind;
  bool hairpin, blocked;
  weft_time timeout; /* RFC 4787 section 4.3: at least 2 minutes, and less is seen */
  net_link link;     /* of what it sends outside: delay, loss... of each new mapping */
  nat_mapping mappings[NAT_MAPPINGS];
  unsigned filtered, expired; /* counted */
} nat_box;

struct nat_net {
  net *n;
  test_rng rng; /* port numbers */
  nat_box boxes[NAT_BOXES];
  size_t boxes_len;
  struct {
    weft_addr ip;
    nat_box *box;
    int segment;
  } hosts[NAT_HOSTS];
  size_t hosts_len;
  unsigned unroutable;
};

void nat_net_init(nat_net *l, net *n, uint64_t seed);
nat_box *nat_add(nat_net *l, nat_box *outer, const char *ip, nat_kind kind);
/* A host, or a box's outside address, inside `box`. Segments of one box do not reach each other inside. */
void nat_attach(nat_net *l, nat_box *box, const char *ip, int segment);
int nat_send(nat_net *l, const weft_addr *from, const weft_addr *to, const uint8_t *data, size_t len, weft_time now);
void nat_flush(nat_box *box);
/* The host behind a public address now; the address itself where no mapping is. */
weft_addr nat_host_of(const nat_net *l, const weft_addr *public_addr);

#endif
