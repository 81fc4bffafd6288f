/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-archive.c - any bytes as an archive to import: all of it is taken in, or nothing is left. */
#include <sys/mman.h>

#include "base/fd.h"
#include "base/str.h"
#include "fake/store.h"
#include "fuzz.h"
#include "image/image.h"

static void import(int fd, const char *name)
{
	AUTO(fake_store_clear) struct fake_store f;
	AUTO(hp_strv_free) struct hp_strv names = {0};
	struct hp_error err = HP_ERROR_INIT;
	const struct hp_import what = {.path = "-", .fd = fd, .name = name};

	fake_store_init(&f);
	FUZZ_CHECK(lseek(fd, 0, SEEK_SET) == 0);
	if (hp_image_import(&f.base, &what, &names, &err) < 0) {
		FUZZ_CHECK(err.code == HP_ECORRUPT || err.code == HP_EINVALID);
		FUZZ_CHECK(f.n_blobs == 0 && f.n_snapshots == 0 && f.n_images == 0);
	} else {
		FUZZ_CHECK(names.count > 0 && f.n_images > 0 && f.n_blobs > 0);
	}
	FUZZ_CHECK(fake_store_idle(&f));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int fd = memfd_create("archive", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0 && hp_fd_write_all(fd, data, size, &err) == 0);
	import(fd, "localhost/x:1");
	import(fd, NULL);
	return 0;
}
