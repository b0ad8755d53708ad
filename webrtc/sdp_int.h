/* weft webrtc, private: what reading and writing a description share. */
#ifndef WEFT_WEBRTC_SDP_INT_H
#define WEFT_WEBRTC_SDP_INT_H

#include "webrtc/sdp.h"

bool weft_sdp_token_valid(const char *text, size_t len); /* RFC 8866 section 9: none of them needs an escape in JSON */
const char *weft_sdp_setup_name(weft_sdp_setup setup);

#endif
