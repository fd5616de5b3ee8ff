// The system's; there are no sockets.
#pragma once
#include_next <sys/socket.h>

#ifndef AF_UNIX
#define AF_UNIX 1
#endif
int socketpair(int domain, int type, int protocol, int *ends);
