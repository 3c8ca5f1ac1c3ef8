// The folder is named here, so that the header is found without pkg-config.
#pragma once
#include <hiredis/hiredis.h>
// Not among what Swift imports of the C library; the lab watches thousands of connections with it.
#include <sys/epoll.h>
