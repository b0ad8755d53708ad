#include "test/support/alloc.h"

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SWEEP_MAX = 10000 };

/* In front of every block. The union keeps what follows aligned for any type. */
typedef union header {
  struct {
    leak_alloc *owner;
    size_t n;
  } h;
  max_align_t align;
} header;

static bool refuse(leak_alloc *a) {
  a->calls++;
  if (a->fail_at == 0) return false;
  if (a->fail_at > 1) {
    a->fail_at--;
    return false;
  }
  if (!a->fail_on) a->fail_at = 0;
  a->refused++;
  return true;
}

static void account(leak_alloc *a, size_t old_n, size_t new_n) {
  a->bytes = a->bytes - old_n + new_n;
  if (a->bytes > a->peak_bytes) a->peak_bytes = a->bytes;
}

static void release(leak_alloc *a, header *h) {
  account(a, h->h.n, 0);
  a->blocks--;
  memset(h, 0xdd, sizeof *h + h->h.n); /* use after free shows without a sanitizer too */
  free(h);
}

static void *leak_realloc(void *ctx, void *p, size_t old_n, size_t new_n) {
  leak_alloc *a = ctx;
  header *h = p ? (header *)p - 1 : NULL;
  if (h && (h->h.owner != a || h->h.n != old_n)) a->mismatches++;
  if (new_n == 0) {
    if (h) release(a, h);
    return NULL;
  }
  if (refuse(a)) return NULL;
  size_t had = h ? h->h.n : 0;
  header *moved = malloc(sizeof *moved + new_n);
  if (!moved) return NULL;
  memset(moved + 1, 0xa5, new_n); /* reading what was never written shows, too */
  moved->h.owner = a;
  moved->h.n = new_n;
  if (h) memcpy(moved + 1, h + 1, had < new_n ? had : new_n);
  account(a, 0, new_n);
  a->blocks++;
  if (h) release(a, h);
  return moved + 1;
}

void leak_alloc_init(leak_alloc *a) { *a = (leak_alloc){.alloc = {leak_realloc, a}}; }

const char *leak_alloc_complaint(const leak_alloc *a) {
  static char text[128];
  if (a->blocks == 0 && a->bytes == 0 && a->mismatches == 0) return NULL;
  snprintf(text, sizeof text, "%zu blocks (%zu bytes) not freed, %zu wrong sizes or owners", a->blocks, a->bytes,
           a->mismatches);
  return text;
}

static leak_alloc current;

leak_alloc *test_leak(void) { return &current; }

const weft_alloc *test_alloc(void) {
  if (!current.alloc.realloc) leak_alloc_init(&current);
  return &current.alloc;
}

void leak_setup(void) { leak_alloc_init(&current); }

void leak_teardown(void) {
  const char *complaint = leak_alloc_complaint(&current);
  ck_assert_msg(complaint == NULL, "%s", complaint ? complaint : "");
}

size_t alloc_sweep(void (*scenario)(void *ctx), void *ctx) {
  size_t runs = 0;
  for (size_t at = 1; at <= SWEEP_MAX; at++) {
    leak_alloc_init(&current);
    current.fail_at = at;
    scenario(ctx);
    const char *complaint = leak_alloc_complaint(&current);
    ck_assert_msg(complaint == NULL, "allocation %zu refused: %s", at, complaint ? complaint : "");
    if (current.refused == 0) break;
    runs++;
  }
  leak_alloc_init(&current);
  return runs;
}
