/* SPDX-License-Identifier: Apache-2.0 */
/* image.h - images that an engine holds, and the archives they come from and go to. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <harpoon/container.h>
#include <harpoon/error.h>

/* An image name that an engine holds. Strings are never NULL; the image owns them. */
struct hp_image {
	char *name;         /* full reference, such as "localhost/busybox:latest" */
	char *digest;       /* of the manifest or index that the name points to */
	char *id;           /* digest of the image config, "" when its content is not there */
	char *platform;     /* such as "linux/amd64", "" when its content is not there */
	int64_t created_ns; /* when the image was made, from its config */
	int64_t size_bytes; /* of its compressed content, -1 when not all of it is there */
	struct hp_labels labels;
};

struct hp_image_list {
	struct hp_image **items;
	size_t count;
};

/* Free an image or a list with all that it holds. NULL is fine. */
HP_API void hp_image_free(struct hp_image *image);
HP_API void hp_image_list_free(struct hp_image_list *list);

/* What to import. The kind of archive is found by looking at it: an OCI layout (directory or
 * tar), a docker archive, or else the tar of a root filesystem; each plain, gzip or zstd. */
struct hp_import {
	const char *path; /* file or directory; "-" reads the archive from @fd */
	int fd;           /* used when path is "-" */
	const char *name; /* name for the image; NULL takes the names in the archive.
			   * Needed for a root filesystem and for layouts without names. */
	/* For a root filesystem: what its containers run. NULL leaves them empty. */
	const char *const *cmd;
	const char *const *entrypoint;
	const char *const *env;
	const char *workdir;
	const char *user;
	bool no_unpack; /* store the image only; its snapshots are made at first use */
	/* Called as the work goes on, NULL for silence. @done and @total are bytes; @total is 0
	 * when it is not known. @what is one word or digest, good during the call only. */
	void (*progress)(void *arg, const char *what, uint64_t done, uint64_t total);
	void *progress_arg;
	/* Asked as the work goes on, NULL for never: not 0 ends it with HP_ECANCELED, and nothing
	 * is left of it. */
	int (*stop)(void *arg);
	void *stop_arg;
};

/* How far a layer is on its way in. */
enum hp_pull_state {
	HP_PULL_PRESENT,   /* it was there already */
	HP_PULL_FETCHING,  /* its bytes arrive */
	HP_PULL_FETCHED,   /* all of them are there */
	HP_PULL_UNPACKING, /* its snapshot is being made */
	HP_PULL_UNPACKED,  /* the snapshot is there */
};

/* One step of a pull, for whoever shows it. */
struct hp_pull_step {
	const char *digest; /* of the layer, good during the call only */
	enum hp_pull_state state;
	unsigned layer; /* from 0 to layers - 1, the base first */
	unsigned layers;
	uint64_t done, total; /* bytes */
};

/* What to pull, and from where. Zero is the default everywhere. */
struct hp_pull {
	const char *ref;      /* may be short; with a tag or a digest */
	const char *platform; /* "linux/arm64"; NULL: this machine's */
	bool plain_http;      /* without TLS; a registry on this machine needs no word for it */
	const char *tls_ca;   /* file with certificates in PEM in place of the system's; a
				 * registry on this machine then speaks TLS too */
	const char *config_dir; /* where docker's config.json with credentials is; NULL:
				 * $DOCKER_CONFIG, then ~/.docker */
	/* Called as the work goes on, NULL for silence. */
	void (*progress)(void *arg, const struct hp_pull_step *step);
	void *progress_arg;
	/* Asked as the work goes on, NULL for never: not 0 ends it with HP_ECANCELED, and nothing
	 * is left of it. */
	int (*stop)(void *arg);
	void *stop_arg;
};

/* What came of it. Owns: the caller, until hp_pulled_clear(). */
struct hp_pulled {
	char *name;   /* full reference, as the engine has it now */
	char *digest; /* of what it points to */
	bool fresh;   /* false: the engine had exactly this before */
};
/* Free what @pulled holds, not the structure itself. */
HP_API void hp_pulled_clear(struct hp_pulled *pulled);
