/* SPDX-License-Identifier: Apache-2.0 */
/* clients.h - who is attached to the keeper, and the output that they have not read yet. */
#pragma once
#include <poll.h>
#include <stdbool.h>

#include "base/buf.h"
#include "keeper/log.h"

#define HP_KEEPER_CLIENTS_MAX 32

/* Output is not read while a client has more than this to read. */
#define HP_KEEPER_PENDING_MAX (256u * 1024)

/* fd: write end of the client's pipe; -1: it has closed it, or it has got all.
 * last: nothing more will be added. */
struct hp_keeper_pipe {
	int fd;
	bool last;
	struct hp_buf pending;
};

struct hp_keeper_client {
	struct hp_keeper_pipe pipes[HP_KEEPER_CHANNELS];
};

struct hp_keeper_clients {
	struct hp_keeper_client items[HP_KEEPER_CLIENTS_MAX];
	size_t count;
};

/* Add a client. The descriptors are owned from then on; -1 is none.
 * Fails: HP_EEXHAUSTED - there are too many; the descriptors are closed. */
int hp_keeper__clients_add(struct hp_keeper_clients *c, const int take_fds[HP_KEEPER_CHANNELS],
			   struct hp_error *err) MUST_CHECK;
/* Give output to all of them. */
void hp_keeper__clients_give(struct hp_keeper_clients *c, enum hp_keeper_channel channel,
			     const uint8_t *data, size_t len);
/* Say that this channel has ended. */
void hp_keeper__clients_end(struct hp_keeper_clients *c, enum hp_keeper_channel channel);
/* Let go of all of them, whatever they have not read yet. */
void hp_keeper__clients_clear(struct hp_keeper_clients *c);
/* Whether somebody must read first, before more of this channel is taken. */
bool hp_keeper__clients_full(const struct hp_keeper_clients *c, enum hp_keeper_channel channel);

/* Fill @fds with what to wait for. Returns: their number, HP_KEEPER_CHANNELS for each client. */
size_t hp_keeper__clients_watch(const struct hp_keeper_clients *c, struct pollfd *fds);
/* Do what poll(2) said of them, and forget those that are gone. */
void hp_keeper__clients_serve(struct hp_keeper_clients *c, const struct pollfd *fds);
