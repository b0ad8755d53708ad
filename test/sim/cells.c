#include "test/sim/cells.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void broken(const char *what, const char *text) {
  fprintf(stderr, "cells: %s: %s\n", what, text);
  abort();
}

size_t cells_load(const char *path, cell *cells, size_t cap) {
  char line[512];
  size_t n = 0;
  FILE *f = fopen(path, "r");
  if (!f) broken("cannot read", path);
  while (fgets(line, sizeof line, f)) {
    cell c;
    if (line[0] == '#' || line[strspn(line, " \t\n")] == 0 || strstr(line, " lab: ")) continue;
    if (sscanf(line, "%39s %39s %39s %39s", c.name, c.alice, c.bob, c.path) != 4) broken("not a row", line);
    if (n == cap) broken("too many rows", path);
    cells[n++] = c;
  }
  fclose(f);
  return n;
}

/* ---- building ---- */

static nat_kind kind_of(const char *text, size_t len) {
  static const char *const names[] = {"full", "addr", "port", "linux", "sym", "block"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strlen(names[i]) == len && memcmp(names[i], text, len) == 0) return (nat_kind)i;
  broken("unknown NAT", text);
  return NAT_BLOCK;
}

/* "port" or "port+hairpin", up to the end or '>' */
static nat_box *box_of(nat_net *l, nat_box *outer, const char *ip, const char *text) {
  size_t all = strcspn(text, ">"), len = strcspn(text, "+>");
  nat_box *b = nat_add(l, outer, ip, kind_of(text, len));
  if (len < all) b->hairpin = strncmp(text + len, "+hairpin", 8) == 0 ? true : (broken("unknown option", text), false);
  return b;
}

/* Alice's addresses are built first; `who` 1 is Alice. */
static void build4(nat_net *l, cell_place *p, const cell_place *other, int who, const char *text) {
  const char *outer = strchr(text, '>');
  int segment = who;
  char ip[32];
  snprintf(p->addr4, sizeof p->addr4, "192.168.%d.10", who + 1);
  if (strcmp(text, "open") == 0) {
    snprintf(p->addr4, sizeof p->addr4, "198.51.100.%d0", who + 1);
    return;
  }
  if (text[0] == '=') {
    p->inner = p->outer = other->outer;
    segment = strcmp(text, "=lan") == 0 ? !who : who;
    nat_attach(l, p->inner, p->addr4, segment);
    return;
  }
  snprintf(ip, sizeof ip, "198.51.100.%d", who + 1);
  if (outer && outer[1] == '=')
    p->outer = other->outer;
  else if (outer)
    p->outer = box_of(l, NULL, ip, outer + 1);
  if (outer) {
    snprintf(ip, sizeof ip, "100.64.%d.2", who + 1);
    nat_attach(l, p->outer, ip, segment);
  }
  p->inner = box_of(l, p->outer, ip, text);
  if (!outer) p->outer = p->inner;
  nat_attach(l, p->inner, p->addr4, segment);
}

static void build6(cell_place *p, int who, const char *text) {
  snprintf(p->addr6, sizeof p->addr6, "2001:db8:%d::10", who + 1);
  p->fw6 = strcmp(text, "fw6") == 0;
  if (!p->fw6 && strcmp(text, "none6") != 0) broken("unknown IPv6", text);
}

static void build(nat_net *l, cell_place *p, const cell_place *other, int who, const char *text) {
  char four[CELL_TEXT];
  const char *six = strchr(text, '|');
  memset(p, 0, sizeof *p);
  snprintf(four, sizeof four, "%.*s", (int)strcspn(text, "|"), text);
  if (six || strchr(text, '6')) build6(p, who, six ? six + 1 : text);
  if (six || !strchr(text, '6')) build4(l, p, other, who, four);
}

void cell_build(const cell *c, nat_net *l, cell_place places[2]) {
  build(l, &places[1], &places[0], 1, c->alice);
  build(l, &places[0], &places[1], 0, c->bob);
}
