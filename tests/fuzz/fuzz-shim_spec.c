/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-shim_spec.c - a config.json, a Process or LinuxResources, as the first byte says. Whatever it
 * is, the answer is a message that the guest can read, or an error that says what is wrong. */
#include "shim/spec.h"

#include <string.h>

#include "base/fd.h"
#include "fuzz.h"
#include "guest.pb-c.h"
#include "shim/spec_parts.h"

static const struct hp_shim_streams streams = {.in = true, .terminal = true};

static void check(int rc, const struct hp_error *err, const ProtobufCMessageDescriptor *type,
		  const struct hp_buf *packed)
{
	ProtobufCMessage *m;

	if (rc < 0) {
		FUZZ_CHECK(err->code != HP_OK && err->msg[0]);
		return;
	}
	m = protobuf_c_message_unpack(type, NULL, packed->len, packed->data);
	FUZZ_CHECK(m);
	protobuf_c_message_free_unpacked(m, NULL);
}

/* The parts of a config.json, without the file and without the process that compiles filters. */
static int read_parts(struct hp_bytes text, struct hp_error *err)
{
	AUTO(hp_shim__arena_clear) struct hp_shim__arena arena = {0};
	AUTO(hp_strv_free) struct hp_strv warnings = {0};
	AUTO(hp_json_free) struct hp_json *config = NULL;
	const struct hp_shim__reader r = {
		.arena = &arena, .warnings = &warnings, .bundle = "/nonexistent"};
	Hp__Guest__Container c = HP__GUEST__CONTAINER__INIT;
	struct hp_shim__mounts mounts;
	struct hp_shim__hooks hooks;
	char *netns = NULL;

	if (hp_json_parse(text, &config, err) < 0 ||
	    hp_shim__spec_mounts(&r, config, &mounts, err) < 0 ||
	    hp_shim__spec_hooks(&r, config, &hooks, err) < 0 ||
	    hp_shim__spec_linux(&r, hp_json_get(config, "linux"), &c, &netns, err) < 0)
		return -1;
	FUZZ_CHECK(netns && mounts.n_shares <= mounts.n_mounts);
	return 0;
}

static int compile(struct hp_bytes text, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *v = NULL;
	AUTO(hp_buf_free) struct hp_buf program;
	uint32_t flags = 0;

	hp_buf_init(&program, 1 << 16);
	if (hp_json_parse(text, &v, err) < 0)
		return -1;
	return hp_shim__seccomp_compile(HP_SHIM_SECCOMP_LIBRARY, v, &program, &flags, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(hp_buf_free) struct hp_buf packed;
	struct hp_error err = HP_ERROR_INIT;
	struct hp_bytes text = HP_BYTES(data + 1, size - 1);
	int rc;

	hp_buf_init(&packed, 1 << 20);
	if (size == 0)
		return 0;
	switch (*data) {
	case 'p':
		rc = hp_shim_spec_exec(NULL, text, 1, &streams, &packed, &err);
		check(rc, &err, &hp__guest__exec_request__descriptor, &packed);
		break;
	case 'r':
		rc = hp_shim_spec_update(text, &packed, &err);
		check(rc, &err, &hp__guest__update_request__descriptor, &packed);
		break;
	case 's':
		rc = compile(text, &err);
		FUZZ_CHECK(rc == 0 || (err.code != HP_OK && err.msg[0]));
		break;
	default:
		/* The first byte is the document's own. */
		rc = read_parts(HP_BYTES(data, size), &err);
		FUZZ_CHECK(rc == 0 || (err.code != HP_OK && err.msg[0]));
	}
	return 0;
}
