/* SPDX-License-Identifier: Apache-2.0 */
/* content.c - write, read and label blobs in the daemon's content store.
 * From: containerd api/services/content/v1 and services/content/contentserver. */
#include "engine/containerd/store.h"

#include <assert.h>
#include <poll.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"

#include "content.pb-c.h"

/* From: containerd content/helpers.go: writers send pieces of at most 1 MiB. */
#define MESSAGE_SIZE     ((size_t)1 << 20)
/* How far the daemon may lag behind before we wait for it. */
#define IN_FLIGHT_MAX    ((int64_t)8 << 20)
/* Another writer of the same blob may hold its name for a while. */
#define LOCKED_TRIES     50
#define LOCKED_WAIT_MS   200
/* How long a write that is thrown away may take to end. */
#define ABORT_WAIT_MS    5000
/* From: grpc/grpc doc/statuscodes.md, UNAVAILABLE. */
#define GRPC_UNAVAILABLE 14

int hp_containerd__blob_stat(struct hp_store *store, const char *digest, int64_t *ret_size,
			     struct hp_error *err)
{
	struct containerd *c = hp_containerd__store_of(store)->c;
	Hp__InfoRequest request = HP__INFO_REQUEST__INIT;
	AUTO_REPLY Hp__InfoResponse *reply = NULL;

	request.digest = (char *)digest;
	if (hp_containerd__call(c, HP_SVC_CONTENT "Info", &request.base,
				&hp__info_response__descriptor, &reply, err) < 0) {
		if (err->code != HP_ENOTFOUND)
			return hp_wrap(err, "look for content %s", digest);
		hp_error_clear(err);
		return 0;
	}
	*ret_size = reply->info ? reply->info->size : 0;
	return 1;
}

static void forget_write(struct containerd_store *s)
{
	hp_rpc_end(&s->write);
	free(TAKE(s->ref));
	hp_buf_free(&s->pending);
	s->there = false;
	s->sent = s->acked = 0;
}

/* See the stream to its end, so that the daemon has closed the write before it is told to throw
 * it away: else its closing leaves a file behind. What goes wrong here does not matter. */
static void end_stream(struct containerd_store *s)
{
	const int64_t deadline = hp_deadline_in(ABORT_WAIT_MS);
	struct hp_error ignored = HP_ERROR_INIT;
	Hp__WriteContentRequest request = HP__WRITE_CONTENT_REQUEST__INIT;
	int got = HP_NEXT_WAIT;

	request.action = HP__WRITE_ACTION__WRITE_STAT;
	request.ref = s->ref;
	if (hp_rpc_send(&s->write, &request.base, true, &ignored) < 0)
		return;
	while ((got == HP_NEXT_WAIT || got == HP_NEXT_ITEM) &&
	       hp_deadline_left_ms(deadline) > 0) {
		AUTO_REPLY Hp__WriteContentResponse *reply = NULL;
		got = hp_rpc_next(&s->write, &reply, &ignored);
		if (got == HP_NEXT_WAIT &&
		    hp_fd_poll(hp_grpc_fd(s->c->grpc), POLLIN, hp_deadline_left_ms(deadline),
			       &ignored) < 0)
			return;
	}
}

void hp_containerd__blob_abort(struct hp_store *store)
{
	struct containerd_store *s = hp_containerd__store_of(store);
	struct hp_error ignored = HP_ERROR_INIT;
	Hp__AbortRequest request = HP__ABORT_REQUEST__INIT;
	const bool begun = s->ref && !s->there;

	/* First the stream, which holds the name locked; then what was written under it. */
	if (s->write.call)
		end_stream(s);
	hp_rpc_end(&s->write);
	if (begun) {
		request.ref = s->ref;
		(void)hp_containerd__call(s->c, HP_SVC_CONTENT "Abort", &request.base, NULL,
					  NULL, &ignored);
	}
	forget_write(s);
}

/* Ask for the write; the answer shows whether the daemon has the blob, or another has the name. */
static int begin_write(struct containerd_store *s, const char *ref, int64_t size,
		       const char *digest, struct hp_error *err)
{
	Hp__WriteContentRequest request = HP__WRITE_CONTENT_REQUEST__INIT;
	AUTO_REPLY Hp__WriteContentResponse *reply = NULL;

	if (hp_rpc_begin(HP_RPC_TO(s->c->grpc, HP_SVC_CONTENT "Write",
				   hp_containerd__long_deadline(s->c)),
			 &hp__write_content_response__descriptor, &s->write, err) < 0)
		return -1;
	request.action = HP__WRITE_ACTION__WRITE_STAT;
	request.ref = (char *)ref;
	request.total = size > 0 ? size : 0;
	if (digest)
		request.expected = (char *)digest;
	if (hp_rpc_send(&s->write, &request.base, false, err) < 0)
		return -1;
	const int got = hp_rpc_recv(&s->write, &reply, err);
	if (got == HP_NEXT_END)
		return hp_fail(err, HP_EPROTO, "the daemon ended the write before it began");
	return got < 0 ? -1 : 0;
}

int hp_containerd__blob_open(struct hp_store *store, const char *ref, int64_t size,
			     const char *digest, struct hp_error *err)
{
	struct containerd_store *s = hp_containerd__store_of(store);

	assert(!s->ref);
	for (int i = 1;; i++) {
		s->ref = hp_strdup(ref);
		hp_buf_init(&s->pending, MESSAGE_SIZE);
		if (begin_write(s, ref, size, digest, err) == 0)
			return 0;
		hp_rpc_end(&s->write);
		if (err->code == HP_EEXISTS) {
			hp_error_clear(err);
			s->there = true;
			return 0;
		}
		const bool locked =
			err->sys == GRPC_UNAVAILABLE && strstr(err->msg, "locked") != NULL;
		forget_write(s);
		if (!locked || i == LOCKED_TRIES)
			break;
		hp_error_clear(err);
		hp_clock_sleep_ms(LOCKED_WAIT_MS);
	}
	(void)hp_wrap(err, "write content %s", digest ? digest : ref);
	return hp_containerd__storage_failed(err);
}

/* Take the daemon's answers: those that are there, and more as long as it lags behind by more
 * than @lag bytes. */
static int take_acks(struct containerd_store *s, int64_t lag, struct hp_error *err)
{
	for (;;) {
		AUTO_REPLY Hp__WriteContentResponse *reply = NULL;
		const bool wait = s->sent - s->acked > lag;
		const int got = wait ? hp_rpc_recv(&s->write, &reply, err)
				     : hp_rpc_next(&s->write, &reply, err);
		if (got < 0)
			return -1;
		if (got == HP_NEXT_WAIT)
			return 0;
		if (got == HP_NEXT_END)
			return hp_fail(err, HP_EPROTO, "the daemon ended the write too early");
		if (reply->offset > s->sent)
			return hp_fail(err, HP_EPROTO,
				       "the daemon counts more bytes than were sent");
		s->acked = reply->offset;
	}
}

static int flush(struct containerd_store *s, struct hp_error *err)
{
	Hp__WriteContentRequest request = HP__WRITE_CONTENT_REQUEST__INIT;

	if (s->pending.len == 0)
		return 0;
	request.action = HP__WRITE_ACTION__WRITE_WRITE;
	request.ref = s->ref;
	request.offset = s->sent;
	request.data.data = s->pending.data;
	request.data.len = s->pending.len;
	if (hp_rpc_send(&s->write, &request.base, false, err) < 0) {
		/* When the daemon ended the write, its reason says more than our failure. */
		struct hp_error reason = HP_ERROR_INIT;
		if (take_acks(s, 0, &reason) < 0 && reason.sys > 0)
			*err = reason;
		return -1;
	}
	s->sent += (int64_t)s->pending.len;
	s->pending.len = 0;
	return take_acks(s, IN_FLIGHT_MAX, err);
}

int hp_containerd__blob_data(struct hp_store *store, const void *data, size_t len,
			     struct hp_error *err)
{
	struct containerd_store *s = hp_containerd__store_of(store);
	const uint8_t *p = data;

	while (len > 0 && !s->there) {
		const size_t room = MESSAGE_SIZE - s->pending.len;
		const size_t n = len < room ? len : room;
		if (hp_buf_add(&s->pending, p, n, err) < 0)
			return -1;
		p += n;
		len -= n;
		if (s->pending.len == MESSAGE_SIZE && flush(s, err) < 0) {
			(void)hp_wrap(err, "write content %s", s->ref);
			return hp_containerd__storage_failed(err);
		}
	}
	return 0;
}

static int send_commit(struct containerd_store *s, int64_t size, const char *digest,
		       const struct hp_blob_label *labels, size_t n_labels,
		       struct hp_error *err)
{
	AUTO_FREE Hp__Pair *pairs = hp_alloc_array(n_labels, sizeof(Hp__Pair));
	AUTO_FREE Hp__Pair **list = hp_alloc_array(n_labels, sizeof(Hp__Pair *));
	Hp__WriteContentRequest request = HP__WRITE_CONTENT_REQUEST__INIT;

	for (size_t i = 0; i < n_labels; i++) {
		pairs[i] = (Hp__Pair)HP__PAIR__INIT;
		pairs[i].key = (char *)labels[i].key;
		pairs[i].value = (char *)labels[i].value;
		list[i] = &pairs[i];
	}
	request.action = HP__WRITE_ACTION__WRITE_COMMIT;
	request.ref = s->ref;
	request.total = size;
	request.expected = (char *)digest;
	/* Another offset, 0 too, would cut off what was written. */
	request.offset = s->sent;
	request.labels = list;
	request.n_labels = n_labels;
	return hp_rpc_send(&s->write, &request.base, true, err);
}

static int finish_write(struct containerd_store *s, int64_t size, const char *digest,
			const struct hp_blob_label *labels, size_t n_labels,
			struct hp_error *err)
{
	if (flush(s, err) < 0 || take_acks(s, 0, err) < 0)
		return -1;
	if (s->sent != size)
		return hp_fail(err, HP_ECORRUPT, "%lld bytes were written, not %lld",
			       (long long)s->sent, (long long)size);
	if (send_commit(s, size, digest, labels, n_labels, err) < 0)
		return -1;
	for (;;) {
		AUTO_REPLY Hp__WriteContentResponse *reply = NULL;
		const int got = hp_rpc_recv(&s->write, &reply, err);
		if (got == HP_NEXT_END)
			return 0;
		if (got < 0)
			return -1;
	}
}

int hp_containerd__blob_commit(struct hp_store *store, int64_t size, const char *digest,
			       const struct hp_blob_label *labels, size_t n_labels,
			       struct hp_error *err)
{
	struct containerd_store *s = hp_containerd__store_of(store);
	bool there = s->there;

	if (!there && finish_write(s, size, digest, labels, n_labels, err) < 0) {
		if (err->code != HP_EEXISTS) {
			/* From: content/local/writer.go: a wrong size or digest is
			 * FailedPrecondition. */
			if (err->code == HP_ESTATE)
				err->code = HP_ECORRUPT;
			(void)hp_wrap(err, "commit content %s", digest);
			return hp_containerd__storage_failed(err);
		}
		hp_error_clear(err);
		there = true;
	}
	/* A blob that was there before has not got these labels yet. */
	for (size_t i = 0; there && i < n_labels; i++)
		if (hp_containerd__blob_label(store, digest, labels[i].key, labels[i].value,
					      err) < 0)
			return -1;
	/* With "already exists" the daemon keeps what was written under the name. */
	if (there && !s->there)
		hp_containerd__blob_abort(store);
	forget_write(s);
	return 0;
}

int hp_containerd__blob_read(struct hp_store *store, const char *digest,
			     int (*sink)(void *arg, struct hp_bytes data, struct hp_error *err),
			     void *arg, struct hp_error *err)
{
	struct containerd *c = hp_containerd__store_of(store)->c;
	Hp__ReadContentRequest request = HP__READ_CONTENT_REQUEST__INIT;
	AUTO(hp_rpc_end) struct hp_rpc rpc = {0};

	request.digest = (char *)digest;
	if (hp_rpc_begin(
		    HP_RPC_TO(c->grpc, HP_SVC_CONTENT "Read", hp_containerd__long_deadline(c)),
		    &hp__read_content_response__descriptor, &rpc, err) < 0 ||
	    hp_rpc_send(&rpc, &request.base, true, err) < 0)
		return hp_wrap(err, "read content %s", digest);
	for (;;) {
		AUTO_REPLY Hp__ReadContentResponse *reply = NULL;
		const int got = hp_rpc_recv(&rpc, &reply, err);
		if (got == HP_NEXT_END)
			return 0;
		if (got < 0)
			return hp_wrap(err, "read content %s", digest);
		if (sink(arg, HP_BYTES(reply->data.data, reply->data.len), err) < 0)
			return -1;
	}
}

int hp_containerd__blob_label(struct hp_store *store, const char *digest, const char *key,
			      const char *value, struct hp_error *err)
{
	struct containerd *c = hp_containerd__store_of(store)->c;
	AUTO_FREE char *path = hp_sprintf("labels.%s", key);
	char *paths[] = {path};
	Hp__Pair label = HP__PAIR__INIT;
	Hp__Pair *labels[] = {&label};
	Hp__Info info = HP__INFO__INIT;
	Hp__FieldMask mask = HP__FIELD_MASK__INIT;
	Hp__UpdateContentRequest request = HP__UPDATE_CONTENT_REQUEST__INIT;

	label.key = (char *)key;
	label.value = (char *)value;
	info.digest = (char *)digest;
	info.labels = labels;
	info.n_labels = 1;
	mask.paths = paths;
	mask.n_paths = 1;
	request.info = &info;
	request.update_mask = &mask;
	if (hp_containerd__call(c, HP_SVC_CONTENT "Update", &request.base, NULL, NULL, err) < 0)
		return hp_wrap(err, "label content %s", digest);
	return 0;
}
