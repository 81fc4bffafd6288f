/* SPDX-License-Identifier: Apache-2.0 */
/* archives.c - make archives in memory. What cannot fail in a test ends it when it does. */
#include "fake/archives.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "making an archive failed: %s\n", what);
	abort();
}

static la_ssize_t take_bytes(struct archive *a, void *arg, const void *data, size_t len)
{
	struct hp_error err = HP_ERROR_INIT;

	(void)a;
	must(hp_buf_add(arg, data, len, &err) == 0, err.msg);
	return (la_ssize_t)len;
}

void fake_tar_begin(struct fake_tar *t, enum hp_packing packing)
{
	hp_buf_init(&t->out, FAKE_ARCHIVE_MAX);
	t->archive = archive_write_new();
	if (packing == HP_PACKING_GZIP)
		must(archive_write_add_filter_gzip(t->archive) == ARCHIVE_OK, "gzip");
	if (packing == HP_PACKING_ZSTD)
		must(archive_write_add_filter_zstd(t->archive) == ARCHIVE_OK, "zstd");
	archive_write_set_format_pax_restricted(t->archive);
	archive_write_set_bytes_in_last_block(t->archive, 1);
	must(archive_write_open(t->archive, &t->out, NULL, take_bytes, NULL) == ARCHIVE_OK,
	     "open");
}

static void add_member(struct fake_tar *t, const char *name, unsigned type, const char *to,
		       struct hp_bytes data)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, type == AE_IFDIR ? 0755 : 0644);
	archive_entry_set_size(entry, (la_int64_t)data.len);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(entry, to);
	else if (to)
		archive_entry_set_hardlink(entry, to);
	must(archive_write_header(t->archive, entry) == ARCHIVE_OK, name);
	archive_entry_free(entry);
	if (data.len)
		must(archive_write_data(t->archive, data.data, data.len) ==
			     (la_ssize_t)data.len,
		     name);
}

void fake_tar_file(struct fake_tar *t, const char *name, const void *data, size_t len)
{
	add_member(t, name, AE_IFREG, NULL, HP_BYTES(data, len));
}

void fake_tar_text(struct fake_tar *t, const char *name, const char *text)
{
	fake_tar_file(t, name, text, strlen(text));
}

void fake_tar_dir(struct fake_tar *t, const char *name)
{
	add_member(t, name, AE_IFDIR, NULL, HP_BYTES(NULL, 0));
}

void fake_tar_symlink(struct fake_tar *t, const char *name, const char *to)
{
	add_member(t, name, AE_IFLNK, to, HP_BYTES(NULL, 0));
}

void fake_tar_hardlink(struct fake_tar *t, const char *name, const char *to)
{
	add_member(t, name, AE_IFREG, to, HP_BYTES(NULL, 0));
}

void fake_tar_end(struct fake_tar *t, struct hp_buf *ret)
{
	must(archive_write_close(t->archive) == ARCHIVE_OK, "close");
	archive_write_free(t->archive);
	*ret = t->out;
}

void fake_pack_gzip(const struct hp_buf *data, struct hp_buf *ret)
{
	struct fake_tar t = {.archive = archive_write_new()};

	hp_buf_init(&t.out, FAKE_ARCHIVE_MAX);
	must(archive_write_add_filter_gzip(t.archive) == ARCHIVE_OK, "gzip");
	archive_write_set_format_raw(t.archive);
	archive_write_set_bytes_in_last_block(t.archive, 1);
	must(archive_write_open(t.archive, &t.out, NULL, take_bytes, NULL) == ARCHIVE_OK,
	     "open");
	fake_tar_file(&t, "data", data->data, data->len);
	fake_tar_end(&t, ret);
}

void fake_rootfs(enum hp_packing packing, const char *text, struct hp_buf *ret)
{
	struct fake_tar t;

	fake_tar_begin(&t, packing);
	fake_tar_dir(&t, "./");
	fake_tar_dir(&t, "./etc/");
	fake_tar_text(&t, "./etc/motd", text);
	fake_tar_symlink(&t, "./etc/mtab", "/proc/mounts");
	fake_tar_hardlink(&t, "./etc/issue", "./etc/motd");
	fake_tar_end(&t, ret);
}

char *fake_archive_file(const char *dir, const char *name, const struct hp_buf *data)
{
	struct hp_error err = HP_ERROR_INIT;
	char *path = hp_path_join(dir, name);

	must(hp_file_write(path, data->data, data->len, 0644, &err) == 0, err.msg);
	return path;
}

int fake_archive_pipe(const struct hp_buf *data)
{
	struct hp_error err = HP_ERROR_INIT;
	int fds[2];

	must(hp_pipe(fds, &err) == 0, err.msg);
	const pid_t pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		close(fds[0]);
		_exit(hp_fd_write_all(fds[1], data->data, data->len, &err) == 0 ? 0 : 1);
	}
	close(fds[1]);
	return fds[0];
}

void fake_docs_make(struct fake_docs *d, const char *text, const char *arch)
{
	struct hp_buf plain;

	fake_rootfs(HP_PACKING_NONE, text, &d->layers[0]);
	fake_rootfs(HP_PACKING_NONE, "the second layer", &plain);
	fake_rootfs(HP_PACKING_GZIP, "the second layer", &d->layers[1]);
	hp_digest_of(hp_buf_bytes(&d->layers[0]), d->diff_ids[0]);
	hp_digest_of(hp_buf_bytes(&plain), d->diff_ids[1]);
	hp_buf_free(&plain);
	for (int i = 0; i < 2; i++)
		hp_digest_of(hp_buf_bytes(&d->layers[i]), d->layer_digests[i]);
	d->config = hp_sprintf("{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{\"Cmd\":"
			       "[\"/bin/%s\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":"
			       "[\"%s\",\"%s\"]}}",
			       arch ? arch : hp_machine_arch(), text, d->diff_ids[0],
			       d->diff_ids[1]);
	hp_digest_of(hp_bytes_str(d->config), d->config_digest);
	d->manifest = hp_sprintf(
		"{\"schemaVersion\":2,\"mediaType\":\"" HP_MT_OCI_MANIFEST "\",\"config\":"
		"{\"mediaType\":\"" HP_MT_OCI_CONFIG "\",\"digest\":\"%s\",\"size\":%zu},"
		"\"layers\":[{\"mediaType\":\"" HP_MT_OCI_LAYER "\",\"digest\":\"%s\","
		"\"size\":%zu},{\"mediaType\":\"" HP_MT_OCI_LAYER_GZIP "\",\"digest\":\"%s\","
		"\"size\":%zu}]}",
		d->config_digest, strlen(d->config), d->layer_digests[0], d->layers[0].len,
		d->layer_digests[1], d->layers[1].len);
	hp_digest_of(hp_bytes_str(d->manifest), d->manifest_digest);
}

void fake_docs_clear(struct fake_docs *d)
{
	for (int i = 0; i < 2; i++)
		hp_buf_free(&d->layers[i]);
	free(TAKE(d->config));
	free(TAKE(d->manifest));
}

static void add_blob(struct fake_tar *t, const char *digest, const void *data, size_t len)
{
	AUTO_FREE char *name = hp_sprintf("blobs/sha256/%s", digest + strlen("sha256:"));

	fake_tar_file(t, name, data, len);
}

void fake_docs_blobs(struct fake_tar *t, const struct fake_docs *d)
{
	add_blob(t, d->manifest_digest, d->manifest, strlen(d->manifest));
	for (int i = 0; i < 2; i++)
		add_blob(t, d->layer_digests[i], d->layers[i].data, d->layers[i].len);
	add_blob(t, d->config_digest, d->config, strlen(d->config));
}

char *fake_docs_entry(const struct fake_docs *d, const char *annotations)
{
	return hp_sprintf("{\"mediaType\":\"" HP_MT_OCI_MANIFEST "\",\"digest\":\"%s\","
			  "\"size\":%zu%s%s}",
			  d->manifest_digest, strlen(d->manifest),
			  annotations ? ",\"annotations\":" : "",
			  annotations ? annotations : "");
}

void fake_layout_files(struct fake_tar *t, const char *entries)
{
	AUTO_FREE char *index = hp_sprintf("{\"schemaVersion\":2,\"manifests\":[%s]}", entries);

	fake_tar_text(t, "index.json", index);
	fake_tar_text(t, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
}

void fake_layout(const struct fake_docs *d, const char *annotations, enum hp_packing packing,
		 struct hp_buf *ret)
{
	AUTO_FREE char *entry = fake_docs_entry(d, annotations);
	struct fake_tar t;

	fake_tar_begin(&t, packing);
	/* Blobs first: what they are for shows only at the end. */
	fake_docs_blobs(&t, d);
	fake_layout_files(&t, entry);
	fake_tar_end(&t, ret);
}
