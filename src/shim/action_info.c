/* SPDX-License-Identifier: Apache-2.0 */
/* action_info.c - owns what `-info` says of the runtime. containerd asks on the way to the first
 * container, so nothing is looked up. */
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "shim.pb-c.h"
#include "shim/action.h"
#include "shim/msg.h"
#include "wire/json.h"

#define NAME          "io.containerd.harpoon.v1"
#define FEATURES_TYPE "types.containerd.io/opencontainers/runtime-spec/1/features/Features"

/* From: OCI runtime-spec features.md. */
static char *make_features(void)
{
	static const char *const hooks[] = {"prestart", "createRuntime", "poststop", NULL};
	static const char *const namespaces[] = {"cgroup", "ipc", "mount", "network",
						 "pid",    "uts", NULL};
	AUTO(hp_json_free) struct hp_json *o = hp_json_object();
	struct hp_json *linux_part = hp_json_object();
	struct hp_json *cgroup = hp_json_object();
	struct hp_json *seccomp = hp_json_object();
	struct hp_json *extensions = hp_json_object();
	struct hp_json *idmap = hp_json_object();

	hp_json_set_str(o, "ociVersionMin", "1.0.0");
	hp_json_set_str(o, "ociVersionMax", "1.1.0");
	hp_json_set_strs(o, "hooks", hooks);
	hp_json_set_strs(linux_part, "namespaces", namespaces);
	/* Of the guest. */
	hp_json_set_bool(cgroup, "v1", false);
	hp_json_set_bool(cgroup, "v2", true);
	hp_json_set(linux_part, "cgroup", cgroup);
	hp_json_set_bool(seccomp, "enabled", true);
	hp_json_set(linux_part, "seccomp", seccomp);
	hp_json_set_bool(idmap, "enabled", false);
	hp_json_set(extensions, "idmap", idmap);
	hp_json_set(linux_part, "mountExtensions", extensions);
	hp_json_set(o, "linux", linux_part);
	return hp_json_text(o, false);
}

int hp_shim_action_info(struct hp_error *err)
{
	AUTO_FREE char *features = make_features();
	Hp__Shim__RuntimeInfo info = HP__SHIM__RUNTIME_INFO__INIT;
	Hp__Shim__RuntimeVersion version = HP__SHIM__RUNTIME_VERSION__INIT;
	Hp__Any any = HP__ANY__INIT;
	struct hp_bytes text = hp_bytes_str(features);
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = {0};

	version.version = (char *)(uintptr_t)HP_VERSION;
	any.type_url = (char *)(uintptr_t)FEATURES_TYPE;
	any.value.data = (uint8_t *)(uintptr_t)text.data;
	any.value.len = text.len;
	info.name = (char *)(uintptr_t)NAME;
	info.version = &version;
	info.features = &any;
	packed = hp_shim_pack(&info.base);
	return hp_fd_write_all(STDOUT_FILENO, packed.bytes.data, packed.bytes.len, err);
}
