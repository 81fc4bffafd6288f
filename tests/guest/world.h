/* SPDX-License-Identifier: Apache-2.0 */
/* world.h - a guest's init in namespaces of its own, with this process as its host. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/loop.h"
#include "guest.pb-c.h"
#include "net/mux.h"
#include "net/ttrpc_client.h"

struct machine;

/* What a process has written to one of its streams. */
struct world_stream {
	struct hp_mux_stream *mux;
	struct hp_buf got;
	bool marked; /* the process has ended, and this is all it wrote */
	bool ended;
	bool paused; /* nothing is taken from it */
};

struct world {
	struct hp_loop *loop;
	struct hp_ttrpc_client *client;
	struct hp_mux *mux;
	pid_t init;              /* 0: it runs in a machine... */
	struct machine *machine; /* ...this one */
	char *dir;               /* scratch: "shares" is what the guest sees */
	char *cgroup;            /* on the host; NULL: none */
	bool gone;
	struct world_stream streams[64];
	Hp__Guest__WatchResponse *news; /* the last */
	bool exited[16];                /* of processes, by their number */
	uint32_t status[16];
	bool oom; /* was told of at any time */
};

/* Start it. Its share "rootfs" is a small root of busybox. Ends the test on failure. */
void world_open(struct world *w);
/* Give it up; its processes end. */
void world_close(struct world *w);

/* Make one call and wait for its end. Returns: the response, to be freed by
 * protobuf_c_message_free_unpacked(), or NULL with @err filled. */
void *world_call(struct world *w, const char *method, const ProtobufCMessage *request,
		 const ProtobufCMessageDescriptor *response, struct hp_error *err);
/* Open the streams of process @number. */
void world_streams(struct world *w, uint32_t number);
/* Wait until *@flag. Ends the test after half a minute. */
void world_wait(struct world *w, const bool *flag);
/* Wait for the exit of process @number. Returns: its status. */
uint32_t world_exit(struct world *w, uint32_t number);
/* Wait for news, into w->news. */
void world_news(struct world *w);
/* Wait until stream @id has got at least as much as @text; it must be just that. */
void world_expect(struct world *w, uint32_t id, const char *text);
/* What a stream has got, as a string, once its process has ended. Owns: the caller. */
char *world_output(struct world *w, uint32_t number, uint32_t stream);
