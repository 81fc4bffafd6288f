/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-oci_image.c - any bytes as a manifest, an index and an image config. */
#include "wire/oci_image.h"

#include "fuzz.h"
#include "wire/digest.h"

static void try_manifest(struct hp_bytes text)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_manifest_clear) struct hp_manifest m = {0};
	AUTO(hp_descriptor_clear) struct hp_descriptor copy = {0};

	if (hp_manifest_parse(text, &m, &err) < 0) {
		FUZZ_CHECK(err.code == HP_ECORRUPT);
		return;
	}
	FUZZ_CHECK(hp_manifest_pick(&m) < (int)m.n_children);
	for (size_t i = 0; i < m.n_children; i++)
		FUZZ_CHECK(hp_digest_valid(m.children[i].digest) && m.children[i].variant);
	if (!m.is_index)
		hp_descriptor_copy(&copy, &m.config);
}

static void try_config(struct hp_bytes text)
{
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_image_config_clear) struct hp_image_config c = {0};

	if (hp_image_config_parse(text, &c, &err) < 0)
		FUZZ_CHECK(err.code == HP_ECORRUPT);
	else
		FUZZ_CHECK(c.user && c.workdir && c.stop_signal && c.os);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_manifest(HP_BYTES(data, size));
	try_config(HP_BYTES(data, size));
	return 0;
}
