// What Swift cannot import from libpq as it stands.
#pragma once
#include <libpq-fe.h>
