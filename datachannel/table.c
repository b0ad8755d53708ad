#include <string.h>

#include "base/mem.h"
#include "datachannel/datachannel_int.h"

enum { FIRST_CAP = 8 };

/* The index of the first record whose id is not below `id`. */
static size_t position(const weft_datachannel *dc, uint16_t id) {
  size_t lo = 0, hi = dc->table_len;
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    if (dc->table[mid]->id < id)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo;
}

weft_datachannel_channel *weft_datachannel_find(const weft_datachannel *dc, uint16_t id) {
  size_t at = position(dc, id);
  return at < dc->table_len && dc->table[at]->id == id ? dc->table[at] : NULL;
}

static bool grow(weft_datachannel *dc) {
  if (dc->table_len < dc->table_cap) return true;
  size_t cap = dc->table_cap ? 2 * dc->table_cap : (size_t)FIRST_CAP, item = sizeof *dc->table;
  weft_datachannel_channel **table = weft_mem_resize(&dc->alloc, dc->table, dc->table_cap * item, cap * item);
  if (!table) return false;
  dc->table = table;
  dc->table_cap = cap;
  return true;
}

weft_datachannel_channel *weft_datachannel_add(weft_datachannel *dc, uint16_t id) {
  if (!grow(dc)) return NULL;
  weft_datachannel_channel *ch = weft_mem_new(&dc->alloc, sizeof *ch);
  if (!ch) return NULL;
  ch->id = id;
  ch->state = WEFT_DATACHANNEL_STATE_OPEN;
  ch->held_until = WEFT_NEVER;
  weft_list_init(&ch->tell);
  weft_list_init(&ch->work);
  weft_list_init(&ch->wait);
  size_t at = position(dc, id);
  memmove(dc->table + at + 1, dc->table + at, (dc->table_len - at) * sizeof *dc->table);
  dc->table[at] = ch;
  dc->table_len++;
  return ch;
}

static void release(weft_datachannel *dc, weft_datachannel_channel *ch) {
  weft_list_remove(&ch->tell);
  weft_list_remove(&ch->work);
  weft_list_remove(&ch->wait);
  weft_mem_free(&dc->alloc, ch, sizeof *ch);
}

void weft_datachannel_remove(weft_datachannel *dc, weft_datachannel_channel *ch) {
  size_t at = position(dc, ch->id);
  dc->table_len--;
  memmove(dc->table + at, dc->table + at + 1, (dc->table_len - at) * sizeof *dc->table);
  release(dc, ch);
}

/* Records are sorted, so the first gap among those of our parity is the answer. */
int32_t weft_datachannel_lowest_free(const weft_datachannel *dc) {
  uint32_t want = dc->cfg.even ? 0 : 1;
  if (want == 0 && dc->cfg.reserve_zero) want = 2;
  for (size_t i = position(dc, (uint16_t)want); i < dc->table_len; i++) {
    if (dc->table[i]->id > want) break;
    if (dc->table[i]->id == want) want += 2;
  }
  return want < dc->streams ? (int32_t)want : -1;
}

void weft_datachannel_table_free(weft_datachannel *dc) {
  for (size_t i = 0; i < dc->table_len; i++) release(dc, dc->table[i]);
  weft_mem_free(&dc->alloc, dc->table, dc->table_cap * sizeof *dc->table);
  dc->table = NULL;
  dc->table_len = dc->table_cap = 0;
}
