/*
 * Connecting to the engine's unix socket: who listens there is checked before one
 * byte is sent, and a failure names its cause and cure.
 */
#ifndef ENGINE_TRANSPORT_SOCKET_H
#define ENGINE_TRANSPORT_SOCKET_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/err.h"

/* ERR_USAGE: empty, relative or longer than sockaddr_un takes. ERR_UNREACHABLE: not there, not
 * searchable or not a socket. */
int socket_check_path(const char *path, struct err *e) must_check;

/* Why a connection to `path` failed with `error`: ERR_UNREACHABLE with cause and advice. */
int socket_unreachable(const char *path, int error, struct err *e);

/* The listener of a connected socket must run as uid 0; else ERR_UNREACHABLE. */
int socket_check_peer(int fd, const char *path, struct err *e) must_check;

/* True when an idle connection was closed or got bytes nobody asked for. */
bool socket_is_stale(int fd);

#endif
