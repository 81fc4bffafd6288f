/* SPDX-License-Identifier: Apache-2.0 */
/* put.c - blobs that fit into memory, on their way to a store and back. */
#include "image/put.h"

#include <inttypes.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/clock.h"

char *hp_put_ref(const char *kind)
{
	uint64_t random;

	/* Without entropy, the time keeps writes of one process apart, and its number others'. */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		random = (uint64_t)hp_clock_ns() ^ ((uint64_t)getpid() << 32);
	return hp_sprintf("harpoon-%s-%016" PRIx64, kind, random);
}

int hp_put__document(struct hp_store *s, const struct hp_document *d,
		     char ret_digest[HP_DIGEST_TEXT], struct hp_error *err)
{
	AUTO_FREE char *ref = hp_put_ref(d->kind);
	const int64_t size = (int64_t)d->data.len;
	char digest[HP_DIGEST_TEXT];

	hp_digest_of(d->data, digest);
	if (s->ops->blob_open(s, ref, size, digest, err) < 0)
		return hp_wrap(err, "write %s", d->kind);
	if (s->ops->blob_data(s, d->data.data, d->data.len, err) < 0 ||
	    s->ops->blob_commit(s, size, digest, d->labels, d->n_labels, err) < 0) {
		s->ops->blob_abort(s);
		return hp_wrap(err, "write %s", d->kind);
	}
	memcpy(ret_digest, digest, sizeof(digest));
	return 0;
}

static int append(void *arg, struct hp_bytes data, struct hp_error *err)
{
	return hp_buf_add(arg, data.data, data.len, err);
}

int hp_put__read(struct hp_store *s, const char *digest, struct hp_buf *ret,
		 struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf text;

	hp_buf_init(&text, HP_DOCUMENT_MAX);
	if (s->ops->blob_read(s, digest, append, &text, err) < 0) {
		if (err->code == HP_EEXHAUSTED)
			err->code = HP_ECORRUPT;
		return hp_wrap(err, "read %s", digest);
	}
	*ret = text;
	hp_buf_init(&text, 0);
	return 0;
}

struct hp_json *hp_put__descriptor(const char *media_type, const char *digest, int64_t size)
{
	struct hp_json *d = hp_json_object();

	hp_json_set_str(d, "mediaType", media_type);
	hp_json_set_str(d, "digest", digest);
	hp_json_set_i64(d, "size", size);
	return d;
}
