/* SPDX-License-Identifier: Apache-2.0 */
/* h2_script.h - what the fake peer's socket (h2_peer.c) and its methods (h2_script.c) share. */
#pragma once
#include <nghttp2/nghttp2.h>
#include <stdatomic.h>

#include "base/buf.h"

/* What lives as long as the peer. */
struct h2_counts {
	atomic_int connections;
	atomic_int cancels;
	atomic_int refused;
	atomic_int goaways;
};

struct served_call;

struct h2_served {
	nghttp2_session *session;
	struct h2_counts *counts;
	struct served_call *calls;
	bool drop; /* close the connection once everything was sent */
};

/* Make the session that serves one connection. Owns: the caller, until h2_served_clear(). */
void h2_served_init(struct h2_served *served, struct h2_counts *counts);
void h2_served_clear(struct h2_served *served);
