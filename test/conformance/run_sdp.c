/* vectors/import/sdp.json. Candidates and credentials are ICE's. */
#include <string.h>

#include "test/conformance/ice_cases.h"

int conform_sdp(conform_ctx *ctx) {
  conform_case c;
  while (conform_next(ctx, &c)) {
    if (strcmp(c.op, "candidate") == 0)
      conform_ice_candidate(ctx, &c);
    else if (strcmp(c.op, "ufrag") == 0)
      conform_ice_ufrag(ctx, &c);
    else
      conform_unsupported(ctx, &c, "op %s", c.op);
  }
  return 0;
}
