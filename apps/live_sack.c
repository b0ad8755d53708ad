/* When a running peer acknowledges. */
#include "apps/clock.h"
#include "apps/live.h"

enum { ALONE = 5, PAIRS = 3, THROWS = ALONE + PAIRS, USUAL_MS = 200, MOST_MS = 500, WAY_MS = 20 };

/* ---- what is under way ---- */

static void took(live_delays *d, weft_time delay) {
  if (d->n == 0 || delay < d->least) d->least = delay;
  if (delay > d->most) d->most = delay;
  d->n++;
}

void live_flight_left(live_flight *f, uint32_t last_tsn, weft_time now) {
  f->packets++;
  f->last_tsn = last_tsn;
  if (f->packets == 1) f->first_tsn = last_tsn, f->first_at = now;
  if (f->packets != 2) return;
  f->second_tsn = last_tsn;
  f->second_at = now;
  f->second_timed = false;
}

static bool covers(uint32_t cumulative, uint32_t tsn) { return (int32_t)(cumulative - tsn) >= 0; }

void live_flight_acked(live_flight *f, uint32_t cumulative, weft_time now) {
  if (f->packets == 1 && covers(cumulative, f->first_tsn)) took(&f->alone, now - f->first_at);
  if (f->packets >= 2 && !f->second_timed && covers(cumulative, f->second_tsn)) {
    took(&f->second, now - f->second_at);
    f->second_timed = true;
  }
  if (f->packets > 0 && covers(cumulative, f->last_tsn)) f->packets = 0;
}

/* ---- the check ---- */

static bool none_under_way(live *l) { return l->seen.flight.packets == 0 || l->closed; }

/* So many octets, each in a packet of its own; to them there is no answer, for a ball has 32. A peer that throws balls without end leaves no
 * moment in which nothing is under way, but its answers are timed too. */
static unsigned throw_octets(live *l, unsigned n) {
  unsigned thrown = 0;
  live_wait(l, none_under_way, WEFT_MS(MOST_MS + WAY_MS));
  while (thrown < n && l->stream != 0 && !l->closed && live_put(l, l->ball, 1, false) == WEFT_OK) thrown++;
  live_wait(l, none_under_way, WEFT_MS(MOST_MS + WAY_MS));
  return thrown;
}

static bool within(const live_delays *d, unsigned ms) { return d->n > 0 && d->least <= WEFT_MS(ms + WAY_MS); }

static void show(char *out, size_t cap, const char *what, const live_delays *d) {
  if (d->n == 0)
    snprintf(out, cap, "%s: none was timed", what);
  else
    snprintf(out, cap, "%s after %.1f to %.1f ms (%u times)", what, (double)d->least / 1000, (double)d->most / 1000,
             d->n);
}

/* The shortest tells how long the peer waits when nothing disturbs: a slow machine only makes delays longer. Of what is neither within 200 ms nor
 * over 500 ms nobody can say whether the peer or the machine was late. */
void live_sack(live *l, const live_behaviour *b) {
  live_flight *f = &l->seen.flight;
  char alone[80], second[80];
  unsigned thrown = 0;
  f->alone = f->second = (live_delays){0, 0, 0};
  for (int i = 0; i < THROWS && (f->alone.n < ALONE || f->second.n < PAIRS); i++)
    thrown += throw_octets(l, f->alone.n < ALONE ? 1 : 2);
  if (thrown > 0 && l->stream != 0 && !l->closed)
    live_put(l, l->ball, sizeof l->ball - thrown, false); /* the peer has read part of a ball */
  show(alone, sizeof alone, "a packet alone", &f->alone);
  show(second, sizeof second, "the second of two", &f->second);
  bool good = within(&f->alone, USUAL_MS) || within(&f->second, USUAL_MS);
  bool late = f->alone.n > 0 && !within(&f->alone, MOST_MS);
  live_note(l, b, late ? LIVE_FAIL : good ? LIVE_PASS : LIVE_NOT_TESTABLE, "%s; %s", alone, second);
}
