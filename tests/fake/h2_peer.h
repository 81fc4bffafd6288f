/* SPDX-License-Identifier: Apache-2.0 */
/* h2_peer.h - a gRPC server for tests, which does what the request tells it to, wrong things too.
 *
 * It serves one connection after the other. The methods are:
 *   /fake/Script  the first message is a script; see below
 *   /fake/Chat    each message comes back; the call ends well when the client's side ends
 *   /fake/Sink    the answer, when the client's side ends, is the count of bytes that came
 *   /fake/Stuck   nothing is answered and no window is given back
 * Any other method is status 12. A script is a list of steps with ";" between them:
 *   http N, type T   another HTTP status or content type than those of gRPC
 *   msg TEXT, big N  a message: a text, or N bytes 'x'
 *   raw HEX          bytes as they are, instead of a message
 *   headers          a message with the request's headers, "name: value\n" each
 *   status N TEXT    trailers; alone in headers when nothing was sent before; TEXT is sent as is
 *   end              the end of the stream without trailers
 *   reset N          RST_STREAM with that error code
 *   refuse-once      RST_STREAM(REFUSED_STREAM), for the first such request of all
 *   goaway N         GOAWAY with that last stream id
 *   goaway-once N    the same, and the rest of the script is left out, on the first connection;
 *                    later ones answer with the rest
 *   sleep N          N ms without doing anything
 *   drop             close the connection when what was said so far has been sent */
#pragma once
#include <stdbool.h>

#include "base/buf.h"

struct h2_peer;

/* Listen on @path and serve in a thread. Aborts the test program when it cannot. */
struct h2_peer *h2_peer_start(const char *path);
/* Listen on @path, and tell whoever connects @text, whatever he says; then close the connection,
 * or @hold it until he closes. */
struct h2_peer *h2_peer_start_raw(const char *path, struct hp_bytes text, bool hold);
/* Close the connection and the socket, and end the thread. NULL is fine. */
void h2_peer_stop(struct h2_peer *p);

/* How many connections there were, and how many RST_STREAM(CANCEL) came. */
int h2_peer_connections(const struct h2_peer *p);
int h2_peer_cancels(const struct h2_peer *p);
