#include "base/base.h"

unsigned weft_version(void) { return WEFT_VERSION_NUM; }
