/* SPDX-License-Identifier: Apache-2.0 */
/* shim_world.h - a whole shim for tests, with a played guest in place of a machine: its bundle, a
 * client of its socket, and a containerd that takes its events. */
#pragma once
#include "fake/shim_guest.h"
#include "net/ttrpc_client.h"
#include "shim/shim.h"
#include "unit/links.h"

#define WORLD_EVENTS_MAX  256
#define WORLD_REPLIES_MAX 64

/* A call that was made, and its answer. */
struct reply {
	bool done;
	struct hp_error why;
	struct hp_buf payload;
	ProtobufCMessage *message; /* of reply_read() */
};

struct shim_world {
	struct hp_loop *loop;
	char *dir, *bundle;
	struct hp_shim shim;
	struct hp_vm_config config;
	struct guest guest;
	struct hp_mux *mux; /* the guest's end of the stdio port */
	int files_fd;       /* its end of the port for files */
	struct hp_ttrpc_client *client;
	struct reply replies[WORLD_REPLIES_MAX];
	size_t n_replies;
	char *events_socket;
	struct hp_ttrpc_server *events_server;
	char *events[WORLD_EVENTS_MAX]; /* "/tasks/exit web 0", topic, process and number */
	size_t n_events;
	unsigned finished; /* calls of the shim's finish */
};

#define WORLD_CONFIG                                                                           \
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"/bin/true\"],\"cwd\":\"/\","       \
	"\"user\":{\"uid\":0,\"gid\":0}},\"root\":{\"path\":\"rootfs\"},"                      \
	"\"hostname\":\"box\",\"linux\":{}}"

void shim_world_open_with(struct shim_world *w, const char *config);

void shim_world_open(struct shim_world *w);

void shim_world_close(struct shim_world *w);

/* Make a call to @service, such as "containerd.task.v2.Task". */
struct reply *world_begin_at(struct shim_world *w, const char *service, const char *method,
			     const ProtobufCMessage *request);

struct reply *world_begin(struct shim_world *w, const char *method,
			  const ProtobufCMessage *request);

bool reply_is_done(void *arg);

/* Make a call and wait for its answer. Returns: the code of the answer. */
enum hp_code world_call(struct shim_world *w, const char *method,
			const ProtobufCMessage *request);

struct reply *world_last(struct shim_world *w);

const void *reply_read(struct reply *r, const ProtobufCMessageDescriptor *type);

bool world_is_watched(void *arg);

/* The guest tells of the end of one process. */
void world_exit(struct shim_world *w, uint32_t number, uint32_t status);

/* The guest writes what a process has to say, and that there is no more. */
void world_output(struct shim_world *w, uint32_t number, const char *text);
/* The same on stream @which: 1 is its stdout, 2 its stderr. */
void world_output_on(struct shim_world *w, uint32_t number, unsigned which, const char *text);

/* Have all events left the shim? */
bool world_events_came(void *arg);

/* All events from the beginning, NULL-terminated. */
void world_expect_events(struct shim_world *w, const char *const *expected);
