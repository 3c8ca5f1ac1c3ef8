// The folder is named here, so that the header is found without pkg-config.
#pragma once
#include <hiredis/hiredis.h>
