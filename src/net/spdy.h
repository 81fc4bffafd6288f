/* SPDX-License-Identifier: Apache-2.0 */
/* spdy.h - a connection that was upgraded from HTTP/1.1 to SPDY/3.1, as kubelet's streaming protocol
 * does it. Opening blocks, everything else does not. One thread.
 * From: RFC 9110 section 7.8; kubernetes apimachinery pkg/util/httpstream/spdy. */
#pragma once
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "wire/spdy.h"
#include <harpoon/stream.h>

struct hp_spdy;

/* Connect to @url ("http://127.0.0.1:4711/exec/token") and upgrade, speaking @protocol in the streams.
 * Fails: HP_EUNSUPPORTED - TLS; HP_EUNAVAILABLE - nobody listens;
 * HP_EFAILED - the server refuses, in its own words; HP_EPROTO; HP_ETIMEOUT - @deadline. */
int hp_spdy_dial(const char *url, const char *protocol, int64_t deadline, struct hp_spdy **ret,
		 struct hp_error *err) MUST_CHECK;
void hp_spdy_free(struct hp_spdy *s); /* closes the connection; NULL is fine */
HP_AUTO_PTR(struct hp_spdy, hp_spdy_free);

/* The socket, to be polled: for reading always, for writing while hp_spdy_unsent(). Owns: @s. */
int hp_spdy_fd(const struct hp_spdy *s);
size_t hp_spdy_unsent(const struct hp_spdy *s);

/* Queue the opening of a stream. Returns: its number through @ret_stream. */
int hp_spdy_open(struct hp_spdy *s, const struct hp_spdy_pair *pairs, size_t count,
		 uint32_t *ret_stream, struct hp_error *err) MUST_CHECK;
/* Queue bytes for a stream, and its end with @fin. Fails: HP_EEXHAUSTED - too much is unsent. */
int hp_spdy_send(struct hp_spdy *s, uint32_t stream, struct hp_bytes data, bool fin,
		 struct hp_error *err) MUST_CHECK;
/* Send what the socket takes. Fails: HP_EIO - the peer has closed. */
int hp_spdy_flush(struct hp_spdy *s, struct hp_error *err) MUST_CHECK;
/* The next frame; pings are answered here and not shown. ret: good until the next call.
 * Returns: HP_NEXT_ITEM, HP_NEXT_WAIT, HP_NEXT_END when the peer has closed, -1. */
int hp_spdy_next(struct hp_spdy *s, struct hp_spdy_frame *ret, struct hp_error *err) MUST_CHECK;
