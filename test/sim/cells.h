/* The table of test/nat/cells.txt, and the networks it describes as NAT boxes.
 *
 *   cell cells[CELLS_MAX];
 *   size_t n = cells_load("test/nat/cells.txt", cells, CELLS_MAX);
 *   cell_build(&cells[i], &nat, places);          places[0] is Bob's, who dials; places[1] Alice's
 */
#ifndef TEST_SIM_CELLS_H
#define TEST_SIM_CELLS_H

#include "test/sim/nat.h"

enum { CELLS_MAX = 80, CELL_TEXT = 40 };

typedef struct cell {
  char name[CELL_TEXT], alice[CELL_TEXT], bob[CELL_TEXT], path[CELL_TEXT];
} cell;

/* Where a peer is. */
typedef struct cell_place {
  char addr4[32], addr6[32]; /* its own addresses without port; "" without that family */
  nat_box *inner, *outer;    /* the boxes in front of it, NULL: none; the same if there is one */
  bool fw6;                  /* a stateful firewall before addr6 */
} cell_place;

/* How many; aborts on a table that it does not understand. */
size_t cells_load(const char *path, cell *cells, size_t cap);
void cell_build(const cell *c, nat_net *l, cell_place places[2]);

#endif
