/* apps: chat frames that wait for room, and the piece of a character that waits for its rest.
 *
 *   app_frames q = {0};
 *   app_frames_push(&q, data, len, tag);                 copied; WEFT_ENOMEM
 *   app_frame *f = app_frames_first(&q);                 NULL: empty; f->sent counts what has gone out already
 *   app_frames_pop(&q);
 *   app_frames_clear(&q);
 */
#ifndef APPS_FRAMES_H
#define APPS_FRAMES_H

#include <weft/base/base.h>

typedef struct app_frame {
  struct app_frame *next;
  size_t len, sent;
  uint32_t tag; /* the owner's */
  uint8_t data[];
} app_frame;

typedef struct app_frames {
  app_frame *first, *last;
  size_t bytes; /* of all frames, whole */
} app_frames;

int app_frames_push(app_frames *q, const uint8_t *data, size_t len, uint32_t tag);
app_frame *app_frames_first(const app_frames *q);
void app_frames_move(app_frames *to,
                     app_frames *from); /* the first frame, which must be there, to the end of the other */
void app_frames_pop(app_frames *q);
void app_frames_clear(app_frames *q);

/* UTF-8 cut in the middle of a character: up to 3 bytes wait for the next frame. */
enum { APP_CARRY_MAX = 3, APP_CARRY_PIECE_MAX = 16384 };
typedef struct app_carry {
  uint8_t bytes[APP_CARRY_MAX];
  size_t len;
} app_carry;
/* What of carry and data (at most APP_CARRY_PIECE_MAX bytes) can be shown; *len may become 0. It is in data, or in room (APP_CARRY_PIECE_MAX +
 * APP_CARRY_MAX bytes) when the two had to be joined. */
const uint8_t *app_carry_join(app_carry *c, const uint8_t *data, size_t *len, uint8_t *room);

#endif
