/* apps: the asking side of --status: dials a running relay, prints what it says, and ends. */
#ifndef APPS_RELAY_ASK_H
#define APPS_RELAY_ASK_H

#include "apps/node.h"

/* addr NULL: the one in addr_file. The exit code. */
int app_relay_ask(const app_node_options *o, const char *addr, const char *addr_file, weft_time limit);

#endif
